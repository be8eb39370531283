"""Model files that lie, grow without end or differ from machine to machine: each is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from executor.compiler.compilation import compile_graph
from executor.compiler.evaluation import MOST_ELEMENTS, MOST_NODES
from executor.compiler.folding import MOST_FOLDED
from executor.compiler.graph import UnsupportedModel
from executor.compiler.importer import Bindings, load_graph
from executor.compiler.model_file import MAX_NAME, MAX_NODES
from executor.compiler.scales import Precision, Scales, Units
from tests.compiler.networks import Network

Edit = Callable[[onnx.ModelProto], None]


def refusal(path: Path, bindings: Bindings | None = None) -> str:
    """In which words the file is refused: one line."""
    with pytest.raises(UnsupportedModel) as caught:
        load_graph(path, bindings)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 700
    return message


def relu(folder: Path) -> Path:
    """A network of one node that is as it should be."""
    network = Network()
    return network.save(folder, network.node("Relu", network.input("x", 2, 3)))


def edited(folder: Path, edit: Edit) -> Path:
    """The same, after a change to its file."""
    path = relu(folder)
    model = onnx.load(str(path))
    edit(model)
    path.write_bytes(model.SerializeToString())
    return path


def external(name: str = "secret") -> TensorProto:
    """A tensor whose numbers are those of a file in the folder where the compiler runs."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret.bin")
    return tensor


@pytest.mark.parametrize("place", ["initializer", "Constant", "ConstantOfShape", "If"])
def test_load__a_tensor_in_another_file__is_refused_wherever_it_stands(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(np.float32(7).tobytes())
    network = Network()
    x, yes = network.input("x", 2, 3), network.constant([True], np.bool_)
    if place == "initializer":
        weight = network.constant([1.0])
    elif place == "Constant":
        weight = network.node("Constant", value=external())
    elif place == "ConstantOfShape":
        weight = network.node("ConstantOfShape", network.constant([1], np.int64), value=external())
    else:
        result = helper.make_tensor_value_info("inside", TensorProto.FLOAT, (1,))
        branch = helper.make_graph(
            [helper.make_node("Identity", ["secret"], ["inside"])], "b", [], [result], [external()]
        )
        weight = network.node("If", yes, then_branch=branch, else_branch=branch)
    path = network.save(tmp_path, network.node("Add", x, weight))
    if place == "initializer":
        model = onnx.load(str(path))
        model.graph.initializer[1].CopyFrom(external(model.graph.initializer[1].name))
        path.write_bytes(model.SerializeToString())
    assert "lies in another file" in refusal(path)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("RandomNormal", [], {"shape": [2, 3]}),
        ("RandomUniform", [], {"shape": [2, 3]}),
        ("HannWindow", [3], {}),
        ("HammingWindow", [3], {}),
        ("BlackmanWindow", [3], {}),
        ("BlackmanWindow", [3], {"output_datatype": TensorProto.INT64}),
        ("MatMul", [[1, 2, 3], [1, 2, 3]], {}),
    ],
)
def test_load__a_constant_that_another_machine_would_not_find__is_refused(
    operator: str, inputs: list[int], attributes: dict[str, object], tmp_path: Path
) -> None:
    network = Network()
    constants = [network.constant(value, np.int64) for value in inputs]
    made = network.node(operator, *constants, **attributes)
    added = network.node("Add", network.input("x", 2, 3), network.node("Cast", made, to=TensorProto.FLOAT))
    message = refusal(network.save(tmp_path, added))
    assert message.startswith(
        f"node {made!r} ({operator}): all its inputs are constants, and its result differs"
    )


@pytest.mark.parametrize("number", [np.nan, np.inf, 3e9, -129.0])
def test_load__a_cast_of_a_constant_that_does_not_fit__is_refused(number: float, tmp_path: Path) -> None:
    network = Network()
    target, name = (TensorProto.INT8, "int8") if number == -129 else (TensorProto.INT32, "int32")
    made = network.node("Cast", network.constant([number]), to=target)
    x = network.input("x", 2, 3)
    path = network.save(tmp_path, network.node("Add", x, network.node("Cast", made, to=TensorProto.FLOAT)))
    assert f"it turns a number into {name} that fits none" in refusal(path)


def test_load__a_dropout_that_drops__is_refused(tmp_path: Path) -> None:
    network = Network()
    inputs = network.input("x", 2, 3), network.constant(0.5), network.constant(True, np.bool_)
    path = network.save(tmp_path, network.node("Dropout", *inputs))
    assert "it drops values at random; export the model for inference" in refusal(path)


def doubled_functions(count: int, last: str) -> Edit:
    """Functions of which each calls the next one twice, and the last one what is named."""

    def edit(model: onnx.ModelProto) -> None:
        for number in range(count):
            called = f"F{number + 1}" if number + 1 < count else last
            domain = "" if called == "Relu" else "own"
            nodes = [
                helper.make_node(called, ["a"], ["b"], domain=domain),
                helper.make_node(called, ["b"], ["c"], domain=domain),
            ]
            opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
            model.functions.append(helper.make_function("own", f"F{number}", ["a"], ["c"], nodes, opsets))
        model.opset_import.append(helper.make_opsetid("own", 1))
        model.graph.node[0].op_type, model.graph.node[0].domain = "F0", "own"

    return edit


def test_load__functions_of_the_model__are_put_where_they_are_called(tmp_path: Path) -> None:
    graph = load_graph(edited(tmp_path, doubled_functions(3, "Relu")))
    assert [node.operator for node in graph.nodes] == ["Relu"] * 8


def test_load__functions_that_become_millions_of_nodes__are_counted_before(tmp_path: Path) -> None:
    path = edited(tmp_path, doubled_functions(26, "Relu"))
    assert path.stat().st_size < 4000
    assert refusal(path) == f"{path} has more than {MAX_NODES} nodes: split the model"


def test_load__a_function_that_calls_itself__is_refused(tmp_path: Path) -> None:
    message = refusal(edited(tmp_path, doubled_functions(2, "F0")))
    assert message.startswith("function 'F")
    assert message.endswith("calls itself: export the model without it")


def test_load__graphs_nested_without_end__are_refused(tmp_path: Path) -> None:
    network = Network()
    x, yes = network.input("x", 2, 3), network.constant([True], np.bool_)
    result = helper.make_tensor_value_info("inside", TensorProto.FLOAT, (2, 3))
    branch = helper.make_graph([helper.make_node("Relu", [x], ["inside"])], "b", [], [result])
    for _ in range(20):
        deeper = helper.make_node("If", [yes], ["inside"], then_branch=branch, else_branch=branch.__class__())
        branch = helper.make_graph([deeper], "b", [], [result])
    model = onnx.load(str(relu(tmp_path)))
    model.graph.node.append(helper.make_node("If", [yes], ["y"], then_branch=branch, else_branch=branch))
    path = tmp_path / "nested.onnx"
    path.write_bytes(model.SerializeToString())
    assert "lies in more than 16 graphs: export it flat" in refusal(path)


SIDE = 1 << 16


@pytest.mark.parametrize(
    ("build", "elements"),
    [
        (lambda n: n.node("Gather", n.constant(np.ones((1, SIDE))), wide(n, (SIDE,), 0)), SIDE**2),
        (lambda n: n.node("Add", wide(n, (SIDE, 1)), wide(n, (1, SIDE))), SIDE**2),
        (lambda n: n.node("Where", wide(n, (SIDE, 1), True), wide(n, (SIDE,)), wide(n, (1,))), SIDE**2),
        (lambda n: n.node("Expand", wide(n, (1,)), n.constant([SIDE, SIDE], np.int64)), SIDE**2),
        (lambda n: n.node("Tile", wide(n, (SIDE,)), n.constant([SIDE], np.int64)), SIDE**2),
        (
            lambda n: n.node("OneHot", wide(n, (SIDE,), 0), n.constant([SIDE], np.int64), wide(n, (2,))),
            SIDE**2,
        ),
        (
            lambda n: n.node(
                "Range", n.constant(0, np.int64), n.constant(1 << 40, np.int64), n.constant(1, np.int64)
            ),
            1 << 40,
        ),
        (lambda n: n.node("Pad", wide(n, (1,)), n.constant([0, SIDE**2 - 1], np.int64)), SIDE**2),
    ],
)
def test_load__a_constant_made_of_little__is_counted_before_it_takes_memory(
    build: Callable[[Network], str], elements: int, tmp_path: Path
) -> None:
    network = Network()
    made = build(network)
    path = network.save(tmp_path, network.node("Add", network.input("x", 2, 3), made))
    assert refusal(path).endswith(f"{made!r} would have {elements} elements; check the model")


def wide(network: Network, dims: tuple[int, ...], value: float = 1.0) -> str:
    """A constant of these dimensions that takes some bytes of the file."""
    tensor = numpy_helper.from_array(np.array([value], np.int64 if type(value) is int else None))
    if type(value) is not int:
        kind = np.bool_ if value is True else np.float32
        tensor = numpy_helper.from_array(np.array([value], kind))
    return network.node("ConstantOfShape", network.constant(dims, np.int64), value=tensor)


def test_load__constants_each_of_which_is_small__are_counted_together(tmp_path: Path) -> None:
    network = Network()
    half = MOST_FOLDED // 2
    first, second = (network.node("Expand", wide(network, (1,)), network.constant([half], np.int64))
                     for _ in range(2))  # fmt: skip
    path = network.save(
        tmp_path, network.node("Add", network.input("x", 1), network.node("Add", first, second))
    )
    message = refusal(path)
    assert message.startswith(f"node {second!r} (Expand): with it, more than {MOST_FOLDED} elements")


def test_load__a_loop__is_refused_before_it_runs(tmp_path: Path) -> None:
    network = Network()
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Concat", ["state", "state"], ["twice"], axis=0),
        ],
        "body",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, ()),
            helper.make_tensor_value_info("go", TensorProto.BOOL, ()),
            helper.make_tensor_value_info("state", TensorProto.INT64, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, ()),
            helper.make_tensor_value_info("twice", TensorProto.INT64, None),
        ],
    )
    count, go = network.constant(40, np.int64), network.constant(True, np.bool_)
    made = network.node("Loop", count, go, network.constant([1], np.int64), body=body)
    path = network.save(tmp_path, network.node("Add", network.input("x", 1, dtype=np.int64), made))
    assert refusal(path) == f"node {made!r} (Loop): it repeats a graph; unroll it when exporting the model"


@pytest.mark.parametrize(
    ("build", "dims"),
    [
        (lambda n, x: n.node("Tile", x, n.constant([1 << 15, 1 << 14], np.int64)), [1 << 15, 1 << 14]),
        (lambda n, x: n.node("Expand", x, n.constant([1 << 15, 1 << 14], np.int64)), [1 << 15, 1 << 14]),
        (lambda n, x: n.node("Pad", x, n.constant([0, 0, 0, 1 << 40], np.int64)), [1, (1 << 40) + 1]),
    ],
)
def test_load__a_tensor_of_enormous_size__is_refused_before_anything_runs(
    build: Callable[[Network, str], str], dims: list[int], tmp_path: Path
) -> None:
    network = Network()
    made = build(network, network.input("x", 1, 1))
    assert refusal(network.save(tmp_path, made)) == (
        f"with {made!r}, of dimensions {dims}, the tensors of one example have more than {MOST_ELEMENTS} "
        "elements: bind its axes with --shape, or split the model"
    )


def test_load__an_axis_bound_to_an_enormous_length__is_refused(tmp_path: Path) -> None:
    network = Network()
    path = network.save(tmp_path, network.node("Relu", network.input("x", "rows", 3)))
    assert "with 'x', of dimensions [1099511627776, 3]" in refusal(path, Bindings({"rows": (1 << 40,)}))


def test_load__more_nodes_than_operations__is_refused(tmp_path: Path) -> None:
    network = Network()
    last = network.input("x", 1)
    for _ in range(MOST_NODES + 1):
        last = network.node("Neg", last)
    assert f"{MOST_NODES} nodes before it remain after folding" in refusal(network.save(tmp_path, last))


def rename(kind: str, name: str) -> Edit:
    """Give a second node, input, output or constant that name."""

    def edit(model: onnx.ModelProto) -> None:
        graph = model.graph
        if kind == "node":
            graph.node.append(helper.make_node("Neg", ["x"], ["z"], name))
        elif kind == "constant":
            graph.initializer.extend(numpy_helper.from_array(np.ones(1), name) for _ in range(2))
        else:
            values = graph.input if kind == "input" else graph.output
            values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, (2, 3)))

    return edit


def append(*outputs: str) -> Edit:
    """Add a node that writes these."""
    return lambda model: model.graph.node.append(helper.make_node("Neg", ["x"], outputs, "added"))


def other_outputs(*names: str) -> Edit:
    """Let these be the outputs."""

    def edit(model: onnx.ModelProto) -> None:
        del model.graph.output[:]
        model.graph.output.extend(helper.make_tensor_value_info(name, 1, (2, 3)) for name in names)

    return edit


def write_constant(model: onnx.ModelProto) -> None:
    """Let a node write the name of an initializer."""
    model.graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "w"))
    append("w")(model)


def retype(code: int) -> Edit:
    """Give the input another type."""

    def edit(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = code

    return edit


def rename_input(model: onnx.ModelProto) -> None:
    """Let the input's name steer the terminal."""
    for name in (model.graph.input[0], model.graph.node[0]):
        name.name = "\x1b[2Jx"
    model.graph.node[0].input[0] = "\x1b[2Jx"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (rename("node", "relu_0"), "two nodes are called 'relu_0': give each its own name"),
        (rename("input", "x"), "two inputs are called 'x': give each its own name"),
        (rename("output", "relu_0"), "two outputs are called 'relu_0': give each its own name"),
        (rename("constant", "w"), "two constants are called 'w': give each its own name"),
        (append("relu_0"), "'relu_0' is given or written twice: give each tensor its own name"),
        (append("x"), "'x' is given or written twice: give each tensor its own name"),
        (write_constant, "'w' is given or written twice: give each tensor its own name"),
        (rename("output", "nothing"), "output 'nothing' is written by no node: check the model"),
        (other_outputs(), "the model has no output: name what it is to compute"),
        (other_outputs("x"), "output 'x' is an input as it is: leave it out"),
        (
            append("a", "b"),
            "node 'added' (Neg): it is ill-formed (Node",
        ),
        (retype(TensorProto.BFLOAT16), "input 'x' is of type BFLOAT16: export the model in float32"),
        (retype(TensorProto.STRING), "input 'x' is of type STRING: export the model in float32"),
        (retype(0), "input 'x' is no tensor: leave it out of the model"),
        (rename_input, r"the name '\x1b[2Jx' is longer than 1024 or does not print: choose another"),
        (rename("output", "y" * (MAX_NAME + 1)), f"the name '{'y' * 40}' is longer than 1024"),
    ],
)
def test_load__an_invalid_graph__is_refused_in_words(edit: Edit, message: str, tmp_path: Path) -> None:
    assert refusal(edited(tmp_path, edit)).startswith(message)


@pytest.mark.parametrize("operator", ["MatMul", "Mul", "Add", "Sub", "Div", "Max", "Pow"])
def test_load__a_weight_that_is_no_number__is_refused_by_its_name(operator: str, tmp_path: Path) -> None:
    network = Network()
    weights = network.constant(np.full((3, 3), np.nan))
    path = network.save(tmp_path, network.node(operator, network.input("x", 3, 3), weights))
    assert refusal(path) == f"constant {weights!r} contains NaN: repair the weights of the model"


def test_load__nan_that_folding_makes__is_refused_by_its_name(tmp_path: Path) -> None:
    network = Network()
    made = network.node("Div", network.constant([0.0]), network.constant([0.0]))
    path = network.save(tmp_path, network.node("Add", network.input("x", 2), made))
    assert refusal(path) == f"constant {made!r} contains NaN: repair the weights of the model"


def test_compile__infinity_over_infinity__is_refused_with_the_node(
    tmp_path: Path,
) -> None:
    network = Network()
    factors = (network.constant([1.0, np.inf]) for _ in range(4))
    path = network.save(tmp_path, network.node("BatchNormalization", network.input("x", 1, 2, 3), *factors))
    graph = load_graph(path)
    units = dict.fromkeys(graph.types, Units(Fraction(1), Fraction(1), Fraction(1)))
    with pytest.raises(UnsupportedModel, match=r"^node 'batch.+: its numbers do not fit"):
        compile_graph(graph, Scales("", Precision.ACCURATE, Bindings(), units))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_load__an_attribute_that_is_no_finite_number__is_refused(number: float, tmp_path: Path) -> None:
    network = Network()
    path = network.save(tmp_path, network.node("LeakyRelu", network.input("x", 2), alpha=number))
    assert "its attribute 'alpha' is no finite number; check the model" in refusal(path)


@pytest.mark.parametrize(
    ("bindings", "message"),
    [
        (Bindings({"y": (2, 3)}), "--shape y: the model has no such input"),
        (Bindings({"x": (2,)}), "--shape x: the input has 2 axes"),
        (Bindings({}, {"ids": 0.5}), "--input ids: 0.5 is no int64"),
        (Bindings({}, {"ids": float("nan")}), "--input ids: nan is no int64"),
        (Bindings({}, {"x": float("nan")}), "--input x: nan is no float32"),
    ],
)
def test_load__a_binding_that_does_not_fit__is_refused(
    bindings: Bindings, message: str, tmp_path: Path
) -> None:
    network = Network()
    x, ids = network.input("x", 2, 3), network.input("ids", 2, dtype=np.int64)
    rows = network.node("Gather", network.input("table", 3, 3), ids)
    assert refusal(network.save(tmp_path, network.node("Add", x, rows)), bindings) == message
