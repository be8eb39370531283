"""Files beside the model, examples and scales: what they may hold, and in which words the rest is refused."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib import format as npy

from executor.compiler import examples
from executor.compiler.calibration import calibrate, measure
from executor.compiler.comparison import compare_outputs
from executor.compiler.compilation import compile_graph
from executor.compiler.examples import MOST_BYTES, MOST_EXAMPLES, read_samples
from executor.compiler.graph import Graph, Node, UnsupportedModel, ValueType
from executor.compiler.importer import Bindings, load_graph
from executor.compiler.runtime import FloatNetwork
from executor.compiler.scales import MOST_BYTES as MOST_TEXT
from executor.compiler.scales import Precision, Scales
from tests.compiler.networks import Network, compiled_case, normal_samples


def network(folder: Path) -> Graph:
    """A network of two inputs: real numbers, and whole ones."""
    made = Network()
    x, ids = made.input("x", 2, 3), made.input("ids", 2, dtype=np.int64)
    rows = made.node("Gather", made.constant(np.eye(3)), ids)
    return load_graph(made.save(folder, made.node("Add", x, rows)))


def arrays(**others: Any) -> dict[str, Any]:
    """Four examples as they should be, but for these."""
    return {"x": np.ones((4, 2, 3)), "ids": np.zeros((4, 2), np.int64)} | others


def refusal(folder: Path, path: Path) -> str:
    """In which words the examples are refused: one line."""
    with pytest.raises(UnsupportedModel) as caught:
        read_samples(path, network(folder))
    message = str(caught.value)
    assert message.isprintable()
    return message.removeprefix(f"{path}")


def zipped(path: Path, x: bytes, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """The examples, with these bytes in the place of one array."""
    content = io.BytesIO()
    npy.write_array(content, np.zeros((4, 2), np.int64))
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x.npy", x)
        archive.writestr("ids.npy", content.getvalue())
    return path


def header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    """The head of an array of this shape, without what is in it."""
    content = io.BytesIO()
    npy.write_array_header_1_0(content, {"descr": descr, "fortran_order": False, "shape": shape})
    return content.getvalue()


def test_examples__in_other_types_and_orders__are_what_the_network_reads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 2, 3))
    np.savez_compressed(
        tmp_path / "a.npz", x=np.asfortranarray(x), ids=np.ones((4, 2)), more=np.array([object()])
    )
    samples = read_samples(tmp_path / "a.npz", network(tmp_path))
    assert [sample["ids"].dtype for sample in samples] == [np.int64] * 4
    np.testing.assert_array_equal([sample["x"] for sample in samples], x.astype(np.float32))


def test_examples__flat__take_the_dimensions_of_the_input(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays(x=np.arange(24).reshape(4, 6)))
    assert read_samples(tmp_path / "a.npz", network(tmp_path))[3]["x"].tolist() == [
        [18, 19, 20],
        [21, 22, 23],
    ]


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"x": np.array([[object()]])}, ": array 'x' is of object, not of numbers"),
        ({"x": np.array(["a"] * 4)}, ": array 'x' is of <U1, not of numbers"),
        ({"x": np.ones((4, 2, 3), np.complex64)}, ": array 'x' is of complex64, not of numbers"),
        ({"x": np.float32(1)}, ": array 'x': an example has dimensions (), not (2, 3)"),
        ({"x": np.ones((4, 7))}, ": array 'x': an example has dimensions (7,), not (2, 3)"),
        ({"x": np.ones((0, 2, 3))}, f": array 'x' has 0 examples, not 1 to {MOST_EXAMPLES}"),
        ({"x": np.ones((3, 2, 3))}, ": its arrays have different numbers of examples: [3, 4]"),
        (
            {"x": np.full((4, 2, 3), np.nan)},
            ": array 'x' contains NaN, or no finite number: leave out what is missing",
        ),
        (
            {"x": np.full((4, 2, 3), -np.inf)},
            ": array 'x' contains NaN, or no finite number: leave out what is missing",
        ),
        ({"ids": np.full((4, 2), 0.5)}, ": array 'ids' is not of whole numbers, as the input is"),
        ({"ids": np.full((4, 2), 1e30)}, ": array 'ids' has numbers that int64 does not hold"),
        (
            {"ids": np.full((4, 2), 2**64 - 1, np.uint64)},
            ": array 'ids' has numbers that int64 does not hold",
        ),
    ],
)
def test_examples__of_another_kind__are_refused_by_name(
    others: dict[str, Any], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **arrays(**others))
    assert refusal(tmp_path, tmp_path / "a.npz") == message


def test_examples__without_an_array__are_told_which(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((4, 2, 3)))
    assert refusal(tmp_path, tmp_path / "a.npz") == " has no array 'ids': it needs 'x', 'ids'"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": array 'x' is no array (EOF: reading magic string, expected 8 bytes got 0)"),
        (b"no array at all", ": array 'x' is no array (the magic string is not correct"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", ": array 'x' is no array (EOF: reading array header"),
        (pickle.dumps([1]), ": array 'x' is no array (the magic string is not correct"),
        (header((4, 2, 3)), ": array 'x' has other than the 96 bytes that its header states"),
        (header((4, 2, 3)) + bytes(97), ": array 'x' has other than the 96 bytes that its header states"),
        (header((1 << 31, 2, 3)), f": array 'x' has {1 << 31} examples, not 1 to {MOST_EXAMPLES}"),
        (header((-4, 2, 3)), ": array 'x' is no array of dimensions (-4, 2, 3)"),
    ],
)
def test_examples__with_a_bad_member__are_refused_by_its_name(
    content: bytes, message: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, zipped(tmp_path / "a.npz", content)).startswith(message)


def test_examples__that_claim_too_much__are_refused_by_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Network()
    path = made.save(tmp_path, made.node("Relu", made.input("x", 1 << 14)))
    content = zipped(tmp_path / "a.npz", header((1 << 14, 1 << 14)))
    with pytest.raises(UnsupportedModel, match=f"has more than {MOST_BYTES} bytes: take fewer examples"):
        read_samples(content, load_graph(path))


def test_examples__that_unpack_to_more_than_they_claim__are_read_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.npz", header((4, 2, 3)) + bytes(64 << 20))
    unpacked = []
    read = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, size: int | None = -1) -> bytes:
        data = read(self, size)
        unpacked.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    assert refusal(tmp_path, path) == ": array 'x' has other than the 96 bytes that its header states"
    assert sum(unpacked) < 2 * examples.MOST_AT_ONCE


def cut(content: bytes) -> bytes:
    """Without its end."""
    return content[:-30]


def flipped(content: bytes) -> bytes:
    """With one number changed, so that the checksum is another's."""
    at = content.index(np.ones(1).tobytes())
    return content[:at] + b"\x01" + content[at + 1 :]


def encrypted(content: bytes) -> bytes:
    """With the mark of encryption in both heads of the first member."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: b"", " is no file of examples (.npz): File is not a zip file"),
        (lambda _: b"PK\x03\x04 and so on", " is no file of examples (.npz): File is not a zip file"),
        (cut, " is no file of examples (.npz): File is not a zip file"),
        (flipped, " is no file of examples (.npz): Bad CRC-32 for file 'x.npy'"),
        (encrypted, ": array 'x' is encrypted, or packed in another way than numpy does"),
    ],
)
def test_examples__in_a_broken_zip__are_refused(
    change: Callable[[bytes], bytes], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **arrays())
    path.write_bytes(change(path.read_bytes()))
    assert refusal(tmp_path, path) == message


def test_examples__packed_in_another_way__are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.npz", header((4, 2, 3)) + bytes(96), zipfile.ZIP_LZMA)
    assert refusal(tmp_path, path).startswith(": array 'x' is encrypted, or packed in another way")


def test_examples__among_a_great_many_members__are_refused_by_the_length_of_their_list(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}{'x' * 30_000}", b"")
    assert "its list of members has more than 1048576 bytes" in refusal(tmp_path, path)


def written(folder: Path, **others: Any) -> Path:
    """The scales file of a small network, with these entries changed."""
    made = Network()
    path = made.save(folder, made.node("Tanh", made.input("x", 2, 3)))
    compiled_case(path, normal_samples(x=(2, 3))).scales.save(folder / "scales.json")
    document = json.loads((folder / "scales.json").read_text())
    for key, value in others.items():
        if key in ("int8", "int16", "int32"):
            document["tensors"]["x"][key] = value
        else:
            document[key] = value
    (folder / "scales.json").write_text(json.dumps(document))
    return folder / "scales.json"


def scales_refusal(path: Path) -> str:
    """In which words the scales are refused: one line."""
    with pytest.raises(UnsupportedModel) as caught:
        Scales.load(path)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    return message.removeprefix(f"{path} is no scales file: ")


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"int8": "1e99999999"}, "unit '1e99999999' is no decimal number in quotes"),
        ({"int8": "1e999"}, "unit 1e999 is not between 2^-126 and 2^126"),
        ({"int16": "1e-999999"}, "unit '1e-999999' is no decimal number in quotes"),
        ({"int16": "1e-200"}, "unit 1e-200 is not between 2^-126 and 2^126"),
        ({"int8": "0"}, "unit 0 is not between 2^-126 and 2^126"),
        ({"int8": "-1"}, "unit '-1' is no decimal number in quotes"),
        ({"int8": "9" * 5000}, f"unit '{'9' * 40}' is no decimal number in quotes"),
        ({"int8": "1/3"}, "unit '1/3' is no decimal number in quotes"),
        ({"int8": True}, "unit 'True' is no decimal number in quotes"),
        ({"int8": 0.5}, "unit '0.5' is no decimal number in quotes"),
        ({"int8": float("inf")}, "Infinity is no number"),
        ({"int32": float("inf")}, "Infinity is no number"),
        ({"int32": "3"}, "exponent '3' is not in -126 .. 126"),
        ({"int32": 127}, "exponent '127' is not in -126 .. 126"),
        ({"int32": 1.0}, "exponent '1.0' is not in -126 .. 126"),
        ({"shapes": {"x": [-2, 4]}}, "'[-2, 4]' are no dimensions, which are whole numbers from one on"),
        ({"shapes": {"x": [True]}}, "'[True]' are no dimensions, which are whole numbers from one on"),
        ({"shapes": {"x": "23"}}, "'23' are no dimensions, which are whole numbers from one on"),
        ({"values": {"x": float("nan")}}, "NaN is no number"),
        ({"values": {"x": True}}, "'True' is no number up to 3.40282e+38"),
        ({"values": {"x": 10**400}}, f"'1{'0' * 39}' is no number up to 3.40282e+38"),
        ({"model": 5}, "'5' is no text"),
        ({"weights": "int9"}, "'INT9' is missing or unknown"),
    ],
)
def test_scales__with_an_entry_that_is_none__are_refused(
    others: dict[str, Any], message: str, tmp_path: Path
) -> None:
    assert scales_refusal(written(tmp_path, **others)) == message


def test_scales__nested_without_end__are_refused_before_they_are_parsed(tmp_path: Path) -> None:
    path = tmp_path / "scales.json"
    path.write_text('{"[": ' + "[" * 100_000)
    assert scales_refusal(path) == "its brackets are nested deeper than 4"


def test_scales__with_brackets_in_names__are_read(tmp_path: Path) -> None:
    path = written(tmp_path, elements={'[[[[[[ "{{{{ \\': "int16"})
    assert list(Scales.load(path).elements) == ['[[[[[[ "{{{{ \\']


def test_scales__with_a_name_twice__are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace('"int16":', '"int8": "1", "int16":'))
    assert scales_refusal(path) == "a name in ['int16', 'int32', 'int8'] ... stands there twice"


def test_scales__of_a_great_length__are_read_no_further(tmp_path: Path) -> None:
    path = tmp_path / "scales.json"
    path.write_bytes(b" " * (MOST_TEXT + 1))
    assert scales_refusal(path) == f"it has more than {MOST_TEXT} bytes"


def test_measure__a_tensor_that_is_never_finite__is_refused_by_name(tmp_path: Path) -> None:
    made = Network()
    x = made.input("x", 2)
    graph = load_graph(made.save(tmp_path, made.node("Add", x, made.node("Reciprocal", x))))
    with pytest.raises(UnsupportedModel, match="no example gives 'reciprocal_0' a finite value"):
        measure(graph, [{"x": np.zeros(2, np.float32)}])


def test_measure__values_beyond_any_unit__are_refused_by_name() -> None:
    kind = ValueType(np.dtype(np.float64), (2,))
    graph = Graph((Node("n", "Neg", ("x",), ("y",), {}),), ("x",), ("y",), {}, {"x": kind, "y": kind}, 17)
    with pytest.raises(UnsupportedModel, match=r"'x' has values of 1e\+300: scale the model down"):
        measure(graph, [{"x": np.full(2, 1e300)}])


def test_calibrate__values_next_to_zero__leave_scales_that_can_be_read(tmp_path: Path) -> None:
    made = Network()
    path = made.save(tmp_path, made.node("Neg", made.input("x", 2)))
    empty = Scales("", Precision.ACCURATE, Bindings(), {})
    scales = calibrate(path, load_graph(path), empty, [{"x": np.full(2, 1e-45, np.float32)}])
    scales.save(tmp_path / "scales.json")
    assert Scales.load(tmp_path / "scales.json") == scales


def test_network__that_onnxruntime_refuses__is_refused_in_one_line() -> None:
    kind = ValueType(np.dtype(np.float32), (2,))
    node = Node("wrong", "Conv", ("x", "x"), ("y",), {})
    graph = Graph((node,), ("x",), ("y",), {}, {"x": kind, "y": kind}, 17)
    with pytest.raises(UnsupportedModel, match=r"onnxruntime cannot run the network \(.+\): check the model"):
        FloatNetwork(graph, ["y"]).run({"x": np.ones(2, np.float32)})


def test_network__that_fails_on_an_example__says_so_in_one_line(tmp_path: Path) -> None:
    made = Network()
    ids = made.input("ids", 2, dtype=np.int64)
    path = made.save(tmp_path, made.node("Gather", made.constant(np.eye(3)), ids))
    graph = load_graph(path)
    empty = Scales("", Precision.ACCURATE, Bindings(), {})
    compiled = compile_graph(graph, calibrate(path, graph, empty, [{"ids": np.zeros(2, np.int64)}]))
    with pytest.raises(UnsupportedModel) as caught:
        compare_outputs(compiled, [{"ids": np.full(2, 7)}])
    assert str(caught.value).isprintable()
