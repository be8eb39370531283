"""The client: asking, waiting, money, and what anybody may do when no executor does it."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from eth_account import Account

from executor.chain.keys import LocalKey
from executor.chain.requests import NATIVE, Status
from executor.chain.wallet import TransactionRefusedError
from executor.client import Client, ClientError, NoAnswerError
from executor.node.assemble import opened_node
from executor.program import load, run
from tests.node.network import DIGITS, ETHER, MIN_BOND, ROYALTY_BPS, WINDOW, Town, image, key

PRICE = ETHER // 100


@pytest.fixture
def executor(town: Town, tmp_path):
    """A node that runs in a thread of its own, as a process would."""
    started, nodes = Event(), []

    def live() -> None:
        with opened_node(town.settings(tmp_path), key("executor")) as node:
            node.start(adopt=True)
            nodes.append(node)
            started.set()
            node.run(drain_seconds=5)

    thread = Thread(target=live)
    thread.start()
    assert started.wait(10)
    yield nodes[0]
    nodes[0].stop()
    thread.join(10)


def test_ask__until_posted__returns_the_bonded_answer(town: Town, executor) -> None:
    answer = town.client().ask(town.model, image(2), max_price=PRICE, min_price=PRICE, timeout=20)
    assert answer.output == run(load(DIGITS), image(2))
    assert (answer.final, answer.price, answer.bond) == (False, PRICE, MIN_BOND)
    assert answer.executor == key("executor").address
    assert answer.gas > 30_000


def test_ask__until_final__waits_for_the_window(town: Town, executor) -> None:
    client = town.client()
    identifier = client.open(town.model, image(2), max_price=PRICE, min_price=PRICE)
    client.wait(identifier, timeout=20)
    with pytest.raises(NoAnswerError, match="no final answer after 0 s"):
        client.wait(identifier, "final", timeout=0.2)
    town.warp(WINDOW)
    assert client.wait(identifier, "final", timeout=20).final


def test_ask__prepaid__takes_it_from_the_balance(town: Town, executor) -> None:
    client = town.client()
    client.deposit(PRICE + 5)
    client.ask(town.model, image(2), max_price=PRICE, min_price=PRICE, prepaid=True, timeout=20)
    assert client.balance() == 5


def test_ask__fee_in_a_token__is_approved_and_opened(town: Town) -> None:
    client, asset = town.client(), town.contracts.bond_asset
    town.send("requester", asset, "deposit", value=PRICE)
    identifier = client.open(town.model, image(2), max_price=PRICE, asset=asset.address)
    assert client.request(identifier).asset == asset.address
    client.cancel(identifier)
    assert client.balance(asset.address) == PRICE
    client.withdraw(asset=asset.address)
    assert town.ask(asset, "balanceOf", client.address) == PRICE


def test_wait__request_that_was_refunded__says_so(town: Town) -> None:
    client = town.client()
    identifier = client.open(town.model, image(2), max_price=PRICE)
    client.cancel(identifier)
    with pytest.raises(NoAnswerError, match="was refunded"):
        client.wait(identifier, timeout=5)


def test_expire__unclaimed_in_time__refunds_and_can_be_withdrawn_in_full(town: Town) -> None:
    client = town.client()
    identifier = client.open(town.model, image(2), max_price=PRICE, claim_seconds=60)
    with pytest.raises(TransactionRefusedError, match="nothing expired"):
        client.expire(identifier)
    town.warp(60)
    client.expire(identifier)
    assert client.slot(identifier).status is Status.REFUNDED
    before = int(town.anvil.call("eth_getBalance", client.address, "latest"), 16)
    receipt = client.withdraw()
    after = int(town.anvil.call("eth_getBalance", client.address, "latest"), 16)
    assert after == before + PRICE - receipt.gas_used * receipt.gas_price


def test_finalize__by_the_requester__ends_what_no_executor_ends(town: Town) -> None:
    client = town.client()
    identifier = client.open(town.model, image(2), max_price=PRICE, min_price=PRICE)
    market, output = town.contracts.market, b"\5" * 32
    town.send("executor", market, "claim", [client.request(identifier)])
    town.send("executor", market, "post_ids", [identifier], output)
    with pytest.raises(TransactionRefusedError, match="window"):
        client.finalize(identifier)
    town.warp(WINDOW)
    client.finalize(identifier)
    assert client.verify(identifier, output)
    assert not client.verify(identifier, b"\6" * 32)
    with pytest.raises(TransactionRefusedError, match="market: nothing to deliver"):
        client.redeliver(identifier)


def test_client__without_a_key__reads_and_refuses_to_send(town: Town) -> None:
    reader = Client(town.anvil.url, town.deployment)
    assert reader.quote(town.model)["royalty_bps"] == ROYALTY_BPS
    assert reader.balance(NATIVE, key("requester").address) == 0
    with pytest.raises(ClientError, match="takes a key"):
        reader.deposit(1)


def test_request__of_another_client__is_found_on_the_chain(town: Town) -> None:
    identifier = town.client().open(town.model, image(2), max_price=PRICE)
    assert Client(town.anvil.url, town.deployment).request(identifier).requester == key("requester").address
    with pytest.raises(ClientError, match="there is no request"):
        town.client().request(b"\1" * 32)


@pytest.mark.parametrize("offer", [{"colour": 1}, {"version": 7}])
def test_open__impossible_offer__is_refused_before_anything_is_paid(
    town: Town, offer: dict[str, int]
) -> None:
    client = town.client()
    with pytest.raises((ClientError, TransactionRefusedError)):
        client.open(town.model, image(2), max_price=PRICE, **offer)
    assert town.anvil.nonce(client.address) == 0


def test_open__bond_below_the_model_s__says_the_market_s_reason(town: Town) -> None:
    with pytest.raises(TransactionRefusedError, match="market: bond too small"):
        town.client().open(town.model, image(2), max_price=PRICE, bond=MIN_BOND - 1)


def test_transact__purse_too_small__says_what_the_endpoint_says(town: Town) -> None:
    poor = Client(town.anvil.url, town.deployment, LocalKey(Account.create()))
    with pytest.raises(TransactionRefusedError, match=r"cannot be simulated|nsufficient"):
        poor.deposit(1)


def test_submit_order__nobody_listens__says_so(town: Town) -> None:
    signed = town.client().sign_order(town.model, image(2), max_price=PRICE)
    with pytest.raises(ClientError, match=r"no intake at http://127\.0\.0\.1:9"):
        town.client().submit_order(signed, "http://127.0.0.1:9")
    with pytest.raises(ClientError, match="no URL"):
        town.client().submit_order(signed, "file:///etc/passwd")
