"""How a test of the market sees a call refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract import Method
from tests.wire import Refused


@pytest.fixture
def refuses() -> Callable[..., None]:
    """`refuses(reason, contract.method, *arguments, sender=...)`: the call reverts with exactly that reason.

    Nothing is sent, so nothing changes.
    """

    def check(reason: str, method: Method, *arguments: Any, sender: Any, value: int = 0) -> None:
        with pytest.raises(Refused) as refusal:
            method.asked(*arguments, sender=sender, value=value)
        assert refusal.value.reason == reason

    return check
