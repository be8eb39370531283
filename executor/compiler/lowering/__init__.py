"""Lowering: a network's operators as operations of a program; a file a family, a function an operator."""

from executor.compiler.lowering import (
    attention,
    contraction,
    elementwise,
    indexing,
    linear,
    movement,
    nonlinear,
    normalization,
    ordering,
    pooling,
    recurrent,
    reduction,
    refused,
    resampling,
    rounding,
    softmax,
    transposed,
)
from executor.compiler.lowering.scope import LOWERINGS, Scope

__all__ = [
    "LOWERINGS",
    "Scope",
    "attention",
    "contraction",
    "elementwise",
    "indexing",
    "linear",
    "movement",
    "nonlinear",
    "normalization",
    "ordering",
    "pooling",
    "recurrent",
    "reduction",
    "refused",
    "resampling",
    "rounding",
    "softmax",
    "transposed",
]
