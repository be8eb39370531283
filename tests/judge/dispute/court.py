"""A network with the real judge, and the verbs of disputes, for honest and for lying players alike.

A `Hearing` is one posted result before the court. What happened is read from the chain's events alone, as a
player does that remembers nothing; moves come from `executor/disputes/moves.py`, or from whoever cheats.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from executor.disputes.moves import Move, attack, defend
from executor.disputes.positions import ROOT, Case, Position, Reveal
from executor.program import Program, data_root
from executor.program.trace import Trace
from tests.contract import Method, Receipt
from tests.wire import Refused
from tests.words import CHALLENGER, DEFENDER, GameStatus, Result
from tests.world import World

ARGUMENTS = {
    "trace": "case program children output_header output_tiles path input_tiles steps_proof",
    "reveal": "key cursor children",
    "reveal_step": "case cursor program children",
    "reveal_operation": "case cursor program record path children tile",
    "reveal_tile": "key cursor tile",
    "reveal_chunks": "case cursor program record values proof",
    "pick": "key game opening index node siblings",
    "pick_element": "key game opening element word siblings",
    "pick_chunk": "key game opening values index",
    "prove": "case program game opening element word siblings record",
    "prove_chunk": "case program game opening values index record",
}
VERDICTS = {GameStatus.WON: CHALLENGER, GameStatus.LOST: DEFENDER}


def changed(move: Move, **changes: Any) -> Move:
    """The move with other arguments, by name."""
    names = ARGUMENTS[move.function].split()
    return move._replace(arguments=tuple((dict(zip(names, move.arguments, strict=True)) | changes).values()))


def argument(move: Move, name: str) -> Any:
    """One argument of a move."""
    return move.arguments[ARGUMENTS[move.function].split().index(name)]


class Court:
    """A Referee and a Dispute in the world. Build it once a session."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.referee = world.deploy("Referee")
        self.dispute = world.deploy("Dispute", world.challenges, self.referee)

    def hear(
        self, program: Program, data: bytes, output: bytes, defender: str = "", **changes: Any
    ) -> Hearing:
        """A result of the program on these input bytes, posted by the defender.

        changes: what the version says otherwise than the program: its root, its sizes.
        """
        version = {
            "program_root": program.root,
            "input_size": program.input_size,
            "output_size": program.output_size,
        } | changes
        model = self.world.create_model(arbiter=self.dispute.address, **version)
        request = self.world.open(question=data, model=model)
        defender = defender or self.world.roles.executor
        (result,) = self.world.answer(request, outputs=[output], sender=defender)
        case = Case(
            self.world.id(request),
            self.world.attempt(request),
            keccak(output),
            version["program_root"],
            data_root(data, version["input_size"]),
            data_root(output, version["output_size"]),
            defender,
        )
        return Hearing(self, case, result, data, output)

    def hear_trace(self, trace: Trace, **changes: Any) -> Hearing:
        """A result whose output is that of a trace, true or not."""
        return self.hear(trace.program, trace.input, trace.output, **changes)


class Hearing:
    """One result, and the games about it."""

    def __init__(self, court: Court, case: Case, result: Result, data: bytes, output: bytes) -> None:
        self.court, self.world, self.dispute = court, court.world, court.dispute
        self.case, self.result, self.data, self.output = case, result, data, output
        self.sent: list[Move] = []

    # --- the verbs ---

    def challenge(self, sender: str = "") -> int:
        """Challenge the result; the game's number."""
        return self.world.challenge(self.result, sender=sender, output=self.output, question=self.data)

    def send(self, move: Move, sender: str) -> Receipt:
        """Make a move; Refused if the contract will not have it."""
        receipt = self._method(move)(*move.arguments, sender=sender)
        self.sent.append(move)
        return receipt

    def trace(self, trace: Trace) -> Receipt:
        """The defender commits to a trace."""
        return self.send(defend(trace, self.case, None), self.case.defender)

    def reveal(self, game: int, trace: Trace) -> Receipt:
        """The defender answers at the game's cursor, whatever kind of reveal that takes."""
        return self.send(defend(trace, self.case, self.cursor(game)), self.case.defender)

    def attack(self, game: int, trace: Trace, sender: str = "") -> Receipt | None:
        """The challenger picks, or proves; None if it finds nothing wrong."""
        move = attack(trace, self.case, game, self.path(game))
        return move and self.send(move, sender or self.challenger(game))

    def timeout(self, game: int) -> Receipt:
        """Anybody has a silence ruled upon."""
        return self.dispute.timeout(self.case, game, sender=self.world.roles.stranger)

    def outwait(self, game: int) -> Receipt:
        """The same, once the mover's time is over."""
        self.world.at(self.deadline(game)[1])
        return self.timeout(game)

    def asked(self, move: Move, sender: str) -> Any:
        """Whether the contract would take the move; Refused if not."""
        return self._method(move).asked(*move.arguments, sender=sender)

    def _method(self, move: Move) -> Method:
        return getattr(self.dispute, move.function).with_tail(move.proof)

    def refuses(self, reason: str, move: Move, sender: str) -> None:
        """The contract will not have the move, and says why."""
        with pytest.raises(Refused) as refusal:
            self.asked(move, sender)
        assert refusal.value.reason == reason

    def offence(self, game: int, trace: Trace) -> Move:
        """What an honest challenger would send now."""
        move = attack(trace, self.case, game, self.path(game))
        assert move is not None, "nothing to attack"
        return move

    # --- whole games ---

    def ready(self, game: int, defence: Trace, offence: Trace) -> Move:
        """Have the defender answer, if it is for him to move; what the challenger would send then."""
        if self.to_reveal(game):
            self.reveal(game, defence)
        return self.offence(game, offence)

    def descend(self, game: int, defence: Trace, offence: Trace, until: str = "prove") -> Move:
        """Both play until a move of that name is next, by default the proof; that move."""
        while True:
            revealing = self.to_reveal(game)
            move = self.defence(game, defence) if revealing else self.offence(game, offence)
            if move.function == until or (until == "prove" and move.function == "prove_chunk"):
                return move
            self.send(move, self.case.defender if revealing else self.challenger(game))

    def play(self, game: int, defence: Trace, offence: Trace) -> int:
        """Both play to the end; who has nothing to say that the contract takes is outwaited. The verdict."""
        while self.live(game):
            try:
                if self.to_reveal(game):
                    moved = self.send(self.defence(game, defence), self.case.defender)
                else:
                    moved = self.attack(game, offence)
            except Refused:
                moved = None
            if moved is None:
                self.outwait(game)
        return self.verdict(game)

    def defence(self, game: int, trace: Trace) -> Move:
        """What an honest defender would send now."""
        return defend(trace, self.case, self.cursor(game))

    # --- what is ---

    def challenger(self, game: int) -> str:
        """Who opened the game."""
        return self.dispute.game_of(self.case.key, game)[0]

    def live(self, game: int) -> bool:
        """Whether nobody has won the game yet."""
        return self.status(game) == GameStatus.LIVE

    def status(self, game: int) -> GameStatus:
        """As Challenges keeps it."""
        challenges, case = self.world.challenges, self.case
        return GameStatus(challenges.status_of(self.dispute, case.id, case.attempt, game))

    def verdict(self, game: int) -> int:
        """Who has won the game."""
        return VERDICTS[self.status(game)]

    def deadline(self, game: int) -> tuple[int, int]:
        """Whose move it is, and until when."""
        return self.dispute.deadline_of(self.case.key, game)

    def to_reveal(self, game: int) -> bool:
        """Whether the game's cursor waits for the defender."""
        cursor = self.dispute.game_of(self.case.key, game)[6]
        return self.dispute.entry_of(self.case.key, cursor)[0] == 0

    def cursor(self, game: int) -> Position | None:
        """Where the game is; None before its first pick."""
        return picks[-1] if (picks := self.picks(game)) else None

    def picks(self, game: int) -> list[Position]:
        """Where the game has been, in order."""
        return [Position.unpack(event.cursor) for event in self.events("Picked") if event.game == game]

    def path(self, game: int) -> list[Reveal]:
        """What was revealed of the root and of the game's cursors."""
        shown = self.reveals()
        places = [ROOT, *(position.hash for position in self.picks(game))]
        return [shown[place] for place in places if place in shown]

    def reveals(self) -> dict[bytes, Reveal]:
        """Every reveal of the case, by the hash of its cursor."""
        found = {}
        for event in self.events("Traced", "Revealed", "TileRevealed", "ChunksRevealed"):
            found[getattr(event, "cursor", ROOT)] = Reveal(
                Position.unpack(event.opening),
                tuple(getattr(event, "children", ())),
                getattr(event, "tile", b""),
                tuple(getattr(event, "values", ())),
            )
        return found

    def proofs(self) -> list[Any]:
        """What was proven to be wrong."""
        return self._logs(self.case.id, "Proven")

    def events(self, *names: str) -> list[Any]:
        """The Dispute's events of this case, in order."""
        return self._logs(self.case.key, *names)

    def _logs(self, topic: bytes, *names: str) -> list[Any]:
        query = {
            "address": self.dispute.address,
            "fromBlock": "0x0",
            "topics": [None, "0x" + topic.hex()],
        }
        return list(self.dispute.events({"logs": self.world.wire.request("eth_getLogs", query)}, *names))
