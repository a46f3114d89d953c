"""The step fetch, its command and the catalogue: consent, copies in place, what is here."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from iass.foundation.card import Archive, Wanted
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.foundation.plugins import ROOT, list_datasets
from iass.preparation.catalogue import (
    Places,
    choose_places,
    configure_card,
    describe_catalogue,
    find_card,
)
from iass.preparation.fetch import fetch_dataset
from iass.preparation.tools import PreparationTools


class Recorder(PreparationTools):
    """Real tools, but for the network: what was to be fetched is written down."""

    def fetch(self, archives: Sequence[Archive], access: str) -> None:
        self.archives.mkdir(parents=True, exist_ok=True)
        for archive in archives:
            (self.archives / archive.name).touch()

    def unpack(self, archive: Archive, wanted: Wanted) -> Path:
        raise AssertionError("fetch unpacks nothing")


@pytest.fixture(autouse=True)
def _no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("MUSDB_PATH", "MEDLEYDB_PATH", "MIXING_SECRETS_PATH", "IASS_DATA"):
        monkeypatch.delenv(variable, raising=False)


def test_a_licence_is_accepted_once_by_name_before_the_first_byte(tmp_path: Path) -> None:
    tools, receipt = Recorder(tmp_path / "musdb18hq"), tmp_path / "fetched.json"
    with pytest.raises(UserError, match=r"MUSDB18-HQ has terms: .* 'accept_licences'"):
        fetch_dataset("musdb18hq", DatasetEntry(), tools, ["mm"], receipt)
    assert not tools.archives.exists()
    fetch_dataset("musdb18hq", DatasetEntry(), tools, ["mm", "musdb18hq"], receipt)
    assert read_json(receipt) == {"archives": ["musdb18hq.zip"], "local": None}


def test_a_copy_in_place_needs_neither_consent_nor_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path))
    tools, receipt = Recorder(tmp_path / "d" / "musdb18hq"), tmp_path / "fetched.json"
    fetch_dataset("musdb18hq", DatasetEntry(), tools, [], receipt)
    assert read_json(receipt) == {"archives": [], "local": str(tmp_path)}
    assert not tools.archives.exists()


def test_embedded_sets_fetch_nothing(tmp_path: Path) -> None:
    receipt = tmp_path / "fetched.json"
    fetch_dataset("synthband", DatasetEntry(), Recorder(tmp_path / "synthband"), [], receipt)
    assert read_json(receipt)["archives"] == []


def test_the_catalogue_tells_every_set_its_size_terms_and_what_is_here(tmp_path: Path) -> None:
    before = describe_catalogue(tmp_path)
    for name in list_datasets():
        card = find_card(name)
        assert f"{name}: {card.title}" in before
        assert card.licence in before
        assert card.citation in before
    assert "musdb18: MUSDB18" in before
    assert "4.7 GB; 0 of them here; MUSDB_PATH may name a copy of yours" in before
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "musdb18.zip").touch()
    assert "4.7 GB; 1 of them here" in describe_catalogue(tmp_path)


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "iass", "data", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fetch", "nothing"), "There is no data set 'nothing'; choose one of"),
        (("fetch", "musdb18hq"), "give `iass data fetch` --accept-licence"),
        (("check", "musdb18hq", "/nowhere"), "MUSDB_PATH is '/nowhere', which is no folder"),
        (("check", "synthband", "."), "leave the folder out"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words: tuple[str, ...], said: str) -> None:
    done = _run(*words)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_check_names_what_is_odd_about_a_copy(tmp_path: Path) -> None:
    done = _run("check", "falcon69", "--data-dir", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.startswith("1 track checked")


def test_options_come_from_the_config_that_is_given(tmp_path: Path) -> None:
    config = ROOT / "config" / "config.yaml"
    entry = yaml.safe_load(config.read_text("utf-8"))["datasets"]["synthband"]
    assert vars(configure_card("synthband", config)) == entry["options"]
    with pytest.raises(UserError, match=r"config.yaml has no data set 'mm'; it has"):
        configure_card("mm", config)


def test_places_come_from_the_command_then_from_the_config_then_from_habit(tmp_path: Path) -> None:
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text("utf-8"))
    raw |= {"data_dir": "/big", "mirror": "http://lab.example", "accept_licences": ["mm"]}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(raw))
    usual = Places(Path("data"), Path("config/checksums.json"), None, [])
    assert choose_places(None, None, None, None) == usual
    asked = choose_places(config, None, None, None)
    assert asked == Places(Path("/big"), usual.checksums, "http://lab.example", ["mm"])
    given = choose_places(config, tmp_path, Path("lock.json"), "http://other.example")
    assert given == Places(tmp_path, Path("lock.json"), "http://other.example", ["mm"])
