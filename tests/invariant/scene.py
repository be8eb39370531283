"""What every run begins with: the world of all market tests, a second model, an ERC-20, two consumers."""

from __future__ import annotations

from typing import Any

from tests.reference.market import Market
from tests.reference.shell import Shell
from tests.reference.shell import Version as Entry
from tests.reference.stake import Purses, Vault
from tests.words import NATIVE, Parameters, Version
from tests.world import ETHER, FUNDS, MIN_BOND, PARAMETERS, ROYALTY_BPS, STAKE, UNBONDING, WINDOW, World

WEALTH = 10**24  # wei of each ERC-20 that each actor holds at the beginning

HARSH = Parameters(  # what the network's owner may change to
    fee_bps=977,
    penalty=ETHER // 10 + 1,
    bounty=ETHER // 7,
    compensation=ETHER // 9,
    pot=ETHER // 21 + 2,
    deposit=3 * ETHER + 1,
    delay_bps=5_001,
    defence_cost=ETHER // 20,
    min_window=1_000,
    min_result_seconds=50,
    ruling_seconds=50_000,
    max_attempts=2,
)
ENTRIES = (  # versions a model can have, each within the bounds of both sets of parameters
    Entry(royalty_bps=ROYALTY_BPS, min_bond=MIN_BOND, window=WINDOW),
    Entry(royalty_bps=0, min_bond=2 * MIN_BOND + 3, window=2 * WINDOW),
    Entry(royalty_bps=333, min_bond=5 * MIN_BOND + 5, window=WINDOW // 2),
)
STAKERS = ("staker", "rival_executor", "challenger", "second_challenger", "attacker")  # as the world stakes
REQUESTERS = ("requester", "second_requester")  # as the world funds


class Scene(World):
    """The contracts under test; `model_of_it` is the same in Python."""

    def __init__(self, project: Any, accounts: Any, url: str) -> None:
        super().__init__(project, accounts, url)
        self.models = (self.model, self.create_model())
        self.consumers = (self.deploy("MockConsumer"), self.deploy("MockConsumer"))
        self.fee_asset = self.deploy("MockToken")
        self.everybody = [str(account) for role, account in self.keys.items() if role != "deployer"]
        for actor in self.everybody:
            self.fee_asset.mint(actor, WEALTH, sender=actor)
            self.wire.request("anvil_setBalance", actor, hex(2 * WEALTH))
            self.bond_asset.deposit(sender=actor, value=WEALTH)
            for token in (self.fee_asset, self.bond_asset):
                for spender in (self.market, self.vault):
                    token.approve(spender, 2**255, sender=actor)
        for requester in REQUESTERS:
            self.market.deposit(
                self.fee_asset, getattr(self.roles, requester), FUNDS, sender=self.roles.stranger
            )

        self._wallets = {
            **{(NATIVE, holder): self.wire.balance(holder) for holder in self.everybody},
            **{
                (token.address, holder): token.balanceOf(holder)
                for token in (self.fee_asset, self.bond_asset)
                for holder in self.everybody
            },
        }

    @property
    def assets(self) -> tuple[str, str, str]:
        """Of fees: the native coin, an ERC-20, and the asset of bonds."""
        return NATIVE, self.fee_asset.address, self.bond_asset.address

    def words_of(self, entry: Entry) -> Version:
        """An entry as the model contract takes it."""
        return self.version(royalty_bps=entry.royalty_bps, min_bond=entry.min_bond, window=entry.window)

    def model_of_it(self) -> Market:
        """The same world in plain Python. Wallets are read from the chain, all else is retold."""
        purses = Purses()
        purses.holdings.update(self._wallets)
        vault = Vault(self.vault.address, self.bond_asset.address, UNBONDING, purses)
        for role in STAKERS:
            account = getattr(self.roles, role)
            purses.holdings[vault.asset, account] += STAKE
            vault.deposit(account, account, STAKE)
        for operator in (self.roles.executor, self.roles.second_executor):
            vault.propose_operator(self.roles.staker, operator)
            vault.accept_operator(operator, self.roles.staker)
        market = Market(self.market.address, PARAMETERS, vault, purses)
        for role in REQUESTERS:
            account = getattr(self.roles, role)
            for asset in self.assets[:2]:
                purses.holdings[asset, account] += FUNDS
                market.deposit(account, asset, account, FUNDS, FUNDS if asset == NATIVE else 0)
        for model in self.models:
            shell = Shell(model.address, self.roles.owner, self.roles.guardian)
            shell.publish(shell.owner, Entry(**vars(ENTRIES[0])))
            shell.promote(shell.owner, 1, 0)
            market.shells[model.address] = shell
        return market
