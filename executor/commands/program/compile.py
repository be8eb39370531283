"""`executor program compile`: an ONNX file as an integer program, with a report of what that cost."""

from __future__ import annotations

from pathlib import Path

import click

from executor.commands.program.files import FILE, RESULT, TEXT, check_results, plain, replaced
from executor.commands.program.model import binding_options, calibrated, parse_bindings, people_errors
from executor.schema import schema_path


@click.command(name="compile")
@click.argument("model", type=FILE)
@click.option("--scales", "frozen", type=TEXT, help="Scales file: the program is a function of it and MODEL.")
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
    schema, scales_file = schema_path(artifact), artifact.with_suffix(".scales.json")
    if (frozen is None) == (calibration is None):
        raise click.UsageError("give either --scales or --calibration")
    if page is not None and held_out is None:
        raise click.UsageError("--report needs --held-out")
    results = [artifact, schema, scales_file if frozen is None else None, page]
    sources = [model, frozen, calibration, held_out, tokenizer]
    check_results(filter(None, results), filter(None, sources))
    with people_errors():
        from executor.compiler.compilation import compile_model
        from executor.compiler.report import report_on
        from executor.compiler.scales import Scales, file_hash
        from executor.program import save

        if frozen is not None:
            scales = Scales.load(frozen)
        elif calibration is not None:
            scales = calibrated(
                model, calibration, parse_bindings(shapes, values), precision, weights, target
            )
            with replaced(scales_file) as (draft,):
                scales.save(draft)
        compiled = compile_model(model, scales, file_hash(tokenizer) if tokenizer else "")
        with replaced(artifact, schema) as (program_draft, schema_draft):
            save(compiled.program, program_draft)
            compiled.schema.save(schema_draft)
        report = report_on(compiled, held_out, samples)
        if page is not None:
            with replaced(page) as (draft,):
                report.write_page(draft)
    click.echo(plain(report.text()))
    if held_out is not None and calibration is not None and file_hash(held_out) == file_hash(calibration):
        click.echo("the held-out examples are those of the calibration: on others it may do worse")
    click.echo(f"0x{compiled.program.root.hex()}  {artifact.stat().st_size} bytes  {artifact}")
