"""Every rule of governance that the mutation check breaks, contract by contract, in the order of its code."""

from scripts._mutants.council import COUNCIL
from scripts._mutants.dao_factory import DAO_FACTORY
from scripts._mutants.governor import GOVERNOR
from scripts._mutants.mutant import Mutant
from scripts._mutants.settings import SETTINGS
from scripts._mutants.timelock import TIMELOCK
from scripts._mutants.token import TOKEN
from scripts._mutants.votes import VOTES

__all__ = ["MUTANTS", "Mutant"]

MUTANTS: tuple[Mutant, ...] = (*GOVERNOR, *VOTES, *SETTINGS, *TIMELOCK, *TOKEN, *COUNCIL, *DAO_FACTORY)
