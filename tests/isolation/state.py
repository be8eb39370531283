"""Every word of storage and every wei on both chains, beside each other.

A slot may differ only if it is under a name of the hostile side's: its accounts, models, requests, terms and
games, or of the operator who serves everybody. What such a name is, the layouts in tests/snapshots tell.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import Any

from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from tests.contract import Receipt
from tests.isolation.book import Book
from tests.isolation.chains import Differs
from tests.isolation.scene import KEPT_BY_THE_NODE, LAYOUT, Scene
from tests.wire import Wire
from tests.words import DEAD, NATIVE

TERMS_WORDS = 6  # of `IMarket.Frozen`
GAME_WORDS = 10  # of MockArbiter's Game

Name = str | int | bytes


class Ledgers:
    """Compares the two states; `book` is the hostile side's."""

    def __init__(self, scene: Scene, book: Book) -> None:
        self._scene, self._book = scene, book
        self._terms: set[bytes] = set()
        self._versions: set[tuple[str, int]] = set()
        self.compared = 0  # words of storage, over all comparisons
        self.own: dict[str, int] = {}  # words that differ, of each contract, when last compared
        scene.chains.listeners.append(self._read)

    def _read(self, receipt: Receipt) -> None:
        for event in self._scene.bad.market.events(receipt, "TermsFrozen", "Revoked"):
            if event.model in self._scene.foreigners:
                self._versions.add((event.model, event.version))
                if event.name == "TermsFrozen":
                    self._terms.add(event.terms)

    def compare(self) -> None:
        """Raise Differs where the good side would see something else."""
        scene = self._scene
        hostile, quiet = (_dumped(wire) for wire in (scene.chains.hostile, scene.chains.quiet))
        their_own = dict(self._their_own())
        rich = {*scene.foreigners, scene.good.market.address, scene.good.bond_asset.address}
        self.own = {}
        for address in (hostile.keys() | quiet.keys()) - scene.foreigners - {*KEPT_BY_THE_NODE}:
            ours, theirs = (state.get(address, NOTHING) for state in (hostile, quiet))
            for field in ("balance", "nonce", "code"):
                free = field == "balance" and address in rich
                free |= field == "nonce" and address in (scene.generalist, scene.good.registry.address)
                if not free and ours[field] != theirs[field]:
                    raise Differs(
                        f"{field} of {address} ({self._who(address)}): {ours[field]}, quiet: {theirs[field]}"
                    )
            known = their_own.get(address, set())
            for slot in ours["storage"].keys() | theirs["storage"].keys():
                words = [int(side["storage"].get(slot, "0x0"), 16) for side in (ours, theirs)]
                self.compared += 1
                if words[0] != words[1]:
                    if int(slot, 16) not in known:
                        raise Differs(f"slot {slot} of {address}: {words[0]:#x}, quiet: {words[1]:#x}")
                    self.own[address] = self.own.get(address, 0) + 1

    def _who(self, address: str) -> str:
        people = {
            **vars(self._scene.good.roles),
            **{role: str(key) for role, key in self._scene.keys.items()},
        }
        return next((role for role, account in people.items() if account == address), "a contract")

    def _their_own(self) -> Iterator[tuple[str, set[int]]]:
        """For each contract the slots under names of the hostile side's."""
        scene, good = self._scene, self._scene.good
        accounts = {*scene.foreigners, scene.generalist}
        assets = (NATIVE, good.bond_asset.address, *scene.assets)
        everybody = {*accounts, *vars(good.roles).values()}  # can be given what is worth nothing
        entries = self._book.entries.values()
        orders = range((scene.orders_signed >> 8) + 1)

        market = {
            "Market.balances.balance_of": [
                (asset, holder)
                for asset in assets
                for holder in (everybody if asset in scene.assets else accounts)
            ],
            "Market.balances.shares_of": [(asset, model) for asset in assets for model in accounts],
            "Market.pledges.pledge_of": [(account,) for account in accounts],
            "Market.slot_of": [(entry.id,) for entry in entries],
            "Market.frozen.terms_of": list(self._versions),
        }
        yield (
            good.market.address,
            _slots(market)
            | {
                _slot(_base("Market.frozen.frozen_terms"), key) + word
                for key in self._terms
                for word in range(TERMS_WORDS)
            },
        )
        vault = ("stakes", "operators", "rewards", "unbondings")
        yield good.vault.address, _slots({f"StakeVault.{name}": [(a,) for a in accounts] for name in vault})
        shells = range(scene.bad.registry.count())
        yield (
            good.registry.address,
            {_base("Registry.count")}
            | _slots(
                {
                    "Registry.models": [(number,) for number in shells],
                    "Registry.number_of": [(account,) for account in accounts],
                }
            ),
        )
        yield (
            good.orders.address,
            _slots({"Orders.nonces": [(account, word) for account in accounts for word in orders]}),
        )
        yield (
            good.inputs.address,
            _slots(
                {
                    "Inputs.runs": [(run,) for run in scene.foreign_runs],
                    "Inputs.sealed": [(root,) for root in scene.foreign_roots],
                }
            ),
        )
        games = [(entry, game) for entry, game in self._book.games()]
        arbiters = (good.arbiter.address, scene.creatures.arbiter.address)
        yield (
            good.challenges.address,
            {
                _slot(_base("Challenges.game_of"), _packed(arbiter, entry.id, game.attempt, game.number))
                + word
                for entry, game in games
                for arbiter in arbiters
                for word in range(2)
            }
            | {
                _slot(
                    _base("Challenges.pots"), keccak(encode(["bytes32", "uint256"], [entry.id, game.attempt]))
                )
                for entry, game in games
            },
        )
        yield (
            good.arbiter.address,
            {_slot(1, game.number) + word for _, game in games for word in range(GAME_WORDS)},
        )
        holders = {*accounts, DEAD, good.vault.address}  # with the supply, where everybody's money adds up
        yield (
            good.bond_asset.address,
            {0}
            | {_slot(1, holder) for holder in holders}
            | {_slot(2, owner, spender) for owner in accounts for spender in (good.vault.address,)},
        )


NOTHING: dict[str, Any] = {"balance": "0x0", "nonce": 0, "code": "0x", "storage": {}}


def _dumped(wire: Wire) -> dict[str, dict[str, Any]]:
    """All accounts of a node, with code, balance, nonce and storage."""
    state = json.loads(gzip.decompress(bytes.fromhex(wire.request("anvil_dumpState")[2:])))
    return {to_checksum_address(address): account for address, account in state["accounts"].items()}


def _slots(names: dict[str, Iterable[tuple[Name, ...]]]) -> set[int]:
    return {_slot(_base(variable), *keys) for variable, rows in names.items() for keys in rows}


def _base(variable: str) -> int:
    """The slot of a variable, from the committed layouts."""
    (slot,) = [slot for name, slot in LAYOUT.items() if name.startswith(variable + ":")]
    return int(slot)


def _slot(base: int, *keys: Name) -> int:
    """Where Vyper keeps a mapping's value: each key is hashed after the slot so far."""
    at = base
    for key in keys:
        word = (
            int(key, 16)
            if isinstance(key, str)
            else int.from_bytes(key, "big")
            if isinstance(key, bytes)
            else key
        )
        at = int.from_bytes(keccak(at.to_bytes(32, "big") + word.to_bytes(32, "big")), "big")
    return at


def _packed(arbiter: str, request: bytes, attempt: int, number: int) -> bytes:
    return keccak(encode(["address", "bytes32", "uint256", "uint256"], [arbiter, request, attempt, number]))
