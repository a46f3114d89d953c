"""What data sets and experiments cost, as `iass data list` prints it."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from shared_data import find_shared

from iass.datasets import medleydb, mixing_secrets
from iass.datasets.facts import read_facts
from iass.datasets.multitracks.metadata import SUFFIX, read_song
from iass.datasets.multitracks.recipe import group_stems
from iass.foundation.card import Card
from iass.foundation.config import DatasetEntry
from iass.foundation.plugins import ROOT, list_datasets, load_card
from iass.preparation.catalogue import describe_catalogue
from iass.preparation.run import prepare_dataset
from iass.preparation.sizes import describe_download, measure_disk
from iass.preparation.tools import PreparationTools

PAPER = ROOT / "config" / "paper.yaml"
LOGS = {
    "vocals": "vox",
    "drums": "drum",
    "bass": "bass",
    "electric_guitar": "elecgtr",
    "acoustic_guitar": "acgtr",
    "piano": "piano",
}


def _card(name: str, **options: object) -> Card:
    return load_card(name, DatasetEntry(options=options))


def _gigabytes(card: Card) -> dict[str, float]:
    return {what: amount.bytes / 1e9 for what, amount in measure_disk(card).items()}


def _paragraph(text: str, title: str) -> str:
    return next(part for part in text.split("\n\n") if part.startswith(title))


@pytest.mark.parametrize("name", list_datasets())
def test_every_set_says_what_it_takes(name: str) -> None:
    assert sum(_gigabytes(_card(name)).values()) > 0


def test_sizes_follow_from_the_lengths_of_songs() -> None:
    size = _gigabytes(_card("musdb18hq"))
    assert size["archives"] == 22.656664047
    assert size["unpacked"] == pytest.approx(150 * 236 * 5 * 176400 / 1e9)
    assert size["stems"] == 0
    assert size["training stores"] == pytest.approx(100 * 236 * 4 * 176400 / 1e9)


def test_the_excerpts_take_what_their_archive_holds() -> None:
    """WAVs of AAC are hardly compressed by a zip: its published size checks the formula."""
    size = _gigabytes(_card("musdb18_7s"))
    assert size["unpacked"] == pytest.approx(size["archives"], rel=0.01)


def test_a_rendered_set_takes_what_was_worked_out(tmp_path: Path) -> None:
    options = {
        "songs": {"train": 1, "valid": 1, "test": 1},
        "seconds": dict.fromkeys(("train", "valid", "test"), 3.0),
    }
    entry = DatasetEntry(options=options)
    tools = PreparationTools(tmp_path / "synthband")
    prepare_dataset("synthband", entry, tools, tmp_path / "m.json", tmp_path / "l.parquet")
    files = [path for path in tools.folder.rglob("*") if path.is_file()]
    stores = sum(path.stat().st_size for path in files if path.suffix == ".npy")
    wavs = sum(path.stat().st_size for path in files if path.suffix == ".wav")
    size = measure_disk(_card("synthband", **options))
    assert size["training stores"].bytes == pytest.approx(stores, rel=0.01)
    assert size["stems"].bytes == pytest.approx(wavs, rel=0.01)


def test_archives_and_metadata_are_told_apart(tmp_path: Path) -> None:
    text = describe_catalogue(tmp_path)
    assert "1 archive, 22.7 GB; 0 of them here" in _paragraph(text, "musdb18hq")
    zips = "258 archives and 258 metadata files, about 108 GB; 0 of them here"
    assert zips in _paragraph(text, "mixing_secrets")
    hidden = "archives that only those with access see and 196 metadata files, unknown size;"
    assert hidden in _paragraph(text, "medleydb:")
    assert "Download: nothing\n" in _paragraph(text, "synthband")


def test_what_is_here_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "archives" / "mixing-secrets"
    folder.mkdir(parents=True)
    (folder / "AMContra_HeartPeripheral_Full.zip").touch()
    assert "1 of them here" in _paragraph(describe_catalogue(tmp_path), "mixing_secrets")


def test_a_copy_in_place_needs_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path))
    text = _paragraph(describe_catalogue(tmp_path), "musdb18hq")
    assert f"Download: nothing; a copy is used in place: MUSDB_PATH={tmp_path}\n" in text
    assert "Disk: about 17 GB (training stores about 17 GB);" in text


def test_a_set_of_parts_takes_what_they_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = _card("mm"), [_card("medleydb"), _card("mixing_secrets")]
    for what, amount in measure_disk(whole).items():
        assert amount.bytes == sum(measure_disk(part)[what].bytes for part in parts)
    assert describe_download([whole]) == "at least 108 GB"
    monkeypatch.setenv("MIXING_SECRETS_PATH", str(tmp_path))
    assert describe_download([whole]) == "unknown size"
    monkeypatch.setenv("MEDLEYDB_PATH", str(tmp_path))
    assert describe_download([whole]) == "none"


def test_fewer_songs_take_less() -> None:
    both, first = _gigabytes(_card("medleydb")), _gigabytes(_card("medleydb", versions=["V1"]))
    assert first["unpacked"] == pytest.approx(both["unpacked"] * 122 / 196)


def test_a_set_that_nobody_has_worked_out_says_so(tmp_path: Path) -> None:
    class Plain(type(_card("musdb18_7s"))):  # type: ignore[misc]
        footprint = None

    size = measure_disk(Plain())
    assert [str(amount) for amount in size.values()] == ["932.8 MB", *["unknown size"] * 3]


def test_the_papers_experiments_say_what_they_cost(tmp_path: Path) -> None:
    text = describe_catalogue(tmp_path, PAPER)
    musdb, mm = (_paragraph(text, f"Experiment {name}:") for name in ("musdb", "mm"))
    assert "Download: 22.7 GB\n" in musdb
    assert "Disk: about 71 GB (" in musdb
    assert "Trainings: 8\n" in musdb  # two methods, four targets, one seed
    assert "GPU-hours: open_unmix 89 (22 each; at most" in musdb  # 4 x 1000 x 80 s
    assert musdb.endswith("; iass not measured")
    assert "Download: at least 108 GB\n" in mm
    assert "Trainings: 12\n" in mm
    assert "GPU-hours: open_unmix not measured; iass 325 (4.1 to 110 each; the authors'" in mm
    assert "docs/COSTS.md" in text
    assert "synthband" not in text


def test_seeds_and_variants_cost_as_much_again(tmp_path: Path) -> None:
    raw = yaml.safe_load(PAPER.read_text("utf-8"))
    raw["methods"]["mine"] = raw["methods"]["iass"] | {"module": "iass"}
    raw["experiments"]["mm"] |= {
        "seeds": [1, 2],
        "targets": ["vocals", "piano"],
        "methods": ["input_mixture", "mine"],
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(raw), "utf-8")
    mm = _paragraph(describe_catalogue(tmp_path, config), "Experiment mm:")
    assert "Trainings: 4\n" in mm
    assert "GPU-hours: mine 170 (4.1 to 81 each; " in mm  # 2 x (81.1 + 4.1) = 170.4


def test_bounds_train_nothing(tmp_path: Path) -> None:
    raw = yaml.safe_load(PAPER.read_text("utf-8"))
    raw["experiments"]["musdb"]["methods"] = ["input_mixture", "ibm"]
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(raw), "utf-8")
    musdb = _paragraph(describe_catalogue(tmp_path, config), "Experiment musdb:")
    assert "Trainings: 0\n" in musdb
    assert "training: none\n" in musdb
    assert "GPU-hours: none" in musdb


def test_the_command_prints_sets_and_experiments_of_a_config(tmp_path: Path) -> None:
    words = ["data", "list", "--configfile", str(PAPER), "--data-dir", str(tmp_path)]
    command = [sys.executable, "-m", "iass", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "\n\nExperiment mm: mm\n  Download: at least 108 GB\n" in done.stdout
    assert f"free in {tmp_path}" in done.stdout


def test_hours_are_those_of_the_authors_logs() -> None:
    rows = {row["target"]: row for row in read_facts("training_hours") if row["experiment"] == "mm"}
    for target, name in LOGS.items():
        log = json.loads(find_shared(f"iass_author/hist_{name}.json").read_text("utf-8"))
        seconds = sum(log["train_time_history"])
        assert float(rows[target]["hours"]) == pytest.approx(seconds / 3600, abs=0.05)


def test_files_per_song_are_those_of_the_metadata() -> None:
    counts = {
        "medleydb": _count_files("medleydb", "medleydb/Metadata"),
        "mixing_secrets": _count_files("mixing_secrets", "mixing_secrets/metadata"),
    }
    medley, secrets = counts["medleydb"], counts["mixing_secrets"]
    assert medley["songs"] == 196
    assert round(1 + medley["stems"] / 196, 1) == medleydb.MIX_AND_STEMS
    assert round(medley["sums"] / 196, 1) == medleydb.BUILT_FILES
    assert round(medley["kept"] / 196, 1) == medleydb.STORED_STEMS
    assert secrets["songs"] == 254
    assert round(1 + secrets["mixed"] / 254, 1) == mixing_secrets.BUILT_FILES
    assert round(secrets["kept"] / 254, 1) == mixing_secrets.STORED_STEMS


def _count_files(name: str, folder: str) -> Counter[str]:
    """Count a set's stems, and of its groups: all, sums of stems, mixes of raws, those kept."""
    counts: Counter[str] = Counter()
    for row in _card(name).choose_songs():  # type: ignore[attr-defined]
        song = read_song(find_shared(f"{folder}/{row.track}{SUFFIX}"))
        groups = group_stems(song, broad=False).stems.values()
        raws = [sum(len(song.stems[key].raws) for key in keys) for keys in groups]
        counts.update(songs=1, stems=len(song.stems))
        counts.update(
            sums=sum(len(keys) > 1 for keys in groups),
            mixed=sum(count > 1 for count in raws),
            kept=len(groups) if row.split != "test" else 0,
        )
    return counts
