"""`executor run` and `executor watch`: the loop, its signals and its log."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import structlog

from executor.commands.session import Session, needs_session, unlock
from executor.node.assemble import opened_node
from executor.node.node import Node
from executor.settings import Settings, SettingsError


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """The options that `run` and `watch` have in common."""
    path = click.Path(path_type=Path)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Log as lines of JSON."),
        click.option(
            "--adopt-nonce", is_flag=True, help="Accept transactions that this journal did not send."
        ),
        click.option("--once", is_flag=True, help="Do what there is to do now, then stop."),
        click.option("--artifact", "artifacts", multiple=True, type=path, help="Program to hold."),
    ):
        command = option(command)
    return command


@click.command()
@_shared
@click.option("--watch", is_flag=True, help="Also re-execute others' results and challenge wrong ones.")
@needs_session
def run(session: Session, /, watch: bool, artifacts: tuple[Path, ...], **manner: bool) -> None:
    """Answer requests, until a signal to stop.

    Claims requests to models whose programs are held (--artifact), answers them, defends the answers and
    collects what they pay. Without a key this is a dry run: it says what it would do and sends nothing.
    SIGTERM and Ctrl-C finish what is owed first; a killed executor goes on where it was when it is started
    again, in the middle of a dispute, too.
    """
    _work(session.settings(artifacts=artifacts or None, watch=watch or None), **manner)


@click.command()
@_shared
@click.option("--share", type=click.FloatRange(0, 1), help="Of the results, drawn by lot; default: all.")
@click.option("--trip", is_flag=True, help="Also take bad versions down; costs gas and earns nothing.")
@needs_session
def watch(
    session: Session, /, share: float | None, trip: bool, artifacts: tuple[Path, ...], **manner: bool
) -> None:
    """Watch others: re-execute their results and challenge what is wrong.

    Looks at the results of models whose programs are held (--artifact), at all of them or at a share that
    nobody can predict. A challenge takes a deposit from the account's stake; a won one earns its bounty.
    Claims nothing, but finishes and defends what this account has answered before.

    With --trip it also looks for evidence against the versions of these models: final answers that their
    own hook rejects, or that differ from what their owner declared. Where they are enough for a model's
    breaker, it brings them, and the version before is live again. Nobody pays for that.
    """
    _work(
        session.settings(
            **{"artifacts": artifacts or None, "watch_share": share, "trip": trip or None},
            **{"watch": True, "claim": False, "intake": False},
        ),
        **manner,
    )


def _work(settings: Settings, *, once: bool, adopt_nonce: bool, as_json: bool) -> None:
    """A node's life, from its settings to its end."""
    start_log(as_json)
    log = structlog.get_logger("executor")
    if not settings.artifacts:
        raise SettingsError("settings: no program is held: name one with --artifact FILE")
    key = unlock(settings)
    with opened_node(settings, key) as node:
        account, programs = node.desk.account, [f"0x{root.hex()}" for root in node.desk.catalogue]
        if key is None:
            log.warning("dry run: there is no key, nothing is sent", account=account)
        if settings.watch and (node.docket is None or node.docket.watcher is None):
            raise SettingsError("settings: there is nothing to watch: the network has no Dispute contract")
        node.start(adopt=adopt_nonce)
        log.info("started", account=account, programs=programs, journal=str(node.desk.journal.path))
        if node.intake is not None:
            log.info("taking orders", at=node.intake.url)
        _stop_on_signals(node)
        if once:
            node.settle_down()
        else:
            node.run(drain_seconds=settings.drain_seconds)


def start_log(as_json: bool) -> None:
    """Log to stderr, for people or for machines."""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer() if as_json else renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _stop_on_signals(node: Node) -> None:
    def stop(*_: Any) -> None:
        node.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
