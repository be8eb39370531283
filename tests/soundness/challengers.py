"""Challengers of honest results: they pick where nothing is wrong, and try whatever might be taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from executor.disputes.moves import Move
from executor.disputes.positions import Level, Position, Reveal
from tests.judge.dispute.court import Hearing
from tests.soundness.prover import Part, packed, prove
from tests.soundness.roots import EMPTY, TILE, Merkle, node_hash
from tests.soundness.trace import Trace

FAN = 5


class Challenger:
    """Plays one game against a result that is right. It knows the trace, as everybody may."""

    def __init__(self, rng: Random, hearing: Hearing, game: int, trace: Trace) -> None:
        self.rng, self.hearing, self.game, self.trace = rng, hearing, game, trace
        self.case = hearing.case

    @property
    def newest(self) -> Reveal:
        """What was shown at the game's cursor."""
        return self.hearing.path(self.game)[-1]

    def move(self) -> Move | None:
        """A pick that the contract has to take; None where there is nothing left but to prove."""
        reveal, rng = self.newest, self.rng
        opening = reveal.opening
        match opening.level:
            case Level.WORDS:
                return self.pick_element(opening, reveal.tile) if opening.chunks > 1 else None
            case Level.VALUES:
                if opening.height <= FAN:
                    return None
                index = rng.randrange(len(reveal.values))
                values = list(reveal.values)
                return Move("pick_chunk", (self.case.key, self.game, opening.packed(), values, index))
        return self.pick(reveal, rng.randrange(len(reveal.children)))

    def pick(self, reveal: Reveal, index: int) -> Move:
        opening, node = reveal.opening, reveal.children[index]
        way = siblings(reveal, index)
        return Move("pick", (self.case.key, self.game, opening.packed(), index, node, way))

    def pick_element(self, opening: Position, tile: bytes) -> Move:
        element = self.rng.randrange(len(tile) // opening.width) + opening.index * TILE // opening.width
        word, way = word_of(tile, element * opening.width % TILE // 32)
        return Move("pick_element", (self.case.key, self.game, opening.packed(), element, word, way))

    def proofs(self) -> Iterator[Move]:
        """Attempts to prove that something right is wrong, the plain one first."""
        reveal, rng = self.newest, self.rng
        opening = reveal.opening
        t, number = opening.step, opening.operation
        if opening.level is Level.VALUES:
            index = rng.randrange(len(reveal.values))
            chunk = (opening.index << opening.height) + index
            proof = packed(prove(self.trace, t, number, opening.element, Part.CHUNK, chunk))
            yield from self.variants("prove_chunk", (list(reveal.values), index), proof)
        elif opening.level is Level.WORDS:
            first = opening.index * TILE // opening.width
            element = first + rng.randrange(len(reveal.tile) // opening.width)
            word, way = word_of(reveal.tile, element * opening.width % TILE // 32)
            proof = packed(prove(self.trace, t, number, element))
            yield from self.variants("prove", (element, word, way), proof)

    def variants(self, function: str, claim: tuple[object, ...], proof: bytes) -> Iterator[Move]:
        """A proof as it should be, then bent: other bytes, record, game, opening, element, word, value."""
        rng, opening, statement = self.rng, self.newest.opening, self.trace.statement
        record = statement.records[opening.operation]

        def move(**changes: object) -> Move:
            said = {"game": self.game, "opening": opening, "claim": claim, "record": record, "proof": proof}
            said |= changes
            arguments = (
                self.case,
                changes.get("program", statement.words),
                said["game"],
                said["opening"].packed(),  # type: ignore[attr-defined]
                *said["claim"],  # type: ignore[misc]
                said["record"],
            )
            return Move(function, arguments, said["proof"])  # type: ignore[arg-type]

        yield move()
        for _ in range(3):
            at = rng.randrange(len(proof)) if proof else 0
            yield move(proof=proof[:at] + bytes([rng.randrange(256)]) + proof[at:])
        yield move(proof=proof[: len(proof) // 2])
        yield move(proof=b"")
        yield move(record=rng.choice(statement.records) if len(statement.records) > 1 else record + record)
        yield move(record=record[:-1])
        yield move(program=(*statement.words[:2], *statement.words[:1:-1]))
        yield move(game=self.game + rng.choice([-1, 1, 1 << 40]))
        yield move(opening=replace(opening, node=rng.randbytes(32)))
        yield move(opening=replace(opening, operation=opening.operation ^ 1))
        yield move(opening=replace(opening, step=opening.step + 1))
        yield move(opening=replace(opening, chunks=opening.chunks ^ 3))
        yield move(opening=replace(opening, trace=rng.randbytes(32)))
        yield move(opening=replace(opening, level=Level.WORDS if function == "prove_chunk" else Level.VALUES))
        if function == "prove":
            element, word, way = claim
            size = opening.size // opening.width
            yield move(claim=(size + rng.randrange(3), word, way))
            yield move(claim=(rng.randrange(1 << 40), word, way))
            yield move(claim=(element, rng.randbytes(32), way))
            yield move(claim=(element, node_hash(word, way[0]), way[1:]))  # type: ignore[index,arg-type]
            yield move(claim=(element, word, [rng.randbytes(32) for _ in range(FAN)]))
        else:
            values, index = claim
            yield move(claim=(values, len(values) + rng.randrange(2)))  # type: ignore[arg-type]
            yield move(claim=([value + 1 for value in values], index))  # type: ignore[attr-defined]
            yield move(claim=(values[:-1], 0))  # type: ignore[index]

    def nuisances(self) -> Iterator[Move]:
        """Picks that the contract must not take."""
        reveal, rng = self.newest, self.rng
        opening = reveal.opening
        if opening.level in (Level.WORDS, Level.VALUES):
            yield self.pick(reveal._replace(children=(rng.randbytes(32),)), 0)
            return
        count = len(reveal.children)
        index = rng.randrange(count)
        honest = self.pick(reveal, index)
        key, game, packed_opening, _, node, way = honest.arguments
        yield Move("pick", (key, game, packed_opening, rng.randrange(count, 64), EMPTY, way))
        yield Move("pick", (key, game, packed_opening, index, rng.randbytes(32), way))
        yield Move("pick", (key, game, packed_opening, index, node, [*way, EMPTY][:FAN][::-1] or [EMPTY]))
        if way:
            yield Move("pick", (key, game, packed_opening, index, opening.node, []))
        yield Move("pick", (rng.randbytes(32), game, packed_opening, index, node, way))
        yield Move("pick", (key, game + 1, packed_opening, index, node, way))
        for change in ({"node": rng.randbytes(32)}, {"leaves": 1 << 31}, {"height": opening.height + 1}):
            other = replace(opening, **change)
            yield Move("pick", (key, game, other.packed(), index, node, way))


def siblings(reveal: Reveal, index: int) -> list[bytes]:
    """The way from a child up to the opening; right of the children everything is EMPTY."""
    opening = reveal.opening
    fan = min(FAN, opening.height)
    empty = EMPTY
    for _ in range(opening.height - fan):
        empty = node_hash(empty, empty)
    row = [*reveal.children, *[empty] * ((1 << fan) - len(reveal.children))]
    return Merkle(row).path(index)


def word_of(tile: bytes, number: int) -> tuple[bytes, list[bytes]]:
    """A word of a tile, of which the used bytes are given, and the way up from it."""
    whole = tile.ljust(TILE, b"\0")
    words = [whole[at : at + 32] for at in range(0, TILE, 32)]
    return words[number], Merkle(words).path(number)
