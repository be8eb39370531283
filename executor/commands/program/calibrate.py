"""`executor program calibrate`: measure a model on examples, and freeze the scales that compiling needs."""

from __future__ import annotations

from pathlib import Path

import click

from executor.commands.program.files import FILE, RESULT, check_results, replaced
from executor.commands.program.model import binding_options, calibrated, parse_bindings, people_errors


@click.command()
@click.argument("model", type=FILE)
@click.argument("examples", type=FILE)
@binding_options
@click.option("-o", "--output", type=RESULT, help="The scales file; default: MODEL.scales.json.")
def calibrate(
    model: Path,
    examples: Path,
    shapes: tuple[str, ...],
    values: tuple[str, ...],
    precision: str,
    weights: str,
    target: float | None,
    output: Path | None,
) -> None:
    """Run the ONNX file MODEL on EXAMPLES and write down what one unit of each tensor is worth.

    EXAMPLES is an .npz file with one array an input of the model; its first axis counts the examples.
    """
    path = output or model.with_suffix(".scales.json")
    check_results([path], [model, examples])
    with people_errors():
        found = calibrated(model, examples, parse_bindings(shapes, values), precision, weights, target)
        with replaced(path) as (draft,):
            found.save(draft)
    click.echo(f"{len(found.units)} tensors  {path}")
