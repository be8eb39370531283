"""Settings: file, environment and options, in that order; and mistakes named."""

from __future__ import annotations

from pathlib import Path

import pytest

from executor.settings import Settings, SettingsError, parse_amount

ADDRESS = "0x" + "ab" * 20
CHECKSUMMED = "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "executor.toml"
    path.write_text(
        f"""
        deployment = "from_file.json"
        artifacts = ["one.program", "two.program"]
        min_price = "0.001 ether"
        threads = 2
        arbiters = ["{ADDRESS}"]
        [assets]
        {ADDRESS} = 5
        """
    )
    return path


def test_load__file__is_read_with_its_types(file: Path) -> None:
    settings = Settings.load(file)
    assert settings.deployment == Path("from_file.json")
    assert settings.artifacts == (Path("one.program"), Path("two.program"))
    assert (settings.min_price, settings.threads) == (10**15, 2)
    assert settings.arbiters == (CHECKSUMMED,)
    assert settings.assets == {CHECKSUMMED: 5}


def test_load__variable__wins_over_the_file_and_an_option_over_both(file: Path, monkeypatch) -> None:
    monkeypatch.setenv("ELENCHUS_THREADS", "3")
    monkeypatch.setenv("ELENCHUS_MIN_PRICE", "2 gwei")
    assert Settings.load(file).threads == 3
    assert Settings.load(file).min_price == 2 * 10**9
    assert Settings.load(file, threads=4).threads == 4
    assert Settings.load(file, threads=None).threads == 3


def test_load__executor_toml_here__is_found(file: Path, monkeypatch) -> None:
    monkeypatch.chdir(file.parent)
    assert Settings.load().threads == 2


def test_load__nothing_set__says_what_is_missing_and_how_to_set_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"deployment: Field required \(set ELENCHUS_DEPLOYMENT"):
        Settings.load()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("surprise = 1", "surprise: Extra inputs"),
        ("threads = 0", "threads: "),
        ("min_price = '1.5 wei'", "no whole number"),
        ("min_price = '1 shilling'", "no amount"),
        ("min_price = -1", "min_price: "),
        ("arbiters = ['0x12']", "is no address"),
        ("= 1", "executor.toml"),
    ],
)
def test_load__mistake_in_the_file__is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "executor.toml"
    path.write_text(f"deployment = 'x.json'\n{line}\n")
    with pytest.raises(SettingsError, match=reason):
        Settings.load(path)


def test_load__variable_that_is_no_setting__is_refused(file: Path, monkeypatch) -> None:
    monkeypatch.setenv("ELENCHUS_THREAD", "3")
    with pytest.raises(SettingsError, match="no setting ELENCHUS_THREAD"):
        Settings.load(file)


@pytest.mark.parametrize(
    ("text", "wei"), [("7", 7), ("0.05 ether", 5 * 10**16), ("2 gwei", 2 * 10**9), ("3 wei", 3), (9, 9)]
)
def test_parse_amount__words__are_wei(text: object, wei: int) -> None:
    assert parse_amount(text) == wei
