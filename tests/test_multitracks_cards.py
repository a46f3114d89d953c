"""What the cards of MedleyDB, Mixing Secrets and mm refuse, choose and know beforehand."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from file_server import FileServer
from mirrored import make_card, prepare
from replica import Replicas
from shared_data import find_shared

from iass.datasets import medleydb, medleydb_sample, mm
from iass.datasets.facts import read_facts
from iass.datasets.multitracks.metadata import read_songs
from iass.datasets.multitracks.overlap import find_overlap
from iass.datasets.multitracks.recipe import group_stems
from iass.datasets.musdb.layout import list_published
from iass.datasets.splits import read_split
from iass.foundation.card import TrackFiles
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.preparation.fetch import fetch_dataset
from iass.preparation.tools import PreparationTools

SIX = {"vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano"}


def test_the_licence_must_be_accepted_first(replicas: Replicas, tmp_path: Path) -> None:
    tools = PreparationTools(tmp_path / "mm", 1, replicas.lock)
    with pytest.raises(UserError, match="add 'mm' to 'accept_licences'"):
        fetch_dataset("mm", DatasetEntry(), tools, [], tmp_path / "receipt.json")


def test_metadata_other_than_the_pinned_are_refused_without_a_lock_of_their_own(
    mirror: FileServer, replicas: Replicas, tmp_path: Path
) -> None:
    tools = PreparationTools(tmp_path / "mm", 1, tmp_path / "empty.json", mirror.url)
    with pytest.raises(UserError, match="checksum"):
        make_card(replicas).fetch(tools)


def test_the_sample_has_two_test_tracks(mirrored_data: Path) -> None:
    tracks = prepare(medleydb_sample.DataSet(), mirrored_data, "sample")
    assert {name: track.split for name, track in tracks.items()} == {
        "LizNelson_Rainfall": "test",
        "Phoenix_ScotchMorris": "test",
    }
    assert tracks["LizNelson_Rainfall"].licence == "CC BY-NC-SA"


@pytest.fixture
def copies(
    mirrored_data: Path, mm_tracks: dict[str, TrackFiles], tmp_path: Path
) -> tuple[Path, Path]:
    """Copies as a laboratory may hold them: $MEDLEYDB_PATH/Audio/T and <zip's name>/..."""
    assert mm_tracks  # whose preparation has unpacked what is linked here
    unpacked = mirrored_data / "unpacked"
    medley, secrets = tmp_path / "MedleyDB", tmp_path / "Secrets"
    (medley / "Audio").mkdir(parents=True)
    for song in unpacked.glob("medleydb-v*/*/*/*/*"):
        (medley / "Audio" / song.name).symlink_to(song)
    secrets.symlink_to(unpacked / "mixing-secrets")
    return medley, secrets


def test_copies_are_used_in_place_and_no_audio_is_fetched(
    mm_tracks: dict[str, TrackFiles],
    copies: tuple[Path, Path],
    replicas: Replicas,
    mirror: FileServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDLEYDB_PATH", str(copies[0]))
    monkeypatch.setenv("MIXING_SECRETS_PATH", str(copies[1]))
    tools = PreparationTools(tmp_path / "data" / "mm", 1, replicas.lock, mirror.url)
    extra = [row["track"] for row in read_facts("mixing_secrets_metadata")]
    addressed = {row["track"] for row in read_facts("mixing_secrets_archives")}
    assert set(extra) - addressed  # these are in nobody's way
    card = mm.DataSet(
        leave_out=[t for t in replicas.list_left_out() if t not in set(extra) - addressed]
    )
    rows = [row for row in card.choose_songs() if row.track in mm_tracks]
    assert len(rows) == len(mm_tracks)
    left_out = replicas.list_left_out()
    card = replace(card, leave_out=left_out)
    card.fetch(tools)
    assert {path.suffix for path in tools.archives.rglob("*") if path.is_file()} <= {
        ".yaml", ".json", ".lock"
    }  # fmt: skip
    found = prepare(card, tmp_path / "data")
    assert set(found) == set(mm_tracks)
    name = next(iter(replicas.medleydb))
    assert found[name].stems["bass"] == mm_tracks[name].stems["bass"]


def test_songs_that_are_not_there_are_all_named_with_the_way_out(
    mirrored_data: Path, replicas: Replicas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("MEDLEYDB_PATH", str(tmp_path / "empty"))
    card = medleydb.DataSet(leave_out=replicas.list_left_out())
    with pytest.raises(UserError) as caught:
        prepare(card, mirrored_data, "medleydb")
    count = len(replicas.medleydb)
    assert f"{count} of {count} songs cannot be used" in str(caught.value)
    assert "is not there" in str(caught.value)
    assert "'leave_out'" in str(caught.value)


def test_a_song_that_lacks_a_file_is_named_with_it(
    copies: tuple[Path, Path],
    mirrored_data: Path,
    replicas: Replicas,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    track = next(iter(replicas.medleydb))
    folder = copies[0] / "Audio" / track
    original = folder.resolve()
    folder.unlink()
    (folder / f"{track}_STEMS").mkdir(parents=True)
    (folder / f"{track}_MIX.wav").symlink_to(original / f"{track}_MIX.wav")
    for path in sorted((original / f"{track}_STEMS").iterdir())[1:]:
        (folder / f"{track}_STEMS" / path.name).symlink_to(path)
    monkeypatch.setenv("MEDLEYDB_PATH", str(copies[0]))
    card = medleydb.DataSet(leave_out=replicas.list_left_out())
    with pytest.raises(UserError, match=f"{track} lacks {track}_STEM_01.wav"):
        prepare(card, mirrored_data, "medleydb")
    prepare(replace(card, leave_out=[*card.leave_out, track]), mirrored_data, "medleydb")


def test_one_version_of_medleydb_can_be_used_alone(mirrored_data: Path, replicas: Replicas) -> None:
    versions = {row["track"]: row["version"] for row in read_facts("medleydb_versions")}
    card = medleydb.DataSet(leave_out=replicas.list_left_out(), versions=["V2"])
    found = prepare(card, mirrored_data, "v2")
    assert set(found) == {track for track in replicas.medleydb if versions[track] == "V2"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"labels": "loose"}, "option 'labels' is 'loose'; choose one of strict, broad"),
        ({"bleed": "no"}, "option 'bleed' is 'no'; choose one of keep, drop, drop_from_test"),
        ({"mixture": "x"}, "option 'mixture' is 'x'; choose one of file, sum"),
        ({"versions": ["V3"]}, "option 'versions' is 'V3'; choose one of V1, V2"),
        ({"leave_out": ["Nobody_Nothing"]}, "names 'Nobody_Nothing', which is no track"),
        ({"split": "mine"}, "there is no split 'mine'"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        mm.DataSet(**options)


def test_the_authors_split_tests_on_their_23_songs() -> None:
    songs = mm.DataSet(split="authors_acoustic_guitar").list_songs()
    known = {row["track"] for row in read_facts("authors_test_tracks")}
    assert {song.id for song in songs if song.split == "test"} == known
    assert len(known) == 23


def test_songs_are_known_by_name_before_the_download() -> None:
    songs = {song.id: song for song in mm.DataSet().list_songs()}
    assert (songs["MERCMusic_Knockout"].artist, songs["MERCMusic_Knockout"].title) == (
        "MERCMusic",
        "Knockout",
    )
    assert set(songs) == {row.track for row in read_split("mm")}  # also those without an address


def test_the_names_alone_show_the_songs_that_musdb18_shares() -> None:
    pairs = find_overlap(mm.DataSet().list_songs(), list_published())
    assert len({test for _, test in pairs}) == 139


def test_every_song_has_metadata_with_a_checksum_and_an_address() -> None:
    for dataset, count in (("medleydb", 196), ("mixing_secrets", 258)):
        rows = read_facts(f"{dataset}_metadata")
        tracks = [row.track for row in read_split("mm") if row.dataset == dataset]
        assert [row["track"] for row in rows] == sorted(tracks)
        assert len(rows) == count
        assert all(re.fullmatch("[0-9a-f]{64}", row["sha256"]) for row in rows)


def test_the_zips_of_mixing_secrets_have_one_name_each() -> None:
    rows = read_facts("mixing_secrets_archives")
    names = [PurePosixPath(row["url"]).name for row in rows]
    assert len(names) == len(set(names)) == 258
    assert len({row["track"] for row in rows}) == 254
    assert all(row["url"].startswith("https://") for row in rows)


def test_the_checksums_are_those_of_the_published_metadata() -> None:
    folders = {"medleydb": "medleydb/Metadata", "mixing_secrets": "mixing_secrets/metadata"}
    for dataset, name in folders.items():
        folder = find_shared(name)
        for row in read_facts(f"{dataset}_metadata"):
            content = (folder / f"{row['track']}_METADATA.yaml").read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"]


def test_grouped_or_flagged_as_mixed_the_real_songs_give_the_published_counts() -> None:
    songs = read_songs(find_shared("mixing_secrets/metadata"))
    found = [
        {
            *group.stems,
            *(t for f in group.flags if f.startswith("mixed:") for t in re.split("[:+]", f)),
        }
        for group in (group_stems(song, broad=False) for song in songs)
    ]
    counts = {target: sum(target in names for names in found) for target in SIX}
    assert counts == {
        "bass": 189,
        "drums": 229,
        "vocals": 197,
        "electric_guitar": 165,
        "acoustic_guitar": 72,
        "piano": 74,
    }
