"""The report as one page that needs nothing beside it: figures, and signal to noise along the network."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from executor.compiler.report import Report

STYLE = "body{font:16px sans-serif;max-width:60em;margin:2em auto}td{padding:.2em 1em .2em 0}"


def write_page(report: Report, path: Path) -> None:
    """Write the page."""
    figures = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in report.rows()
    )
    layers = "".join(
        f"<tr><td>{html.escape(layer.name)}</td><td>{html.escape(layer.operator)}</td>"
        f"<td>{layer.operations}</td><td>{layer.decibels:.1f}</td></tr>"
        for layer in report.layers
    )
    path.write_text(
        f"<!doctype html><meta charset=utf-8><title>Program 0x{report.program.root.hex()[:12]}</title>"
        f"<style>{STYLE}</style><h1>What compiling cost</h1><p>0x{report.program.root.hex()}</p>"
        f"<table>{figures}</table><h2>Signal to noise, tensor by tensor</h2>{_plot(report)}"
        f"<table><tr><th>tensor<th>operator<th>operations<th>decibels</tr>{layers}</table>"
    )


def _plot(report: Report) -> str:
    """Decibels along the network, and operands of operations by size, as one drawing."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1)
    above.plot([min(layer.decibels, 120) for layer in report.layers], marker=".")
    above.set(xlabel="tensor, in the order of the network", ylabel="decibels")
    sizes = [operation.result.count * max(operation.terms, 1) for operation in report.program.operations]
    below.bar(range(len(sizes)), sizes)
    below.set(xlabel="operation", ylabel="elements read", yscale="log")
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg")
    text = drawing.getvalue()
    return text[text.index("<svg") :]
