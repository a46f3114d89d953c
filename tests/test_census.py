"""Songs per target: the published table, and what a census says of gaps."""

from pathlib import Path

import pytest
from metadata_files import write_song
from shared_data import find_shared
from test_cli import _run

from iass.datasets.multitracks.census import (
    Count,
    count_songs,
    describe_gaps,
    format_census,
    take_census,
)
from iass.datasets.multitracks.metadata import read_songs
from iass.foundation.errors import UserError

# bass, drums, vocals, electric guitar, acoustic guitar, piano: songs / those without bleed
MEDLEYDB = ["122/90", "106/81", "86/65", "73/57", "35/25", "72/33"]
MIXING_SECRETS = ["189/159", "229/201", "197/170", "165/145", "72/65", "74/58"]
MM = ["311/249", "335/282", "283/235", "238/202", "107/90", "146/91"]


def _write_small_sets(folder: Path) -> tuple[Path, Path]:
    medleydb, mixing_secrets = folder / "medleydb", folder / "secrets"
    write_song(medleydb, "AClassicEducation_NightOwl", labels=["piano", "drum set", "piano"])
    write_song(medleydb, "CroqueMadame_Oil", labels=["piano", "choir"], has_bleed="yes")
    write_song(medleydb, "Extra_SongWithoutAudio", labels=["piano"])
    write_song(mixing_secrets, "Fin_Echoes", labels=["drum machine", ["piano", "vocalists"]])
    return medleydb, mixing_secrets


def test_a_song_counts_once_per_target_and_raw_labels_do_not_count(tmp_path: Path) -> None:
    medleydb, _ = _write_small_sets(tmp_path)
    counts = count_songs(read_songs(medleydb), broad=False)
    assert counts["piano"] == Count(songs=3, without_bleed=2)
    assert counts["drums"] == Count(songs=1, without_bleed=1)
    assert counts["vocals"] == Count(songs=0, without_bleed=0)
    assert count_songs(read_songs(medleydb), broad=True)["vocals"] == Count(1, 0)


def test_a_census_has_a_row_per_set_and_one_for_both(tmp_path: Path) -> None:
    table = format_census(take_census("mm", *_write_small_sets(tmp_path)), broad=False)
    rows = [line.rsplit(maxsplit=6) for line in table.splitlines()[1:-1]]
    assert rows == [
        ["MedleyDB V1+V2 (2)", "0/0", "1/1", "0/0", "0/0", "0/0", "2/1"],
        ["Mixing Secrets (1)", "0/0", "0/0", "1/1", "0/0", "0/0", "1/1"],
        ["MM (3)", "0/0", "1/1", "1/1", "0/0", "0/0", "3/2"],
    ]
    assert len({len(line) for line in table.splitlines()[:-1]}) == 1


def test_a_census_tells_of_missing_songs_and_unknown_labels(tmp_path: Path) -> None:
    medleydb, _ = _write_small_sets(tmp_path)
    write_song(medleydb, "CroqueMadame_Pilot", labels=["hurdy gurdy"])
    missing, unknown = describe_gaps(take_census("medleydb", medleydb, None))
    assert missing.startswith("Songs without metadata, not counted: AimeeNorwich_Child, ")
    assert missing.endswith(" and 188 more.")
    assert "'hurdy gurdy' (CroqueMadame_Pilot)" in unknown
    assert "labels.csv" in unknown


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("medleydb", "--medleydb-metadata"),
        ("mixing_secrets", "--mixing-secrets-metadata"),
        ("mm", "--medleydb-metadata"),
        ("musdb18hq", "choose one of medleydb, mixing_secrets, mm"),
    ],
)
def test_a_census_without_metadata_says_what_to_give(name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        take_census(name, None, None)


def test_the_command_prints_the_table_and_fails_on_gaps(tmp_path: Path) -> None:
    medleydb, mixing_secrets = _write_small_sets(tmp_path)
    folders = ["--medleydb-metadata", str(medleydb), "--mixing-secrets-metadata"]
    done = _run("data", "census", "mm", *folders, str(mixing_secrets), "--broad")
    assert done.returncode == 1
    assert "MM (3)" in done.stdout
    assert "strict and broad labels" in done.stdout
    assert done.stderr.startswith("Songs without metadata")


def test_the_published_files_give_the_published_table_without_a_gap() -> None:
    folders = find_shared("medleydb/Metadata"), find_shared("mixing_secrets/metadata")
    census = take_census("mm", *folders)
    lines = format_census(census, broad=False).splitlines()
    header = "bass drums vocals electric guitar acoustic guitar piano"
    assert " ".join(lines[0].split()) == header
    assert [line.rsplit(maxsplit=6) for line in lines[1:-1]] == [
        ["MedleyDB V1+V2 (196)", *MEDLEYDB],
        ["Mixing Secrets (258)", *MIXING_SECRETS],
        ["MM (454)", *MM],
    ]
    assert describe_gaps(census) == []
