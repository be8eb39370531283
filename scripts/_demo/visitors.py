"""Those who ask: visitors who send a transaction to the guestbook, and signers who only sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account

from executor.chain.keys import LocalKey
from executor.chain.requests import Flags
from executor.client import Client
from scripts._demo.drawings import Drawing
from scripts._demo.stage import NATIVE, Stage

PRICE = 2 * 10**15  # what a visitor pays, wei
LEAST, MOST = 10**15, 3 * 10**15  # between which a signer lets the price rise
RAMP = 20  # seconds
PREPAID = 2 * MOST  # each signer's balance in the Market; it holds nothing else
CALLBACK_GAS = 150_000
GAS_LIMIT = 1_000_000


def visit(stage: Stage, provider: Any, visitor: Any, drawing: Drawing) -> None:
    """Sign the guestbook with a drawing, for a fixed price; does not wait for the block."""
    provider.web3.eth.send_transaction(
        {
            "from": str(visitor),
            "to": stage.guestbook.address,
            "data": stage.guestbook.sign.encode_input(drawing.pixels),
            "value": PRICE,
            "gas": GAS_LIMIT,
        }
    )


@dataclass(frozen=True)
class Signer:
    """A fresh key without a single wei. Somebody else paid into its balance in the Market."""

    client: Client

    @classmethod
    def with_prepaid_balance(cls, stage: Stage, url: str) -> Signer:
        """A new signer whose balance the guestbook's keeper has filled."""
        client = Client(url, stage.manifest, LocalKey(Account.create()))
        stage.market.deposit(NATIVE, client.address, PREPAID, sender=stage.keeper, value=PREPAID)
        return cls(client)

    @property
    def address(self) -> str:
        return self.client.address

    def order(self, stage: Stage, intake: str, drawing: Drawing) -> None:
        """Sign an order that names the guestbook as its consumer, and hand it to the executor."""
        signed = self.client.sign_order(
            stage.model.address,
            drawing.pixels,
            min_price=LEAST,
            max_price=MOST,
            ramp=RAMP,
            consumer=stage.guestbook.address,
            flags=Flags.AT_POST | Flags.AT_FINAL,
            callback_gas=CALLBACK_GAS,
        )
        self.client.submit_order(signed, intake)
