"""`executor program compile`: an ONNX file as an integer program, with a report of what that cost."""

from __future__ import annotations

from pathlib import Path

import click

from executor.commands.program.model import (
    FILE,
    RESULT,
    binding_options,
    calibrated,
    parse_bindings,
    people_errors,
)


@click.command(name="compile")
@click.argument("model", type=FILE)
@click.option("--scales", "frozen", type=FILE, help="Scales file: the program is a function of it and MODEL.")
@click.option("--calibration", type=FILE, help="Examples (.npz) to find the scales by, in place of --scales.")
@binding_options
@click.option("--held-out", type=FILE, help="Examples (.npz) to report the accuracy on.")
@click.option("--samples", type=click.IntRange(1), default=16, show_default=True, help="How many of them.")
@click.option("--tokenizer", type=FILE, help="Its hash becomes part of the schema.")
@click.option("--report", "page", type=RESULT, help="Write the report with plots to this .html file.")
@click.option("-o", "--output", type=RESULT, help="The artifact; default: MODEL.program.")
def compile_command(
    model: Path,
    frozen: Path | None,
    calibration: Path | None,
    shapes: tuple[str, ...],
    values: tuple[str, ...],
    precision: str,
    weights: str,
    target: float | None,
    held_out: Path | None,
    samples: int,
    tokenizer: Path | None,
    page: Path | None,
    output: Path | None,
) -> None:
    """Compile the ONNX file MODEL to an artifact, and write its schema beside it.

    With --scales the program root depends on the two files alone, on every machine. With --calibration the
    scales are found first, and written to the artifact's name with .scales.json.
    """
    artifact = output or model.with_suffix(".program")
    if (frozen is None) == (calibration is None):
        raise click.UsageError("give either --scales or --calibration")
    if page is not None and held_out is None:
        raise click.UsageError("--report needs --held-out")
    with people_errors():
        from executor.compiler.compilation import compile_model
        from executor.compiler.report import report_on
        from executor.compiler.scales import Scales, file_hash
        from executor.program import save
        from executor.schema import schema_path

        if frozen is not None:
            scales = Scales.load(frozen)
        elif calibration is not None:
            scales = calibrated(
                model, calibration, parse_bindings(shapes, values), precision, weights, target
            )
            scales.save(artifact.with_suffix(".scales.json"))
        compiled = compile_model(model, scales, file_hash(tokenizer) if tokenizer else "")
        save(compiled.program, artifact)
        compiled.schema.save(schema_path(artifact))
        report = report_on(compiled, held_out, samples)
    click.echo(report.text())
    if page is not None:
        report.write_page(page)
    click.echo(f"0x{compiled.program.root.hex()}  {artifact.stat().st_size} bytes  {artifact}")
