"""The step fetch, its command and the catalogue: consent, copies in place, what is here."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from file_server import FileServer, Route, serve
from replica import Replicas

from iass.foundation.config import DatasetEntry, parse_config
from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json
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

NOWHERE = "http://127.0.0.1:9"
ZIP = b"the archive"
DIGEST = hashlib.sha256(ZIP).hexdigest()


@pytest.fixture(autouse=True)
def _no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("MUSDB_PATH", "MEDLEYDB_PATH", "MIXING_SECRETS_PATH", "IASS_DATA"):
        monkeypatch.delenv(variable, raising=False)


def _fetch(
    name: str, folder: Path, lock: Path, mirror: str, *accepted: str, **options: object
) -> Any:
    """Return the receipt."""
    tools = PreparationTools(folder / name, 1, lock, mirror)
    receipt = folder / "fetched.json"
    fetch_dataset(name, DatasetEntry(options=options), tools, accepted, receipt)
    return read_json(receipt)


def test_a_licence_is_accepted_once_by_name_before_the_first_byte(tmp_path: Path) -> None:
    lock = tmp_path / "lock.json"
    write_json(lock, {"musdb18hq.zip": {"bytes": len(ZIP), "sha256": DIGEST}})
    with serve(**{"musdb18hq.zip": Route(ZIP)}) as server:
        with pytest.raises(UserError, match=r"MUSDB18-HQ has terms: .* 'accept_licences'"):
            _fetch("musdb18hq", tmp_path, lock, server.url, "mm")
        assert server.requests == []
        receipt = _fetch("musdb18hq", tmp_path, lock, server.url, "mm", "musdb18hq")
        assert receipt == {"files": {"musdb18hq.zip": f"sha256:{DIGEST}"}, "copies": {}}
        assert _fetch("musdb18hq", tmp_path, lock, server.url, "musdb18hq") == receipt
    assert len(server.requests) == 1


def test_a_copy_in_place_needs_neither_consent_nor_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path))
    receipt = _fetch("musdb18hq", tmp_path / "data", tmp_path / "lock.json", NOWHERE)
    assert receipt == {"files": {}, "copies": {"MUSDB_PATH": str(tmp_path)}}
    assert not (tmp_path / "data" / "archives").exists()


def test_embedded_sets_fetch_nothing(tmp_path: Path) -> None:
    receipt = _fetch("synthband", tmp_path, tmp_path / "lock.json", NOWHERE)
    assert receipt == {"files": {}, "copies": {}}


@pytest.mark.parametrize("variable", ["MEDLEYDB_PATH", "MIXING_SECRETS_PATH"])
def test_a_copy_of_one_half_of_mm_does_not_accept_the_licence_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(UserError, match="add 'mm' to 'accept_licences'"):
        _fetch("mm", tmp_path, tmp_path / "lock.json", NOWHERE)


def test_copies_of_both_halves_of_mm_need_no_consent_and_the_receipt_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replicas: Replicas, mirror: FileServer
) -> None:
    copies = {"MEDLEYDB_PATH": str(tmp_path), "MIXING_SECRETS_PATH": str(tmp_path.parent)}
    for variable, folder in copies.items():
        monkeypatch.setenv(variable, folder)
    left_out = replicas.list_left_out()
    receipt = _fetch("mm", tmp_path, replicas.lock, mirror.url, leave_out=left_out)
    assert receipt == {"files": _list_locked(replicas, "-metadata/"), "copies": copies}


def test_the_receipt_of_mm_names_the_files_that_came_and_not_those_left_out(
    tmp_path: Path, replicas: Replicas, mirror: FileServer
) -> None:
    left_out = replicas.list_left_out()
    receipt = _fetch("mm", tmp_path, replicas.lock, mirror.url, "mm", leave_out=left_out)
    assert receipt == {"files": _list_locked(replicas, "/"), "copies": {}}


def _list_locked(replicas: Replicas, part: str) -> dict[str, str]:
    """Return the files in folders of the mirror whose names hold `part`, with their checksums."""
    locked = read_json(replicas.lock)
    return {name: f"sha256:{item['sha256']}" for name, item in locked.items() if part in name}


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
        (
            ("fetch", "musdb18hq", "--accept-licence", "--mirror", "http://me:pw0rd@127.0.0.1:9"),
            "--mirror holds a user name or a password, which every log would show; put them into "
            "~/.netrc",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words: tuple[str, ...], said: str) -> None:
    done = _run(*words)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "pw0rd" not in done.stderr


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


@pytest.mark.parametrize("mirror", ["http://me:secret@lab.example", "https://secret@lab.example/a"])
@pytest.mark.parametrize("left_out", [None, "datasets"])
def test_a_mirror_with_a_password_is_refused_before_any_job_and_not_shown(
    mirror: str, left_out: str | None
) -> None:
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text("utf-8"))
    raw = {"mirror": mirror} | raw  # first, where another error would show it
    raw.pop(left_out, None)
    with pytest.raises(UserError, match=r"^a\.yaml: 'mirror' holds .* ~/\.netrc") as caught:
        parse_config(raw, "a.yaml")
    assert "secret" not in str(caught.value)
