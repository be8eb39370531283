"""What a crowd does to a token, at random and well steered: most calls could succeed, the others nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.governance.electorate import HALF_ORDER, NEVER, Electorate, Signature
from tests.governance.twins import Outcome
from tests.words import NOBODY

CAP = 2**208 - 1
MOST = 2**256 - 1

Call = tuple[str, tuple[Any, ...]]  # sender, arguments


class Crowd:
    """Acts and asks; `counts[function, done]` says how often. Functions that write are methods here."""

    def __init__(self, electorate: Electorate, seed: int) -> None:
        self.electorate, self.token = electorate, electorate.token
        self.random = Random(seed)
        self.counts: Counter[tuple[str, bool]] = Counter()
        self.errors: Counter[bytes] = Counter()
        self.used: list[tuple[str, tuple[Any, ...]]] = []  # signed calls that went through
        self.owner = electorate.voters[0]

    # --- steps ---

    def step(self) -> None:
        """One random thing, or a few of them in one block."""
        fate = self.random.random()
        if fate < 0.05:
            self.electorate.twins.mine(self.random.randint(1, 9))
        elif fate < 0.10:
            self.together(self.random.randint(2, 4))
        elif fate < 0.15:
            self.garble()
        elif fate < 0.45:
            self.ask(self.random.choice(VIEWS))
        else:
            self.act(self.random.choices(list(ACTS), ACTS.values())[0])

    def act(self, function: str) -> Outcome:
        """Call a function that writes."""
        sender, arguments = getattr(self, function)()
        outcome = getattr(self.token, function)(*arguments, sender=sender)
        self._note(function, outcome, arguments)
        return outcome

    def ask(self, function: str) -> Outcome:
        """Call a view."""
        arguments = self.subject(function)
        outcome = getattr(self.token, function)(*arguments)
        self._note(function, outcome, arguments)
        return outcome

    def together(self, count: int) -> None:
        """Several calls in one block, each steered by what was so before all of them."""
        functions = self.random.choices(list(ACTS), ACTS.values(), k=count)
        calls, told = [], []
        for function in functions:
            sender, arguments = getattr(self, function)()
            calls.append((sender, self.token.address, getattr(self.token, function).data(*arguments)))
            told.append((function, arguments))
        outcomes = self.electorate.twins.act_together(calls)
        for (function, arguments), outcome in zip(told, outcomes, strict=True):
            self._note(function, outcome, arguments)

    def garble(self) -> None:
        """A call with its data cut, lengthened or changed somewhere, or with money that nobody takes."""
        function = self.random.choices(list(ACTS), ACTS.values())[0]
        sender, arguments = getattr(self, function)()
        data = bytearray(getattr(self.token, function).data(*arguments))
        value = 0
        match self.random.randrange(5):
            case 0:
                del data[self.random.randrange(len(data)) :]
            case 1:
                data += self.random.randbytes(self.random.randint(1, 40))
            case 2:
                data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
            case 3:  # what the ABI wants to be zero: the upper bytes of a word
                data[4 + 32 * self.random.randrange(len(data) // 32 or 1) if len(data) > 4 else 0] ^= 1
            case 4:
                value = 1
                for wire in self.electorate.twins.wires:
                    wire.request("anvil_setBalance", sender, hex(1))
        outcome = self.electorate.twins.act(sender, self.token.address, bytes(data), value)
        self.counts["garbled", outcome.done] += 1
        self.owner = self.token.ours.owner()

    def _note(self, function: str, outcome: Outcome, arguments: tuple[Any, ...]) -> None:
        self.counts[function, outcome.done] += 1
        if not outcome.done:
            self.errors[outcome.data[:4]] += 1
        elif function in ("permit", "delegateBySig"):
            self.used.append((function, arguments))
        elif function in ("transferOwnership", "renounceOwnership"):
            self.owner = self.token.ours.owner()

    # --- choices ---

    def likely(self, share: float = 0.85) -> bool:
        return self.random.random() < share

    def voter(self) -> str:
        return self.random.choice(self.electorate.voters)

    def anybody(self) -> str:
        """An account, at times a strange one."""
        return self.voter() if self.likely(0.92) else self.random.choice([NOBODY, self.token.address])

    def holder(self) -> str:
        """Somebody with a balance, where it is easily found."""
        found = self.voter()
        for _ in range(3):
            if self.electorate.balance(found):
                break
            found = self.voter()
        return found

    def part(self, whole: int) -> int:
        """An amount that fits into `whole`, mostly."""
        if self.likely(0.9):
            some = self.random.randint(0, whole // 3)
            return self.random.choice([some, some, some, some, min(1, whole), 0, whole])
        return self.random.choice([whole + 1, MOST, CAP])

    def timepoint(self) -> int:
        now = self.electorate.now()
        past = self.random.randint(max(0, now - 60), now - 1)
        return self.random.choice([past, past, past, now - 1, 0, now, now + 5, 2**48, MOST])

    def date(self) -> int:
        """Until when a signature is good."""
        now = self.electorate.time() + 1  # of the next block
        return self.random.choice([NEVER, now + 60, now]) if self.likely() else now - 1

    def spoilt(self, signature: Signature) -> Signature:
        """A signature, or something near it."""
        if self.likely():
            return signature
        return self.random.choice(
            [
                signature.mirrored,
                signature._replace(v=self.random.choice([0, 26, 29, 55 - signature.v])),
                signature._replace(s=bytes(32)),
                signature._replace(s=(HALF_ORDER + 1).to_bytes(32, "big")),
                signature._replace(r=self.random.randbytes(32)),
            ]
        )

    def replayed(self, function: str) -> tuple[Any, ...] | None:
        """Now and then a signed call that went through before."""
        old = [arguments for name, arguments in self.used if name == function]
        return self.random.choice(old) if old and not self.likely(0.93) else None

    # --- calls that write ---

    def transfer(self) -> Call:
        owner = self.holder()
        return owner, (self.anybody(), self.part(self.electorate.balance(owner)))

    def approve(self) -> Call:
        amount = self.random.choice([self.part(10**24), self.part(10**24), MOST])
        return self.voter(), (self.anybody(), amount)

    def spender(self) -> tuple[str, str, int]:
        """Owner, spender and what it may spend; something, where that is easily found."""
        for _ in range(4):
            owner, spender = self.holder(), self.voter()
            allowed = self.token.ours.allowance(owner, spender)
            if allowed:
                break
        return owner, spender, min(allowed, self.electorate.balance(owner))

    def transferFrom(self) -> Call:
        owner, spender, most = self.spender()
        if not self.likely(0.95):
            return spender, (NOBODY, self.anybody(), self.random.choice([0, 1]))
        return spender, (owner, self.anybody(), self.part(most))

    def burn(self) -> Call:
        owner = self.holder()
        return owner, (self.part(self.electorate.balance(owner)) // 4,)

    def burnFrom(self) -> Call:
        owner, spender, most = self.spender()
        return spender, (owner, self.part(most) // 4)

    def mint(self) -> Call:
        minter = self.owner if self.likely() and self.owner != NOBODY else self.voter()
        amount = self.random.randint(0, 10**23)
        if not self.likely(0.85):
            supply = self.token.ours.totalSupply()
            amount = self.random.choice([CAP - supply, CAP - supply + 1, MOST, MOST - supply, CAP])
        return minter, (self.anybody(), amount)

    def delegate(self) -> Call:
        return self.voter(), (self.anybody(),)

    def permit(self) -> Call:
        if replay := self.replayed("permit"):
            return self.voter(), replay
        owner, spender, amount, deadline = self.voter(), self.anybody(), self.part(10**24), self.date()
        signer = owner if self.likely(0.95) else self.voter()
        fields = (owner, spender, amount, self.electorate.nonce(owner), deadline)
        signature = self.spoilt(self.electorate.signed(signer, "Permit", fields))
        return self.voter(), (owner, spender, amount, deadline, *signature)

    def delegateBySig(self) -> Call:
        if replay := self.replayed("delegateBySig"):
            return self.voter(), replay
        signer, delegatee, expiry = self.voter(), self.anybody(), self.date()
        nonce = self.electorate.nonce(signer) + (0 if self.likely(0.95) else 1)
        signature = self.spoilt(self.electorate.delegation(signer, delegatee, nonce, expiry))
        return self.voter(), (delegatee, nonce, expiry, *signature)

    def transferOwnership(self) -> Call:
        owner = self.owner if self.likely() and self.owner != NOBODY else self.voter()
        return owner, (self.voter() if self.likely() else NOBODY,)

    def renounceOwnership(self) -> Call:
        """By a stranger: who would mint afterwards? `finish` lets the owner do it."""
        return self.random.choice([voter for voter in self.electorate.voters if voter != self.owner]), ()

    def finish(self) -> None:
        """The owner renounces; nobody may mint or own again."""
        outcome = self.token.renounceOwnership(sender=self.owner)
        self._note("renounceOwnership", outcome, ())
        self.act("mint")
        self.act("transferOwnership")

    # --- questions ---

    def subject(self, view: str) -> tuple[Any, ...]:
        """Arguments for a view."""
        match view:
            case "balanceOf" | "nonces" | "delegates" | "getVotes" | "numCheckpoints":
                return (self.anybody(),)
            case "allowance":
                return self.anybody(), self.anybody()
            case "getPastVotes":
                return self.anybody(), self.timepoint()
            case "getPastTotalSupply":
                return (self.timepoint(),)
            case "checkpoints":
                account = self.anybody()
                last = max(self.token.ours.numCheckpoints(account) - 1, 0)
                past = self.random.randint(0, last)
                return account, self.random.choice([0, past, past, last, last + 1, 2**32 - 1])
            case _:
                return ()


# Functions that write, with how often they are called.
ACTS = {
    "transfer": 20,
    "transferFrom": 10,
    "approve": 10,
    "permit": 12,
    "delegate": 14,
    "delegateBySig": 12,
    "mint": 8,
    "burn": 5,
    "burnFrom": 5,
    "transferOwnership": 3,
    "renounceOwnership": 1,
}
RARE = ("name", "symbol", "decimals", "CLOCK_MODE", "DOMAIN_SEPARATOR", "eip712Domain", "owner", "clock")
OFTEN = ("getPastVotes", "getPastTotalSupply", "checkpoints", "getVotes")
VIEWS = (
    *RARE,
    *OFTEN * 4,
    "totalSupply",
    "balanceOf",
    "allowance",
    "nonces",
    "delegates",
    "numCheckpoints",
)


def everything(crowd: Crowd, voters: Sequence[str]) -> None:
    """Every view of every account, and every checkpoint, once: equal on both chains, or it fails."""
    token = crowd.token
    for function in RARE:
        getattr(token, function)()
    token.totalSupply()
    now = crowd.electorate.now()
    for account in (*voters, NOBODY, token.address):
        for function in ("balanceOf", "nonces", "delegates", "getVotes", "numCheckpoints"):
            getattr(token, function)(account)
        for other in voters:
            token.allowance(account, other)
        for position in range(token.ours.numCheckpoints(account) + 1):
            token.checkpoints(account, position)
        for timepoint in range(max(0, now - 40), now + 1):
            token.getPastVotes(account, timepoint)
    for timepoint in range(max(0, now - 300), now + 1):
        token.getPastTotalSupply(timepoint)
