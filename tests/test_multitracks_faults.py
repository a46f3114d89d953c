"""Songs that cannot be used, all named at once, and songs with published errata."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from metadata_files import describe_song, write_fields
from shared_data import find_shared

from iass.datasets import medleydb, mixing_secrets
from iass.datasets.facts import read_facts
from iass.datasets.multitracks.metadata import Song, read_song, read_songs
from iass.datasets.multitracks.recipe import group_stems
from iass.datasets.multitracks.tracks import build_tracks, find_errata
from iass.datasets.splits import Assignment
from iass.foundation.audio import write_wav
from iass.foundation.card import TrackFiles
from iass.foundation.errors import DiskFullError, UserError
from iass.foundation.faults import make_all
from iass.preparation.tools import PreparationTools

FAULTS = {"1": "bleed", "2": "effects", "3": "duplicate", "4": "raw differs from stem"}


def _write_song(folder: Path, track: str, labels: Sequence[str], **changes: object) -> Song:
    """Write a song's metadata, its mixture and its stems: constants 1, 2, ..."""
    fields = describe_song(track, labels=labels, **changes)
    for number, name in enumerate([f"{track}_MIX.wav", *_list_stems(fields)]):
        _write_wav(folder / track / name, number)
    return read_song(write_fields(folder / "metadata", track, fields))


def _list_stems(fields: Mapping[str, dict[str, dict[str, str]]]) -> list[str]:
    return [stem["filename"] for stem in fields["stems"].values()]


def _write_wav(path: Path, value: int) -> Path:
    write_wav(path, np.full((1, 9), value, np.int16), 44100)
    return path


def _build(folder: Path, *songs: Song, processes: int = 1) -> list[TrackFiles]:
    rows = [(Assignment(song.id, "medleydb", "test"), song) for song in songs]
    folders = {song.id: [folder / song.id] for song in songs}
    tools = PreparationTools(folder / "data", processes)
    return build_tracks(tools, medleydb.DataSet(), medleydb.MATERIAL, rows, folders)


def test_two_takes_of_one_name_are_refused_with_every_other_fault(tmp_path: Path) -> None:
    good, twice, short = (_write_song(tmp_path, f"A_{n}", ["piano"]) for n in ("1", "2", "3"))
    (tmp_path / "A_3" / "A_3_STEM_01.wav").unlink()
    other = _write_wav(tmp_path / "A_2" / "Old takes" / "A_2_STEM_01.wav", 77)
    with pytest.raises(UserError) as caught:
        _build(tmp_path, good, twice, short)
    assert str(caught.value) == (
        f"medleydb: 2 of 3 songs cannot be used: {tmp_path}/A_2/A_2_STEM_01.wav and {other} have "
        "one name: remove the one that is not the song's; A_3 lacks A_3_STEM_01.wav; complete or "
        "correct the copy, or name these songs in the option 'leave_out'."
    )


def test_a_copy_and_a_second_file_that_nobody_wants_stop_nothing(tmp_path: Path) -> None:
    song = _write_song(tmp_path, "A_1", ["piano", "violin"])
    _write_wav(tmp_path / "A_1" / "backup" / "A_1_STEM_01.wav", 1)
    _write_wav(tmp_path / "A_1" / "notes.wav", 5)
    _write_wav(tmp_path / "A_1" / "backup" / "notes.wav", 6)
    [track] = _build(tmp_path, song)
    assert track.stems["piano"] == tmp_path / "A_1" / "A_1_STEM_01.wav"


def test_all_songs_with_unusable_files_are_named_and_the_others_are_built(tmp_path: Path) -> None:
    songs = [_write_song(tmp_path, f"A_{n}", ["piano", "piano"]) for n in range(8)]
    for number in range(1, 8):
        (tmp_path / f"A_{number}" / f"A_{number}_STEM_01.wav").write_bytes(b"no audio")
    with pytest.raises(UserError) as caught:
        _build(tmp_path, *songs, processes=2)
    named = re.findall(r"A_(\d)_STEM_01.wav cannot be read", str(caught.value))
    assert named == ["1", "2", "3", "4", "5"]
    assert "stems: 7 of 8 songs cannot be used" in str(caught.value)
    assert "and 2 more" in str(caught.value)
    assert (tmp_path / "data" / "songs" / "A_0" / "piano.wav").is_file()


@pytest.mark.parametrize(("tagged", "flags"), [("no", ("erratum:piano",)), ("yes", ("bleed",))])
def test_a_stem_with_bleed_is_an_erratum_unless_the_song_is_tagged(
    tmp_path: Path, tagged: str, flags: tuple[str, ...]
) -> None:
    track = "TheScarletBrand_LesFleursDuMal"  # its eighth stem holds bleed
    song = _write_song(tmp_path, track, [*["violin"] * 7, "piano", "harp"], has_bleed=tagged)
    assert _build(tmp_path, song)[0].flags == flags
    assert find_errata(mixing_secrets.MATERIAL, song, group_stems(song, broad=False)) == set()


def test_raw_files_count_only_where_stems_are_made_of_them(tmp_path: Path) -> None:
    song = _write_song(tmp_path, "Creepoid_OldTree", ["piano", "electric bass"])  # RAW_02_01
    grouping = group_stems(song, broad=False)
    assert find_errata(mixing_secrets.MATERIAL, song, grouping) == {"erratum:bass"}
    assert find_errata(medleydb.MATERIAL, song, grouping) == set()


def test_effects_on_a_stem_are_no_erratum(tmp_path: Path) -> None:
    song = _write_song(tmp_path, "CelestialShore_DieForUs", ["male singer", "female singer"])
    assert find_errata(medleydb.MATERIAL, song, group_stems(song, broad=False)) == set()


def test_the_errata_are_the_published_ones_with_names_that_exist() -> None:
    text = find_shared("medleydb/ERRATA.md").read_text("utf-8")
    published = re.findall(r"^\| *`(\w+\.wav)` *\| *(\d)", text, re.MULTILINE)
    rows = read_facts("medleydb_errata")
    assert [(row["file"], row["fault"]) for row in rows] == [
        (file, FAULTS[kind]) for file, kind in published
    ]
    songs = {song.id: song for song in read_songs(find_shared("medleydb/Metadata"))}
    for row in rows:
        stems = songs[row["track"]].stems.values()
        raws = [raw.filename for stem in stems for raw in stem.raws.values()]
        assert row["file"] in [*raws, *(stem.filename for stem in stems)]


def test_of_the_real_songs_two_have_an_erratum() -> None:
    songs = read_songs(find_shared("medleydb/Metadata"))
    found = {s.id: find_errata(medleydb.MATERIAL, s, group_stems(s, broad=False)) for s in songs}
    assert {track: flags for track, flags in found.items() if flags} == {
        "Lushlife_ToynbeeSuite": {"erratum:electric_guitar"},
        "TheScarletBrand_LesFleursDuMal": {"erratum:vocals"},
    }


def test_a_full_disk_is_not_met_song_after_song(tmp_path: Path) -> None:
    tried: list[str] = []

    def make(song: str) -> None:
        tried.append(song)
        raise DiskFullError(f"{song} cannot be written.")

    with pytest.raises(DiskFullError, match="a cannot be written"):
        make_all(PreparationTools(tmp_path), make, ["a", "b"], "songs")
    assert tried == ["a"]
