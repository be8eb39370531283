"""A deployed network to act in: one model with a mock arbiter, staked executors, funded requesters.

The verbs are the protocol's. Each sends one transaction as its actor and returns what a test goes on with: a
`Request`, a `Result`, a game's number. Time is the test's own: every transaction is a second after the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import rlp
from eth_abi.exceptions import DecodingError
from eth_account.messages import SignableMessage
from eth_utils import keccak, to_checksum_address

from scripts.deploy import deploy_contracts
from tests.contract import Contract, Method, Receipt
from tests.signing import signable
from tests.wire import Refused, Wire
from tests.words import (
    LIVE,
    NATIVE,
    NOBODY,
    Offer,
    Order,
    Parameters,
    Request,
    Result,
    Status,
    Terms,
    Version,
    pack_work,
)

ROLES = (
    "deployer",
    "staker",  # the account (cold key) behind `executor` and `second_executor`
    "executor",
    "second_executor",
    "rival_executor",  # works for itself
    "challenger",
    "second_challenger",
    "requester",
    "second_requester",
    "owner",  # of the model
    "guardian",
    "network_owner",
    "stranger",
    "attacker",
    "idle",  # never did anything
)
FIRST_ROLE = 20  # the accounts before are those of tests that deploy contracts one by one

ETHER = 10**18
STAKE = 100 * ETHER
FUNDS = 10 * ETHER  # of each requester, prepaid in the Market
WINDOW = 3_600
INPUT_SIZE = 64
INPUT = bytes(range(64))
OUTPUT = (7).to_bytes(32, "big")
WRONG_OUTPUT = (3).to_bytes(32, "big")
PROGRAM_ROOT = keccak(text="a program")
ROYALTY_BPS = 1_000
MIN_BOND = 1 * ETHER

# Odd numbers, so that a division that loses or makes a wei shows.
PARAMETERS = Parameters(
    fee_bps=250,
    penalty=2 * ETHER // 100 + 1,
    bounty=20 * ETHER // 100 + 3,
    compensation=10 * ETHER // 100 + 7,
    pot=6 * ETHER // 100 + 5,
    deposit=5 * ETHER // 100 + 9,
    delay_bps=2_001,
    defence_cost=3 * ETHER // 100,
    min_window=600,
    min_result_seconds=30,
    ruling_seconds=86_400,
    max_attempts=3,
)

UNBONDING = 14 * 86_400


class World:
    """The network `deploy_contracts` makes, and who lives in it. Build it once a session."""

    def __init__(self, project: Any, accounts: Any, url: str, uptime_feed: str = NOBODY) -> None:
        self.wire = Wire(url)
        self.project = project
        self.keys = {role: accounts[FIRST_ROLE + index] for index, role in enumerate(ROLES)}
        self.roles = SimpleNamespace(**{role: str(account) for role, account in self.keys.items()})
        self.chain_id = int(self.wire.request("eth_chainId"), 16)
        self.wire.request("anvil_setBlockTimestampInterval", 1)

        bond_asset = self.keys["deployer"].deploy(project.WrappedNative)
        self.deployment = deploy_contracts(
            project,
            self.keys["deployer"],
            owner=self.roles.network_owner,
            bond_asset=bond_asset,
            parameters=PARAMETERS,
            unbonding_seconds=UNBONDING,
            uptime_feed=uptime_feed,
        )
        self.bond_asset = self.existing("WrappedNative", bond_asset)
        self.market = self.existing("Market", self.deployment.market)
        self.vault = self.existing("StakeVault", self.deployment.vault)
        self.network = self.existing("Network", self.deployment.network)
        self.orders = self.existing("Orders", self.deployment.orders)
        self.challenges = self.existing("Challenges", self.deployment.challenges)
        self.inputs = self.existing("Inputs", self.deployment.inputs)
        self.registry = self.existing("Registry", self.deployment.registry)
        self.dao_factory = self.existing("DaoFactory", self.deployment.dao_factory)
        self.arbiter = self.deploy("MockArbiter")
        self.model = self.create_model()

        for operator in (self.roles.executor, self.roles.second_executor):
            self.vault.propose_operator(operator, sender=self.roles.staker)
            self.vault.accept_operator(self.roles.staker, sender=operator)
        for account in ("staker", "rival_executor", "challenger", "second_challenger", "attacker"):
            self.stake(getattr(self.roles, account), STAKE)
        for requester in (self.roles.requester, self.roles.second_requester):
            self.market.deposit(NATIVE, requester, FUNDS, sender=requester, value=FUNDS)

    # --- making things ---

    def deploy(self, name: str, *arguments: Any) -> Contract:
        """A contract of this project, by name, deployed by the deployer."""
        deployed = self.keys["deployer"].deploy(getattr(self.project, name), *map(_address, arguments))
        return self.existing(name, deployed)

    def creation_code(self, name: str, *arguments: Any) -> bytes:
        """What a transaction that creates the contract carries."""
        container = getattr(self.project, name)
        return bytes(container(*arguments).data)

    def next_address(self, after: int) -> str:
        """Where the deployer's contract lands when so many others come first."""
        nonce = self.keys["deployer"].nonce + after
        return to_checksum_address(keccak(rlp.encode([bytes.fromhex(self.roles.deployer[2:]), nonce]))[12:])

    def existing(self, name: str, address: Any) -> Contract:
        """The contract of that type at an address."""
        return Contract(self.wire, getattr(self.project, name).contract_type, str(_address(address)))

    def terms(self, **changes: Any) -> Terms:
        """Terms of a version of a model like digits."""
        usual = Terms(
            program_root=PROGRAM_ROOT,
            arbiter=self.arbiter.address,
            hook=NOBODY,
            royalty_bps=ROYALTY_BPS,
            min_bond=MIN_BOND,
            window=WINDOW,
            input_size=INPUT_SIZE,
            output_size=32,
            unwatchable=False,
        )
        return usual._replace(**changes)

    def version(self, **changes: Any) -> Version:
        """A version with the usual terms, changed."""
        return Version(self.terms(**changes), "file:digits.program", bytes(32), bytes(32))

    def create_model(self, **changes: Any) -> Contract:
        """A model of the owner's, live with a first version of the usual terms, changed."""
        receipt = self.registry.create_model(
            "digits", self.roles.owner, self.roles.guardian, self.version(**changes), sender=self.roles.owner
        )
        (created,) = self.registry.events(receipt, "ModelCreated")
        return self.existing("Model", created.model)

    def publish(self, model: Contract | None = None, **changes: Any) -> int:
        """Publish and promote another version; its number."""
        model = model or self.model
        receipt = model.publish(self.version(**changes), sender=self.roles.owner)
        (published,) = model.events(receipt, "Published")
        model.promote(published.version, sender=self.roles.owner)
        return published.version

    def stake(self, account: str, amount: int) -> None:
        """Wrap and deposit for an account, which becomes its own operator if it was none."""
        self.bond_asset.deposit(sender=account, value=amount)
        self.bond_asset.approve(self.vault, amount, sender=account)
        self.vault.deposit(account, amount, sender=account)

    def offer(self, **changes: Any) -> Offer:
        """An offer anybody would accept."""
        usual = Offer(
            version=LIVE,
            max_window=WINDOW,
            consumer=NOBODY,
            flags=0,
            callback_gas=0,
            asset=NATIVE,
            min_price=10**15,
            max_price=3 * 10**15 + 1,
            ramp=100,
            claim_seconds=600,
            result_seconds=300,
            bond=MIN_BOND,
        )
        return usual._replace(**{name: _address(value) for name, value in changes.items()})

    # --- the life of a request ---

    def open(
        self,
        offer: Offer | None = None,
        question: bytes = INPUT,
        sender: str = "",
        model: Contract | None = None,
    ) -> Request:
        """Ask the model, paid by value through it."""
        offer, model = offer or self.offer(), model or self.model
        sender = sender or self.roles.requester
        return self.opened(model.request(offer, question, sender=sender, value=offer.max_price))

    def opened(self, receipt: Receipt) -> Request:
        """The one request that a transaction opened."""
        (event,) = self.market.events(receipt, "Opened")
        return Request(*event.request)

    def claim(self, *batch: Request, sender: str = "") -> Receipt:
        """Claim requests."""
        return self.market.claim(list(batch), sender=sender or self.roles.executor)

    def post(self, *batch: Request, outputs: Sequence[bytes] = (), sender: str = "") -> list[Result]:
        """Post results of claimed requests, by default OUTPUT for each."""
        return self.posted(
            self.market.post(*self.post_words(*batch, outputs=outputs), sender=self._executor(sender))
        )

    def answer(self, *batch: Request, outputs: Sequence[bytes] = (), sender: str = "") -> list[Result]:
        """Claim and post at once."""
        return self.posted(
            self.market.answer(*self.post_words(*batch, outputs=outputs), sender=self._executor(sender))
        )

    def post_words(self, *batch: Request, outputs: Sequence[bytes] = ()) -> tuple[list[Request], bytes]:
        """Arguments of `post` and `answer`. Outputs of one batch have one length."""
        return list(batch), b"".join(outputs or [OUTPUT] * len(batch))

    def posted(self, receipt: Receipt) -> list[Result]:
        """The results that a transaction posted, found by the requests it names."""
        return [
            Result(self.request_of(event.id), event.work, keccak(event.output))
            for event in self.market.events(receipt, "Posted")
        ]

    def request_of(self, request_id: bytes) -> Request:
        """The request with this id, from the log."""
        query = {
            "address": self.market.address,
            "fromBlock": "0x0",
            "topics": ["0x" + OPENED_TOPIC.hex(), "0x" + request_id.hex()],
        }
        (log,) = self.wire.request("eth_getLogs", query)
        return self.opened({"logs": [log]})

    def finalize(self, *batch: Result, outputs: Sequence[bytes] = (), sender: str = "") -> Receipt:
        """Finalize results; outputs only where a consumer is called when final."""
        return self.market.finalize(list(batch), b"".join(outputs), sender=sender or self.roles.stranger)

    def finished(self, offer: Offer | None = None, outputs: Sequence[bytes] = ()) -> Result:
        """A request from open to final."""
        result = self.posted_result(offer)
        self.warp(WINDOW)
        self.finalize(result, outputs=outputs)
        return result

    def posted_result(self, offer: Offer | None = None, output: bytes = OUTPUT, sender: str = "") -> Result:
        """A request opened, claimed and posted."""
        request = self.open(offer)
        self.claim(request, sender=sender)
        (result,) = self.post(request, outputs=[output], sender=sender)
        return result

    def _executor(self, sender: str) -> str:
        return sender or self.roles.executor

    # --- challenges ---

    def challenge(
        self, result: Result, sender: str = "", output: bytes = OUTPUT, question: bytes = INPUT
    ) -> int:
        """Challenge a result; the game's number."""
        receipt = self.challenges.challenge(result, question, output, sender=sender or self.roles.challenger)
        (event,) = self.challenges.events(receipt, "Challenged")
        return event.game

    def rule(self, game: int, verdict: int) -> Receipt:
        """Let the mock arbiter rule."""
        return self.arbiter.order(game, verdict, sender=self.roles.stranger)

    def settle(self, result: Result, game: int, attempt: int = 1) -> Receipt:
        """Have a game paid out."""
        return self.challenges.settle(result, attempt, game, sender=self.roles.stranger)

    def game_status(self, result: Result, game: int, attempt: int = 1) -> int:
        """See GameStatus."""
        return self.challenges.status_of(self.arbiter, self.id(result.request), attempt, game)

    # --- signed orders ---

    def order(self, offer: Offer | None = None, question: bytes = INPUT, **changes: Any) -> Order:
        """An order of the requester's, for an hour, its ramp beginning now."""
        now = self.wire.now()
        usual = Order(
            model=self.model.address,
            requester=self.roles.requester,
            offer=offer or self.offer(),
            input=keccak(question),
            start=now,
            expiry=now + 3_600,
            nonce=0,
        )
        return usual._replace(**{name: _address(value) for name, value in changes.items()})

    def message(self, order: Order, **domain: Any) -> SignableMessage:
        """An order as EIP-712 has wallets sign it; parts of the domain can be others."""
        stated = {"chainId": self.chain_id, "verifyingContract": self.orders.address}
        return signable(order, stated | domain)

    def sign(self, order: Order, signer: str = "requester", **domain: Any) -> bytes:
        """The signature, 65 bytes, of whoever has this role."""
        return self.keys[signer].sign_message(self.message(order, **domain)).encode_rsv()

    def order_words(
        self,
        *batch: tuple[Order, bytes],
        inputs: Sequence[bytes] = (),
        outputs: Sequence[bytes] = (),
        terms: Sequence[bytes] = (),
    ) -> tuple[Any, ...]:
        """Arguments of `Orders.claim`, or with outputs of `Orders.answer`, from (order, signature) pairs.

        The executor consents to the terms of now, unless others are given.
        """
        orders = [order for order, _ in batch]
        terms = terms or [self.terms_now(order) for order in orders]
        inputs = inputs or [INPUT] * len(batch)
        signatures = [signature for _, signature in batch]
        parts = [inputs, signatures, *([outputs] if outputs else [])]
        lengths = [
            sum(len(part[item]) << (32 * lane) for lane, part in enumerate(parts))
            for item in range(len(batch))
        ]
        return orders, list(terms), lengths, *(b"".join(part) for part in parts)

    def terms_now(self, order: Order) -> bytes:
        """Key of the terms under which an order would open; of version 1 where its model will not say."""
        version = 1 if order.offer.version == LIVE else order.offer.version
        question = (order.offer.version, order.requester, 0, order.input)
        with suppress(Refused, DecodingError):
            version = self.existing("Model", order.model).resolve(*question)
        return self.market.terms_of(order.model, version)

    # --- what is ---

    def id(self, request: Request) -> bytes:
        """A request's id."""
        return request.id(self.market.address, self.chain_id)

    def status(self, request: Request) -> Status:
        """A request's status."""
        return Status(self.market.slot_of(self.id(request)) & 255)

    def attempt(self, request: Request) -> int:
        """Which attempt runs or ran last."""
        return self.market.slot_of(self.id(request)) >> 8 & 255

    def work(self, executor: str, elapsed: int) -> int:
        """The work word of a result posted in the newest block."""
        return pack_work(executor, elapsed, self.wire.now())

    def balance(self, account: Any, asset: Any = NATIVE) -> int:
        """Balance in the Market."""
        return self.market.balance_of(asset, account)

    def shares(self, model: Any, asset: Any = NATIVE) -> tuple[int, int]:
        """Royalties and network fees of a model that wait to be collected."""
        word = self.market.shares_of(asset, model)
        return word & 2**128 - 1, word >> 128

    def stakes(self, account: str) -> tuple[int, int, int]:
        """Free, locked and rewards of an account in the vault."""
        return self.vault.free(account), self.vault.locked(account), self.vault.rewards(account)

    def burned(self) -> int:
        """Bond asset burned so far."""
        return self.bond_asset.balanceOf("0x000000000000000000000000000000000000dEaD")

    def reasons(self, receipt: Receipt, contract: Contract | None = None) -> list[str]:
        """Why items of a batch were skipped, in order."""
        return [event.reason for event in (contract or self.market).events(receipt, "Skipped")]

    def warp(self, seconds: int) -> None:
        """Let time pass."""
        self.wire.warp(seconds)

    def at(self, timestamp: int) -> None:
        """The next transaction happens at this second, and calls before it too."""
        self.wire.request("evm_setNextBlockTimestamp", timestamp)

    def with_gas(self, gas: int, method: Method, *arguments: Any, sender: str) -> Receipt:
        """Transact with so much gas; raises Refused where that would revert."""
        transaction = {
            "from": sender,
            "to": method.contract.address,
            "data": "0x" + method.encode_input(*arguments).hex(),
            "gas": hex(gas),
            "gasPrice": "0x0",
        }
        self.wire.request("eth_call", transaction, "pending")
        receipt = self.wire.request("eth_sendTransactionSync", transaction)
        if receipt["status"] != "0x1":
            raise Refused("out of gas in its block")
        return receipt

    def now(self) -> int:
        """Timestamp of the newest block; the next transaction is a second later."""
        return self.wire.now()


OPENED_TOPIC = keccak(
    text="Opened(bytes32,address,address,(bytes32,uint256,uint256,uint256,uint256,uint256,bytes32),bytes)"
)


def _address(value: Any) -> Any:
    return str(value) if hasattr(value, "address") else value
