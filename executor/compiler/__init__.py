"""From a float network in an ONNX file to an integer program that the chain can judge.

Read it in the order of the data:

    importer, evaluation        the file: bounded, axes bound, constants folded, every shape known (graph)
    calibration, scales         how large its values are on examples, frozen in a file of scales
    fusion, pointwise, lookup   the canonical graph: linear nodes with their biases, attention, tables, rows
    plan                        which integers each tensor is stored as
    lowering/                   each operator as operations: a file a family, found by the operator's name
    tensors, builder, rescale   views, operations with proven bounds, multipliers and shifts
    functions                   what tables are made of, without a math library
    compilation                 all of it: a pure function of model file and scales file
    comparison, report, page    what it cost

Between the two files and the program's root there is no matrix product in floating point and no math library,
so anybody finds the same root on any machine. onnx and onnxruntime come with the extra `compiler`.
"""
