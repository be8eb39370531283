"""What goes wrong on a real chain: races, lateness, reorganisations, refunds, games."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import pytest
from eth_abi import encode
from eth_utils import keccak

from executor.chain.requests import Flags, Status
from executor.chain.wallet import Wallet
from executor.node.lifecycle import BACK, State
from executor.node.node import Node
from executor.node.outcomes import send
from tests.anvil import CHAIN_ID
from tests.node.network import ETHER, PENALTY, WINDOW, Town, create_model, image, key

PRICE = ETHER // 100


def until(*nodes: Node, met: Callable[[], bool], seconds: float = 15.0) -> None:
    """Step all nodes in turn until it is met."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, [node.desk.jobs.counts() for node in nodes]
        for node in nodes:
            node.step()
        time.sleep(0.01)


def counts(node: Node) -> dict[State, int]:
    return node.desk.jobs.counts()


def selector(signature: str) -> str:
    return "0x" + keccak(text=signature)[:4].hex()


def rule(town: Town, verdict: int) -> None:
    """The stand-in for an arbiter decides game 1 as it is told."""
    data = bytes.fromhex(selector("order(uint256,uint256)")[2:]) + encode(["uint256"] * 2, [1, verdict])
    wallet = Wallet(town.anvil.rpc, key("stranger"), CHAIN_ID, poll=0.01)
    wallet.transact(town.deployment.address("MockArbiter"), data)


def ask(town: Town, number: int = 0, **offer: object) -> bytes:
    return town.client().open(town.model, image(number), max_price=PRICE, **{"min_price": PRICE, **offer})


def test_two_executors__same_requests__each_is_answered_once(town: Town, node_of) -> None:
    town.stake("rival", 100 * ETHER)
    ours, theirs = node_of("executor"), node_of("rival")
    ids = [ask(town, number) for number in range(6)]
    settled = {State.POSTED, State.TAKEN}
    nodes = (ours, theirs)
    until(*nodes, met=lambda: all(counts(node) and set(counts(node)) <= settled for node in nodes))
    town.warp(WINDOW)
    until(ours, theirs, met=lambda: set(counts(ours)) | set(counts(theirs)) <= {State.FINAL, State.CLOSED})
    assert counts(ours).get(State.FINAL, 0) + counts(theirs).get(State.FINAL, 0) == 6
    assert all(town.client().slot(each).status is Status.FINAL for each in ids)


def test_claim_of_another__missed__is_opened_again_and_answered(town: Town, node_of) -> None:
    town.stake("rival", 10 * ETHER)
    identifier = ask(town, result_seconds=40, claim_seconds=3_000)
    request = town.client().request(identifier)
    town.send("rival", town.contracts.market, "claim", [request])
    node = node_of()
    until(node, met=lambda: counts(node) == {State.TAKEN: 1})
    town.warp(40)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert town.client().wait(identifier, timeout=1).attempt == 2


class Silent:
    """A backend that never answers, until it is told to."""

    def __init__(self) -> None:
        self.asked: list[Future[list[bytes]]] = []

    def submit(self, _root: bytes, _inputs: Sequence[bytes]) -> Future[list[bytes]]:
        self.asked.append(Future())
        return self.asked[-1]

    def seconds(self, _root: bytes) -> float:
        return 0.1

    def close(self) -> None: ...


def mute(node: Node) -> Silent:
    silent = Silent()
    node._inference._backend = silent
    return silent


def test_own_claim__missed__frees_the_rest_of_the_bond(town: Town, node_of) -> None:
    ask(town, result_seconds=40)
    node = node_of()
    mute(node)
    until(node, met=lambda: counts(node) == {State.CLAIMED: 1})
    node.draining = True  # it would claim it again
    town.warp(40)
    until(node, met=lambda: counts(node) == {State.OPEN: 1})
    vault, account = town.contracts.vault, key("executor").address
    assert town.ask(vault, "locked", account) == 0
    assert town.ask(vault, "free", account) == 100 * ETHER - PENALTY


def test_output__too_late__is_never_posted(town: Town, node_of) -> None:
    identifier = ask(town, result_seconds=40)
    node = node_of()
    silent = mute(node)
    until(node, met=lambda: counts(node) == {State.CLAIMED: 1})
    node.draining = True
    silent.asked[0].set_result([b"\0" * 32])
    town.warp(41)
    nonce = town.anvil.nonce(key("executor").address)
    until(node, met=lambda: counts(node) == {State.OPEN: 1})
    assert town.anvil.nonce(key("executor").address) == nonce + 1  # the expiry alone
    assert town.client().slot(identifier).attempt == 2


def test_inference__fails__is_tried_again(town: Town, node_of) -> None:
    ask(town)
    node = node_of()
    backend = node._inference._backend
    silent = mute(node)
    until(node, met=lambda: len(silent.asked) == 1)
    silent.asked[0].set_exception(MemoryError("no room"))
    node.step()
    (job,) = node.desk.jobs.newest(1)
    assert (job.state, job.tries) == (State.CLAIMED, 1)
    assert "no room" in job.note
    node._inference._backend = backend
    town.warp(5)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})


@pytest.mark.parametrize("phase", [State.CLAIMED, State.POSTED])
def test_reorganisation__undoes_what_was_done__and_it_is_done_again(
    town: Town, node_of, phase: State
) -> None:
    town.anvil.mine(3)
    identifier = ask(town)
    town.anvil.mine(1)
    opened = town.anvil.head()
    node = node_of()
    if phase is State.CLAIMED:
        silent = mute(node)
        until(node, met=lambda: counts(node) == {phase: 1})
        assert silent.asked
    until(node, met=lambda: counts(node) == {phase: 1})
    town.anvil.reorg(town.anvil.head() - opened)
    assert town.client().slot(identifier).status is Status.OPEN
    town.anvil.mine(1)
    if phase is State.CLAIMED:
        silent.asked[0].set_result([b"\7" * 32])
    until(
        node,
        met=lambda: (
            counts(node) == {State.POSTED: 1} and town.client().slot(identifier).status is Status.POSTED
        ),
    )
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 1})
    assert town.client().wait(identifier, "final", timeout=1).attempt == 1


def test_reorganisation__undoes_the_request_itself__leaves_nothing_owed(town: Town, node_of) -> None:
    town.anvil.mine(3)
    before = town.anvil.head()
    ask(town)
    node = node_of()
    mute(node)
    until(node, met=lambda: counts(node) == {State.CLAIMED: 1})
    town.anvil.reorg(town.anvil.head() - before)
    town.anvil.mine(2)
    until(node, met=lambda: counts(node) == {State.GONE: 1})
    assert node.owes() == 0


def test_request__cancelled_by_its_requester__is_closed(town: Town, node_of) -> None:
    identifier = ask(town, min_price=0, ramp=3_000)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.OPEN: 1})
    town.client().cancel(identifier)
    until(node, met=lambda: counts(node) == {State.CLOSED: 1})


def test_game__open__keeps_the_result_from_its_end_until_it_is_won(town: Town, node_of) -> None:
    town.stake("rival", 10 * ETHER)
    identifier = ask(town)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    client = town.client()
    result, output = client._result(identifier)
    town.send("rival", town.contracts.challenges, "challenge", result, image(0), output)
    town.warp(WINDOW)
    for _ in range(5):
        node.step()
    assert counts(node) == {State.POSTED: 1}
    rule(town, 1)
    until(node, met=lambda: counts(node) == {State.FINAL: 1})


def test_game__lost__is_refuted(town: Town, node_of) -> None:
    town.stake("rival", 10 * ETHER)
    identifier = ask(town)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    result, output = town.client()._result(identifier)
    town.send("rival", town.contracts.challenges, "challenge", result, image(0), output)
    rule(town, 2)
    until(node, met=lambda: counts(node) == {State.REFUTED: 1})


def test_model__whose_program_is_not_held__is_not_even_noted(town: Town, node_of) -> None:
    other = create_model(town, town.deployment.address("MockArbiter"), root=keccak(text="other"))
    town.client().open(other, image(0), max_price=PRICE)
    node = node_of()
    for _ in range(3):
        node.step()
    assert counts(node) == {}


def test_arbiter__that_the_operator_does_not_accept__is_declined(town: Town, node_of) -> None:
    ask(town)
    node = node_of(arbiters=("0x" + "99" * 20,))
    until(node, met=lambda: counts(node) == {State.DECLINED: 1})
    (job,) = node.desk.jobs.newest(1)
    assert "arbiter" in job.note


def test_stake__for_one_bond__answers_one_after_the_other(town: Town, node_of) -> None:
    town.stake("rival", ETHER)
    ids = [ask(town, number, bond=ETHER) for number in range(2)]
    node = node_of("rival")
    until(node, met=lambda: counts(node) == {State.POSTED: 1, State.OPEN: 1})
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 1, State.POSTED: 1})
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 2})
    assert all(town.client().slot(each).status is Status.FINAL for each in ids)


def test_consumer__called_at_post_and_when_final__gets_the_answer_twice(town: Town, node_of, project) -> None:
    consumer = "0x" + "C0" * 20
    code = project.MockConsumer.contract_type.runtime_bytecode.bytecode
    town.anvil.place(bytes.fromhex(code.removeprefix("0x")), consumer)
    both = Flags.AT_POST | Flags.AT_FINAL
    ask(town, consumer=consumer, flags=both, callback_gas=300_000)
    ask(town, 1)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 2})
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 2})
    results = town.anvil.call("eth_call", {"to": consumer, "data": selector("results()")}, "latest")
    assert int(results, 16) == 2


def test_stop__while_a_claim_is_owed__finishes_it_and_claims_no_more(town: Town, node_of) -> None:
    ask(town)
    node = node_of()
    until(node, met=lambda: node.owes() == 1)
    ask(town, 1)
    node.stop()
    node.run(drain_seconds=20)
    assert counts(node) == {State.POSTED: 1, State.OPEN: 1}


@pytest.mark.parametrize("state", [State.CLAIMING, State.POSTING, State.FINALIZING])
def test_transaction__that_comes_to_nothing__is_wanted_again(
    town: Town, node_of, monkeypatch, state: State
) -> None:
    identifier = ask(town)
    node = node_of()
    cancelled: list[int] = []

    def send_but_one(desk) -> None:
        if not cancelled and (jobs := desk.jobs.in_states((state,))):
            with desk.journal.transaction():
                assert desk.outbox.cancel(jobs[0].transaction)
            cancelled.append(jobs[0].transaction)
        send(desk)

    monkeypatch.setattr("executor.node.node.send", send_but_one)
    until(node, met=lambda: bool(cancelled) or counts(node) == {State.POSTED: 1})
    town.warp(WINDOW if state is State.FINALIZING else 0)
    until(node, met=lambda: bool(cancelled))
    node.step()
    (job,) = node.desk.jobs.newest(1)
    assert (job.state, job.tries, job.transaction) == (BACK[state], 1, None)
    town.warp(WINDOW)  # past the pause after a failure
    until(node, met=lambda: counts(node).keys() <= {State.POSTED, State.FINAL})
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 1})
    assert town.client().wait(identifier, "final", timeout=1).attempt == 1


def test_claim__of_a_revoked_version__is_refused_and_not_hammered(town: Town, node_of) -> None:
    ask(town)
    town.send("owner", town.contracts.model(town.model), "revoke", 1)
    node = node_of()
    nonce = town.anvil.nonce(key("executor").address)
    for _ in range(30):
        node.step()
    (job,) = node.desk.jobs.newest(1)
    assert (job.state, job.note) == (State.OPEN, "market: version revoked")
    assert job.tries <= 2
    assert town.anvil.nonce(key("executor").address) == nonce


def test_claim__half_of_a_batch_is_taken_meanwhile__keeps_the_other_half(town: Town, node_of) -> None:
    town.stake("rival", 10 * ETHER)
    first, second = ask(town, 0), ask(town, 1)
    node = node_of()
    town.anvil.automine(False)
    until(node, met=lambda: counts(node) == {State.CLAIMING: 2})
    node.step()
    rival = Wallet(town.anvil.rpc, key("rival"), CHAIN_ID)
    request = town.client().request(first)
    raw = rival._signed(
        town.contracts.market.address, town.contracts.market.encode("claim", [request]), 0, 500_000
    )
    town.anvil.call("anvil_dropAllTransactions")
    town.anvil.call("eth_sendRawTransaction", "0x" + raw.hex())
    town.anvil.mine(1)
    town.anvil.automine(True)
    until(node, met=lambda: counts(node) == {State.TAKEN: 1, State.POSTED: 1})
    assert town.client().slot(second).status is Status.POSTED
