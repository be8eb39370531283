"""Sliding windows: where convolutions and pools look, as affine forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from executor.compiler.graph import Node
from executor.compiler.tensors import axis, plus
from executor.program.ir import Affine


@dataclass(frozen=True)
class Windows:
    """One entry for each spatial axis; place = output * stride + offset in kernel * dilation - padding."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    """Padding at the low end; at the high end the views' guards see to it."""
    after: tuple[int, ...]
    input: tuple[int, ...]
    output: tuple[int, ...]

    @classmethod
    def of(cls, node: Node, source: Sequence[int], result: Sequence[int], kernel: Sequence[int]) -> Windows:
        """From the attributes of a Conv or a pool; dimensions are [batch, channels, space...]."""
        space = len(kernel)
        ones = (1,) * space
        strides = tuple(node.attributes.get("strides", ones))
        dilations = tuple(node.attributes.get("dilations", ones))
        pads = tuple(node.attributes.get("pads", (0,) * (2 * space)))
        before, after = pads[:space], pads[space:]
        padding = node.attributes.get("auto_pad", "NOTSET")
        if padding in ("SAME_UPPER", "SAME_LOWER"):
            needed = [
                max((out - 1) * stride + (n - 1) * dilation + 1 - length, 0)
                for out, stride, n, dilation, length in zip(
                    result[2:], strides, kernel, dilations, source[2:], strict=True
                )
            ]
            small, large = [n // 2 for n in needed], [n - n // 2 for n in needed]
            lower = padding == "SAME_LOWER"
            before, after = tuple(large if lower else small), tuple(small if lower else large)
        return cls(tuple(kernel), strides, dilations, before, after, tuple(source[2:]), tuple(result[2:]))

    def places(self, rank: int, first: int, terms: Sequence[Affine]) -> list[Affine]:
        """Spatial indices, given that the output's begin at axis `first` and `terms` are the kernel's."""
        found = []
        for at, (stride, dilation, before) in enumerate(
            zip(self.strides, self.dilations, self.before, strict=True)
        ):
            inside = terms[at]
            scaled = Affine(0, inside.output, tuple(dilation * value for value in inside.reduction))
            found.append(plus(axis(first + at, rank, stride, -before), scaled))
        return found

    def sizes(self, at: int, count_padding: bool) -> list[int]:
        """How many elements each window along one axis averages over."""
        low, high = (
            (-self.before[at], self.input[at] + self.after[at]) if count_padding else (0, self.input[at])
        )
        counts = []
        for out in range(self.output[at]):
            start = out * self.strides[at] - self.before[at]
            steps = range(start, start + self.kernel[at] * self.dilations[at], self.dilations[at])
            counts.append(sum(low <= place < high for place in steps))
        return counts
