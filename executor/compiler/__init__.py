"""From a float network in an ONNX file to an integer program that the chain can judge.

Read it in the order of the data:

    model_file, literals        the file and the numbers in it, held within bounds
    importer, evaluation        axes bound, every shape known (inference, graph)
    folding, branches           what is constant computed, an If replaced by the branch that is taken
    examples, runtime           inputs that somebody chose, and onnxruntime, which runs the network on them
    calibration, scales         how large its values are then, frozen in a file of scales
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
