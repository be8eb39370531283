"""Programs at the speed of the machine, bit for bit.

In the order of the data: accesses (how a batch's tensors are read), products (which dots are matrix
products, and in which units they are exact), plan (a program as passes and products), passes and machine
(what runs a pass), models and matrices (what multiplies, and its proof), engine (a plan with its memory),
compiled (batches and threads).
"""
