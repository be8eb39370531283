"""How a demonstration looks: progress while it runs, a table at its end. Plain lines where no terminal is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from scripts._demo.drawings import Drawing
from scripts._demo.record import Job, Record

STATES = ("opened", "claimed", "posted", "final")


class Shown:
    """The progress of all requests through their states. Use it as a context."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._last: tuple[int, ...] = ()
        self._bars = Progress(
            TextColumn("  {task.description:<8}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks = {state: self._bars.add_task(state, total=total) for state in STATES}

    def __enter__(self) -> Shown:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def update(self, record: Record) -> None:
        """Show how far the requests are."""
        numbers = tuple(getattr(record, state) for state in STATES)
        for state, number in zip(STATES, numbers, strict=True):
            self._bars.update(self._tasks[state], completed=number)
        if numbers != self._last and not self._console.is_terminal:
            said = ", ".join(f"{number} {state}" for state, number in zip(STATES, numbers, strict=True))
            self._console.print(f"  {said} of {self._total}")
        self._last = numbers

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._bars.console.print(text)


def results(
    jobs: Sequence[Job], drawings: Mapping[bytes, Drawing], signers: frozenset[str], sealed: frozenset[str]
) -> Table:
    """One row a request, in the order of the drawings, which are given by their pixels.

    signers: who paid no gas. sealed: requests whose guestbook entry stands for good.
    """
    table = Table(padding=(0, 1))
    for column in ("drawing", "answer", "label", "asked by", "price (ETH)", "gas", "guestbook"):
        table.add_column(column, justify="left" if column in ("drawing", "asked by") else "right")
    order = list(drawings)
    for job in sorted(jobs, key=lambda job: order.index(job.drawing)):
        drawing = drawings[job.drawing]
        right = job.digit == drawing.label
        table.add_row(
            str(drawing),
            Text(str(job.digit), style="bold green" if right else "bold red"),
            str(drawing.label),
            "signature" if job.requester in signers else "transaction",
            f"{(job.price or 0) / 10**18:.6f}",
            f"{round(job.gas):,}",
            "sealed" if job.id in sealed else "-",
        )
    return table
