"""The same bits on other processors: what `make emulated` runs.

In the order of the data: cases (programs and inputs, as files), answers (what a processor makes of them, in
a process of its own), machines (the processors: this one, told to use other kernels, and emulated ones),
table (EMULATED.md).
"""
