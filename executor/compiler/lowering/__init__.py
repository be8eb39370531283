"""Lowering: a network's operators as operations of a program; a file a family, a function an operator."""

from executor.compiler.lowering import (
    attention,
    elementwise,
    indexing,
    linear,
    movement,
    nonlinear,
    normalization,
    pooling,
    recurrent,
    reduction,
    softmax,
)
from executor.compiler.lowering.scope import LOWERINGS, Scope

__all__ = [
    "LOWERINGS",
    "Scope",
    "attention",
    "elementwise",
    "indexing",
    "linear",
    "movement",
    "nonlinear",
    "normalization",
    "pooling",
    "recurrent",
    "reduction",
    "softmax",
]
