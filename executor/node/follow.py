"""Follow: what the logs say becomes jobs, and what the slots say becomes their phase."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eth_utils.crypto import keccak

from executor.chain.codec import Event
from executor.chain.contracts import ask
from executor.chain.follower import Batch, Log
from executor.chain.requests import Request, Slot, Status, Work
from executor.chain.terms import Frozen
from executor.node.desk import Desk, log
from executor.node.docket import FORGET_AFTER, Docket
from executor.node.jobs import Job
from executor.node.lifecycle import Seen, look

PAGE = 500  # jobs looked at together


def follow(desk: Desk, docket: Docket | None = None) -> None:
    """Apply every new block, then look at the slots of all jobs that it touched."""
    while batch := desk.follower.poll():
        _apply(desk, docket, batch)
    _look(desk)


def _apply(desk: Desk, docket: Docket | None, batch: Batch) -> None:
    events = [event for entry in batch.logs if (event := desk.contracts.event(entry))]
    terms = _terms(desk, events)
    with desk.journal.transaction():
        if batch.rolled_back_from is not None:
            touched = desk.jobs.roll_back(batch.rolled_back_from)
            desk.orders.roll_back(batch.rolled_back_from)
            log.warning("reorganised", block=batch.rolled_back_from, jobs=touched)
        for key, frozen in terms.items():
            desk.jobs.keep_terms(key, frozen)
        for event in events:
            _note(desk, event)
        if docket is not None:
            docket.apply(batch)
        desk.jobs.forget(batch.head.number - FORGET_AFTER)
        desk.outbox.forget(batch.head.number - FORGET_AFTER)
        desk.follower.commit(batch)
        desk.journal.crash_point("node.following")
    desk.journal.crash_point("node.followed")


def note_logs(desk: Desk, docket: Docket | None, logs: Sequence[Log]) -> None:
    """Note logs that were not followed: those of an own transaction's receipt."""
    events = [event for entry in logs if (event := desk.contracts.event(entry))]
    terms = _terms(desk, events)
    with desk.journal.transaction():
        for key, frozen in terms.items():
            desk.jobs.keep_terms(key, frozen)
        for event in events:
            _note(desk, event)
        if docket is not None:
            docket.games.note(logs)


def _terms(desk: Desk, events: Iterable[Event]) -> dict[bytes, Frozen]:
    """Terms that opened requests name and that were not met before."""
    named = {Request(*event["request"]).terms for event in events if event.name == "Opened"}
    unknown = [key for key in named if desk.jobs.terms(key) is None]
    queries = [desk.contracts.market.query("frozen_terms", key) for key in unknown]
    answers = ask(desk.endpoint, queries) if queries else []
    found = {key: Frozen(*words) for key, words in zip(unknown, answers, strict=True)}
    return {key: frozen for key, frozen in found.items() if frozen.exists}


def _note(desk: Desk, event: Event) -> None:
    """One event's trace in the journal."""
    block = event.log.block_number
    match event.contract, event.name:
        case "Market", "Opened":
            _open(desk, event, block)
        case "Market", "Posted":
            if desk.jobs.touch(event["id"], block):
                _post(desk, event)
        case "Market", "Claimed":
            if desk.jobs.touch(event["id"], block):
                desk.jobs.set_price(event["id"], event["price"])
        case "Market", "Undelivered":
            log.info("consumer did not take an answer", id=_hex(event))
        case "Orders", "Skipped":
            desk.orders.skipped(event["digest"], event["reason"])
        case _:
            if "id" in event.fields:  # Finalized, Missed, Reopened, Refunded, Skipped; the games' events
                desk.jobs.touch(event["id"], block)


def _open(desk: Desk, event: Event, block: int) -> None:
    request = Request(*event["request"])
    terms = desk.jobs.terms(request.terms)
    if terms is None or terms.program_root not in desk.catalogue:
        return  # somebody else's work
    desk.jobs.add(event["id"], request, event["input"], block)
    desk.orders.found(event["id"], request, block)


def _post(desk: Desk, event: Event) -> None:
    work = Work.of(event["work"])
    ours = work.executor == desk.account
    if ours and work.implausible:
        log.warning("the version's hook doubts this output", id=_hex(event))
    output: bytes = event["output"]
    desk.jobs.set_result(event["id"], event["work"], keccak(output), output if ours else None)


def _look(desk: Desk) -> None:
    """Read the slots that may have changed, and put their jobs where the chain has them."""
    now, after = desk.head.time, b""
    while jobs := desk.jobs.to_read(now, after, PAGE):
        slots = desk.contracts.slots(desk.endpoint, [job.id for job in jobs])
        with desk.journal.transaction():
            for job, slot in zip(jobs, slots, strict=True):
                _see(desk, job, slot, now)
        after = jobs[-1].id


def _see(desk: Desk, job: Job, slot: Slot, now: int) -> None:
    seen = look(slot, job.result, desk.account, now)
    if seen is None:
        return  # the slot is ahead of the logs: they come with the next block
    state = desk.jobs.see(job, slot, seen, _recheck(slot, seen))
    if state is not job.state:
        log.info(str(state), id="0x" + job.id.hex(), price=job.price)


def _recheck(slot: Slot, seen: Seen) -> int | None:
    """When a claim turns into an overdue one without any log."""
    if slot.status is Status.CLAIMED and seen is not Seen.OVERDUE:
        return slot.deadline
    return None


def _hex(event: Event) -> str:
    return f"0x{event['id'].hex()}"
