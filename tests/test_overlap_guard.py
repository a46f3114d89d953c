"""No model is scored on a song that it was trained on, unless the config says so."""

from pathlib import Path

import pytest
import yaml
from projects import TINY

from iass.foundation.card import PublishedSong
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.plan.checks import find_known_overlap
from iass.plan.driver import make_plan
from iass.preparation.manifest import Manifest, Track, write_manifest
from iass.preparation.overlap import check_overlap, read_heard_tracks


def _write(path: Path, *songs: tuple[str, str, str]) -> Path:
    tracks = [
        Track(
            id=f"{artist} - {title}",
            title=title,
            artist=artist,
            split=split,  # type: ignore[arg-type]
            targets=[],
            stems={},
            mixture=None,
            store=None,
            extras={},
            licence="",
            flags=[],
        )
        for split, artist, title in songs
    ]
    manifest = Manifest(
        dataset=path.stem, protocol="joint", targets={}, mixture_rule="sum", tracks=tracks
    )
    write_manifest(path, manifest)
    return path


def test_a_test_song_among_the_training_songs_is_refused_by_name(tmp_path: Path) -> None:
    train = _write(tmp_path / "a.json", ("train", "The Band", "Söng"), ("test", "X", "Y"))
    test = _write(tmp_path / "b.json", ("test", "band", "Song (feat. Z)"), ("train", "U", "V"))
    with pytest.raises(UserError, match=r"demo: 1 song.*'The Band - Söng' is 'band - Song \(feat"):
        check_overlap("demo", train, test, False, tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()
    refused = read_json(tmp_path / "out_refused.json")
    assert refused["pairs"] == [["The Band - Söng", "band - Song (feat. Z)"]]
    check_overlap("demo", train, test, True, tmp_path / "out.json")
    assert not (tmp_path / "out_refused.json").exists()
    assert read_heard_tracks(tmp_path / "out.json") == {"band - Song (feat. Z)"}
    assert read_json(tmp_path / "out.json") == {
        "allowed": True,
        "pairs": [["The Band - Söng", "band - Song (feat. Z)"]],
    }


def test_validation_songs_count_as_trained_on_and_other_songs_do_not(tmp_path: Path) -> None:
    train = _write(tmp_path / "a.json", ("valid", "A", "B"), ("train", "C", "D"))
    fine = _write(tmp_path / "b.json", ("test", "C", "B"), ("train", "A", "B"))
    check_overlap("demo", train, fine, False, tmp_path / "out.json")
    heard = _write(tmp_path / "c.json", ("test", "A", "B"))
    with pytest.raises(UserError, match="1 song"):
        check_overlap("demo", train, heard, False, tmp_path / "out.json")


def test_an_allowed_overlap_is_written_under_every_result() -> None:
    raw = yaml.safe_load(yaml.safe_dump(TINY))
    name = next(iter(raw["experiments"]))
    raw["experiments"][name]["allow_overlap"] = True
    plan = make_plan(raw, "here")
    entry = plan.config.experiments[name]

    class Wildcards:
        experiment, dataset = name, entry.test_on[0]

    assert "ATTENTION" in plan.params.report_context(Wildcards())  # type: ignore[arg-type]
    assert "ATTENTION" not in make_plan(TINY, "here").params.report_context(Wildcards())  # type: ignore[arg-type]


def test_published_lists_are_compared_before_anything_is_downloaded() -> None:
    plan = make_plan(TINY, "here")
    experiment = next(iter(plan.config.experiments.values()))

    class Known:
        def list_songs(self) -> list[PublishedSong]:
            return [PublishedSong("a", "A", "B", "train"), PublishedSong("b", "A", "B", "test")]

    cards = dict.fromkeys(plan.config.datasets, Known())
    assert find_known_overlap(experiment, cards) == [("a", "b")]  # type: ignore[arg-type]
    assert find_known_overlap(experiment, plan.cells.cards) == []


def test_a_broken_receipt_is_named(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text('{"pairs": "all"}')
    with pytest.raises(UserError, match=r"out\.json is not a receipt"):
        read_heard_tracks(tmp_path / "out.json")


def test_training_waits_for_the_receipts_of_all_that_use_its_models() -> None:
    raw = yaml.safe_load(yaml.safe_dump(TINY))
    raw["datasets"]["other"] = {"module": "synthband"}
    raw["experiments"]["second"] = raw["experiments"]["tiny"] | {"test_on": ["synthband", "other"]}
    raw["experiments"]["bounds"] = raw["experiments"]["second"] | {"methods": ["ibm"]}

    class Training:
        dataset = "synthband"

    assert make_plan(raw, "here").files.guarded(Training()) == [  # type: ignore[arg-type]
        "results/overlap/tiny/synthband.json",
        "results/overlap/second/synthband.json",
        "results/overlap/second/other.json",
    ]
