"""`executor run`: the loop, its signals and its log."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click
import structlog

from executor.commands.session import Session, needs_session, unlock
from executor.node.assemble import opened_node
from executor.node.node import Node
from executor.settings import SettingsError


@click.command()
@click.option(
    "--artifact", "artifacts", multiple=True, type=click.Path(path_type=Path), help="Program to answer for."
)
@click.option("--once", is_flag=True, help="Do what there is to do now, then stop.")
@click.option("--adopt-nonce", is_flag=True, help="Accept transactions that this journal did not send.")
@click.option("--json", "as_json", is_flag=True, help="Log as lines of JSON.")
@needs_session
def run(session: Session, artifacts: tuple[Path, ...], once: bool, adopt_nonce: bool, as_json: bool) -> None:
    """Answer requests, until a signal to stop.

    Claims requests to models whose programs are held (--artifact), answers them and collects what they pay.
    Without a key this is a dry run: it says what it would do and sends nothing. SIGTERM and Ctrl-C finish
    what is owed first; a killed executor goes on where it was when it is started again.
    """
    start_log(as_json)
    log = structlog.get_logger("executor")
    settings = session.settings(artifacts=artifacts or None)
    if not settings.artifacts:
        raise SettingsError("settings: no program to answer for: name one with --artifact FILE")
    key = unlock(settings)
    with opened_node(settings, key) as node:
        account, programs = node.desk.account, [f"0x{root.hex()}" for root in node.desk.catalogue]
        if key is None:
            log.warning("dry run: there is no key, nothing is sent", account=account)
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
