"""Custom errors as bytes, and how a test expects one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.wire import Refused

ARITHMETIC = ("Panic(uint256)", 0x11)
EMPTY_ARRAY = ("Panic(uint256)", 0x31)


def error(signature: str, *arguments: Any) -> bytes:
    """What a call reverts with that raises this error."""
    kinds = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + encode(kinds.split(",") if kinds else [], arguments)


@contextmanager
def refused(signature: str, *arguments: Any) -> Iterator[None]:
    """What happens inside reverts with exactly this error; with no data if there is no signature."""
    with pytest.raises(Refused) as refusal:
        yield
    assert refusal.value.data == (error(signature, *arguments) if signature else b"")
