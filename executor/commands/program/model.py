"""What `compile` and `calibrate` ask for alike: a model, how its axes are bound, and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from executor.commands.program.files import plain
from executor.schema import SchemaError

if TYPE_CHECKING:
    from executor.compiler.importer import Bindings
    from executor.compiler.scales import Scales


def binding_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that decide what a calibration finds."""
    for option in (
        click.option("--weights", type=click.Choice(["int8", "int16"]), default="int8", show_default=True,
                     help="Type of the weights; each channel has its own unit."),
        click.option("--precision", type=click.Choice(["fast", "accurate", "fine"]), default="accurate",
                     show_default=True, help="Activations in products: int8, int16 or 24 bits."),
        click.option("--target", type=click.FloatRange(0, 1), metavar="COSINE",
                     help="Search for the fewest int16 operands that keep this cosine; the others are int8."),
        click.option("--input", "values", multiple=True, metavar="NAME=VALUE",
                     help="Fix an input of the model to a number."),
        click.option("--shape", "shapes", multiple=True, metavar="NAME=DIMS",
                     help="Dimensions of an input, or the length of a named axis: --shape bytes=1,2048."),
    ):  # fmt: skip
        command = option(command)
    return command


def parse_bindings(shapes: tuple[str, ...], values: tuple[str, ...]) -> Bindings:
    """`--shape` and `--input` as the importer takes them."""
    from executor.compiler.importer import Bindings

    try:
        dims = {name: tuple(map(int, text.split(","))) for name, text in map(_halves, shapes)}
        numbers = {name: float(text) for name, text in map(_halves, values)}
    except ValueError as error:
        raise click.BadParameter(f"--shape takes NAME=DIMS, --input NAME=VALUE: {error}") from None
    if any(n < 1 for each in dims.values() for n in each):
        raise click.BadParameter("a dimension is at least one", param_hint="--shape")
    return Bindings(dims, numbers)


def calibrated(
    model: Path, examples: Path, bindings: Bindings, precision: str, weights: str, target: float | None
) -> Scales:
    """Scales of the model, measured on the examples in an .npz file; with a target, found by a search."""
    from executor.compiler.calibration import calibrate
    from executor.compiler.examples import read_samples
    from executor.compiler.importer import load_graph
    from executor.compiler.scales import Precision, Scales
    from executor.compiler.search import search
    from executor.program.ir import ElementType

    graph = load_graph(model, bindings)
    wanted = Scales("", Precision(precision), bindings, {}, weights=ElementType[weights.upper()])
    samples = read_samples(examples, graph)
    found = calibrate(model, graph, wanted, samples)
    return found if target is None else search(graph, found, samples, target)


@contextmanager
def people_errors() -> Iterator[None]:
    """Turn what the compiler refuses into one line, and a missing extra into what to install."""
    try:
        from executor.compiler.graph import UnsupportedModel
    except ImportError as error:  # pragma: no cover  # the development environment has it
        raise click.ClickException(f"{error.name} is missing: pip install 'elenchus[compiler]'") from None
    try:
        yield
    except (UnsupportedModel, SchemaError) as error:
        raise click.ClickException(plain(str(error))) from None
    except OSError as error:
        what = f"cannot read {error.filename}: {error.strerror}" if error.filename else str(error)
        raise click.ClickException(plain(what)) from None
    except MemoryError:
        raise click.ClickException("it takes more memory than there is") from None
    except ImportError as error:
        raise click.ClickException(f"{error.name} is missing: pip install 'elenchus[compiler]'") from None


def _halves(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise ValueError(f"{text!r} has no =")
    return name, value
