"""Moves of those who own or guard models and the network, and of time."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.invariant.pair import Pair, chosen
from tests.invariant.requesters import PICK
from tests.invariant.scene import ENTRIES, HARSH
from tests.reference.shell import Shell, Version
from tests.world import PARAMETERS

MODEL = st.sampled_from((0, 0, 0, 1))
# Publishing, promoting and unpausing more often than what stops a model, lest all runs end early.
VERBS = ("publish", "promote", "unpause") * 3 + (
    "rollback",
    "rollback",
    "revoke",
    "revoke",
    "pause",
    "collect",
)


class Owners(Pair):
    """Publish, promote, roll back, revoke, pause; parameters; collect."""

    def _shell(self, model: int) -> Shell:
        return self.market.shells[self.scene.models[model].address]

    def _governor(self, who: int) -> str:
        roles = self.scene.roles
        caller: str = roles.stranger if who < 10 else (roles.owner, roles.owner, roles.guardian)[who % 3]
        return caller

    @rule(model=MODEL, verb=st.sampled_from(VERBS), who=PICK, pick=PICK)
    def govern(self, model: int, verb: str, who: int, pick: int) -> None:
        shell, caller = self._shell(model), self._governor(who)
        number = self._number(shell, verb, pick)
        match verb:
            case "publish" if len(shell.versions) < len(ENTRIES):
                self.publish_next(model, caller)
            case "promote":
                self._govern(
                    model, verb, caller, lambda: shell.promote(caller, number, self.market.now), number
                )
            case "rollback" | "revoke":
                self._govern(model, verb, caller, lambda: getattr(shell, verb)(caller, number), number)
            case "pause" | "unpause":
                self._govern(model, verb, caller, lambda: getattr(shell, verb)(caller, self.market.now))
            case "collect":
                self.take_royalties(model, self.scene.assets[number % 3], caller)

    def publish_next(self, model: int, caller: str = "") -> None:
        shell, publisher = self._shell(model), caller or self.scene.roles.owner
        entry = Version(**vars(ENTRIES[len(shell.versions)]))
        words = self.scene.words_of(entry)
        self._govern(model, "publish", publisher, lambda: shell.publish(publisher, entry), words)

    def _number(self, shell: Shell, verb: str, pick: int) -> int:
        """A version for which the verb makes sense, mostly."""
        numbered = list(enumerate(shell.versions, start=1))
        fit = {
            "promote": [n for n, version in numbered if not version.revoked and n != shell.live],
            "rollback": [n for n, version in numbered if version.once_live and n != shell.live],
            "revoke": [n for n, version in numbered if not version.revoked],
        }
        return chosen((1, 2, 3, 4), fit.get(verb, []), pick)

    def _govern(
        self, model: int, verb: str, caller: str, expected: Callable[[], object], *args: object
    ) -> None:
        self.play(f"model: {verb}", expected, caller, getattr(self.scene.models[model], verb), *args)

    def take_royalties(self, model: int, token: str, caller: str) -> None:
        shell = self._shell(model)
        self._govern(
            model,
            "collect",
            caller,
            lambda: self.market.collect(caller, shell, token, caller),
            token,
            caller,
        )

    # --- the network ---

    @rule(model=MODEL, verb=st.sampled_from(("set", "set", "freeze", "collect")), who=PICK, pick=PICK)
    def govern_network(self, model: int, verb: str, who: int, pick: int) -> None:
        shell, owner = self._shell(model), self.scene.roles.network_owner
        if verb == "collect":
            self.take_fees(self.scene.assets[pick % 3])
        elif verb == "set":
            caller = self.scene.roles.stranger if who < 10 else owner
            parameters = (PARAMETERS, HARSH)[pick % 2]
            self.play(
                "set parameters",
                lambda: self.market.set_parameters(caller, owner, parameters),
                caller,
                self.scene.network.set_parameters,
                parameters,
            )
        else:
            number = 1 + pick % len(shell.versions)
            self.play(
                "freeze",
                lambda: self.market.freeze(shell.address, number),
                self.scene.roles.stranger,
                self.scene.market.freeze,
                shell.address,
                number,
            )

    def take_fees(self, token: str) -> None:
        owner = self.scene.roles.network_owner
        self.play(
            "network: collect",
            lambda: self.market.collect_fees(owner, owner, token, owner),
            owner,
            self.scene.network.collect,
            token,
            [model.address for model in self.scene.models],
            owner,
        )

    # --- time ---

    @rule(pick=PICK, offset=st.sampled_from((-1, 0, 0, 1)), seconds=st.sampled_from((1, 5, 30, 300, 2_000)))
    def wait(self, pick: int, offset: int, seconds: int) -> None:
        """Until the next move happens at a deadline, a second before or a second after; or just some time."""
        times = [time for time in self.market.deadlines() if time + offset - 1 > self.now]
        if times and pick % 4:
            self.pass_time(times[pick // 4 % min(3, len(times))] + offset - 1)
        else:
            self.pass_time(self.now + seconds)

    def pass_time(self, until: int) -> None:
        """Mine a block at that time."""
        self.scene.wire.request("evm_mine", hex(until))
        self.now = until
        self.tally["wait"] += 1
