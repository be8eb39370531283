"""Every message with which a contract refuses is asserted by a test."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MESSAGE = re.compile(r'"([a-z]+: [a-z][^"]*)"')


def messages() -> dict[str, Path]:
    """Message -> the file that says it; mocks say what tests want to hear."""
    sources = [path for path in (ROOT / "contracts").rglob("*.vy") if "mocks" not in path.parts]
    return {message: path for path in sources for message in MESSAGE.findall(path.read_text())}


def test_messages__each__is_asserted_by_a_test():
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    said = "\n".join(path.read_text() for path in tests)
    unheard = {message: path.name for message, path in messages().items() if f'"{message}' not in said}
    assert not unheard
    assert len(messages()) > 80


def test_messages__each__names_its_contract():
    contracts = {"market", "orders", "challenges", "network", "vault", "model", "registry", "inputs"}
    # The others of governance raise OpenZeppelin's errors instead.
    contracts |= {"council", "dispute", "factory", "referee"}
    modules = {"transfers", "consumer", "guestbook"}
    assert {message.split(":")[0] for message in messages()} <= contracts | modules
