"""What the row machine knows: its instructions, what may lie in memory, and how a view is told to it.

A register holds a tile's elements in 4 or in 8 bytes each. Most instructions take registers of one width and
give one of the same; those in WIDENING also make wide ones of narrow ones, those in NARROWING the reverse,
and those in RARE know wide ones only.
"""

from __future__ import annotations

TILE = 1024
"""Most elements of a register."""

NARROW, WIDE = 4, 8
"""Bytes of an element."""

# An instruction's numbers: what it does, bytes of an element of what it reads and of what it writes, the
# target register, registers (or views) a, b and c, and three numbers.
WHAT, FROM, TO, TARGET, A, B, C, P, Q, S, FIELDS = range(11)

# What an instruction does.
LOAD, STORE, LOOKUP, DOT_ACROSS, DOT_ALONG, MAX_ACROSS, MAX_ALONG = range(7)
COPY, SATURATE, SCALE, SHIFT, DIGIT, JOIN, ADD, SUB, MUL, DIV_FLOAT = range(7, 17)
MIN, MAX, CLAMP, SELECT = range(17, 21)
DIV, EQ, LT, LE, ISQRT, ISQRT_FLOAT = range(21, 27)

REDUCTIONS = (DOT_ACROSS, DOT_ALONG, MAX_ACROSS, MAX_ALONG)
RARE = (DIV, EQ, LT, LE, ISQRT, ISQRT_FLOAT)
WIDENING = (COPY, JOIN, ADD, SUB, MUL, DIV_FLOAT)
NARROWING = (SATURATE, SCALE, SHIFT, DIGIT)

# What lies in a view's memory: the four element types, what products take and give, or nothing but the fill.
INT8, INT16, INT32, INT64, UINT8, FLOAT32, FLOAT64, NOTHING = range(8)

# A view's numbers: these, the stride of every axis, then every bound: its constant, limit and coefficients.
ADDRESS, KIND, FILL, FIRST, ELEMENTS, BOUNDS, BASE, STRIDES = range(8)

# A walk's numbers. Addresses of its code, its views, its extents, the registers' memory, and of the list that
# says where in that memory each register begins; how many there are of each. FIXED: how many of the
# instructions are carried out once, because they give every tile the same.
(CODE, LINES, FIXED, VIEWS, WIDTH, EXTENTS, AXES, RANK, HOMES, REGISTERS, MEMORY, TILES, HEADER) = range(13)
