"""Programs at the speed of the machine, bit for bit.

In the order of the data: accesses (how a batch's tensors are read), products (which dots are matrix
products, and in which units they are exact), plan and writer (a program as passes and products), passes,
registers and walks (a pass in the row machine's numbers), machine (what runs it: machine code, with memory,
instructions, views, arithmetic and reductions), models and matrices (what multiplies, and its proof), engine
(a plan with its memory), compiled (batches and threads).
"""
