"""Choosing the type of each operand by what the whole network makes of it: int8 while the accuracy lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from executor.backends.exact import compiled as fast
from executor.compiler.calibration import measure
from executor.compiler.comparison import compare_outputs
from executor.compiler.compilation import compile_graph
from executor.compiler.graph import Array, Graph, UnsupportedModel
from executor.compiler.scales import Precision, Scales
from executor.program.ir import ElementType

Samples = Sequence[Mapping[str, Array]]
INT8, INT16 = ElementType.INT8, ElementType.INT16


def search(
    graph: Graph, scales: Scales, samples: Sequence[Mapping[str, Array]], least_cosine: float
) -> Scales:
    """The scales of a fast program with as few int16 operands as the mean cosine on the samples allows.

    Operands are taken in the order of the noise that an int8 adds to them, and more of them are held to do no
    harm; so a handful of programs is tried, not all. UnsupportedModel if all of them together are not enough.
    """
    ranges = measure(graph, samples)
    names = [name for name in ranges if graph.is_operand(name)]
    noisy = sorted(names, key=lambda name: ranges[name].decibels(float(scales.units[name].int8))[0])

    def with_int16(count: int) -> Scales:
        others = {name: element for name, element in scales.elements.items() if name not in names}
        chosen = {name: INT16 if at < count else INT8 for at, name in enumerate(noisy)}
        return replace(scales, precision=Precision.FAST, elements=others | chosen)

    def is_enough(count: int) -> bool:
        compiled = compile_graph(graph, with_int16(count))
        runner = fast(compiled.program)
        agreement = compare_outputs(compiled, samples, lambda data: runner.run([data])[0])
        return agreement.cosine_mean >= least_cosine

    low, high = 0, len(noisy)
    if not is_enough(high):
        raise UnsupportedModel(
            f"a cosine of {least_cosine} is out of reach with int8 and int16 operands: try --weights int16"
        )
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return with_int16(high)
