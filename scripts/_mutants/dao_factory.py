"""Rules of the DaoFactory: whose parts a new DAO consists of, and who has which rights in it."""

from __future__ import annotations

from scripts._mutants.mutant import Mutant

FILE = "contracts/DaoFactory.vy"

ROLES = (
    Mutant(
        "the factory keeps no right",
        FILE,
        "    extcall timelock.renounceRole(ADMIN, self)\n",
        "",
        "test_create__roles__are_those_of_the_dao_and_of_nobody_else",
    ),
    Mutant(
        "the governor proposes",
        FILE,
        "    extcall timelock.grantRole(PROPOSER, governor)\n",
        "",
        "test_create__roles__are_those_of_the_dao_and_of_nobody_else",
    ),
    Mutant(
        "the governor cancels",
        FILE,
        "    extcall timelock.grantRole(CANCELLER, governor)\n",
        "",
        "test_create__roles__are_those_of_the_dao_and_of_nobody_else",
    ),
    Mutant(
        "the Council cancels",
        FILE,
        "    extcall timelock.grantRole(CANCELLER, council)\n",
        "",
        "test_create__roles__are_those_of_the_dao_and_of_nobody_else",
    ),
    Mutant(
        "the Council does not propose",
        FILE,
        "    extcall timelock.grantRole(CANCELLER, council)\n",
        "    for role: bytes32 in [PROPOSER, CANCELLER]:\n"
        "        extcall timelock.grantRole(role, council)\n",
        "test_create__roles__are_those_of_the_dao_and_of_nobody_else",
    ),
    Mutant(
        "only a token that is to be minted has an owner",
        FILE,
        "timelock if token.mintable else empty(address)",
        "timelock",
        "test_create__over_a_new_token__token_is_the_charter_s",
    ),
    Mutant(
        "the DAO owns its model, the Council guards it",
        FILE,
        "dao.timelock, dao.council, version",
        "dao.council, dao.timelock, version",
        "test_create_with_model__model_belongs_to_the_dao",
    ),
)

CHARTERS = (
    Mutant(
        "votes have code",
        FILE,
        '        assert token.is_contract, "factory: votes have no code"\n',
        "",
        "test_create__votes_without_code__is_refused",
    ),
    Mutant(
        "a DAO has one token",
        FILE,
        '        assert self._is_empty(charter.token), "factory: both votes and a new token"\n',
        "",
        "test_create__votes_and_anything_of_a_new_token__is_refused",
    ),
    Mutant(
        "a new token has units",
        FILE,
        '    assert token.supply > 0, "factory: nobody could ever vote"\n',
        "",
        "test_create__a_token_of_nothing__is_refused",
    ),
    Mutant(
        "votes have the clock that the charter says",
        FILE,
        "    assert (now == block.timestamp) == by_timestamp,",
        "    assert now != 0,",
        "test_create__votes_by_another_clock__is_refused",
    ),
    Mutant(
        "the seats that are taken suffice for the quorum",
        FILE,
        "    assert members == 0 or house.quorum <= members,",
        "    assert members == 0 or house.quorum <= 32,",
        "test_create__quorum_beyond_the_seats__is_refused",
    ),
)

DAO_FACTORY = (*ROLES, *CHARTERS)
