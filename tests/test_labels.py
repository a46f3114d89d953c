"""The table of instrument labels: complete, unambiguous, and loud about what it does not know."""

from pathlib import Path

import pytest
from metadata_files import write_song
from shared_data import find_shared

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.labels import (
    TARGETS,
    find_target,
    find_targets,
    find_unknown_labels,
    normalise_label,
)
from iass.datasets.multitracks.metadata import read_song, read_songs
from iass.foundation.errors import UserError

ROWS = read_facts("labels")
STRICT = {
    "vocals": {"male singer", "female singer", "vocalists"},
    "drums": {"drum set"},
    "bass": {"electric bass", "double bass"},
    "electric_guitar": {"clean electric guitar", "distorted electric guitar"},
    "acoustic_guitar": {"acoustic guitar"},
    "piano": {"piano"},
}


def test_the_table_has_each_label_once_and_as_it_is_looked_up() -> None:
    labels = [row["label"] for row in ROWS]
    assert len(labels) == len(set(labels))
    assert all(normalise_label(label) == label for label in labels)


def test_a_label_has_a_target_exactly_if_it_counts() -> None:
    for row in ROWS:
        assert row["level"] in ("strict", "broad", "none")
        assert (row["level"] == "none") == (row["target"] == "")
        assert row["target"] in ("", *TARGETS)


def test_strict_labels_are_those_that_the_published_counts_are_made_of() -> None:
    assert set(STRICT) == set(TARGETS)
    for target, labels in STRICT.items():
        found = {r["label"] for r in ROWS if r["target"] == target and r["level"] == "strict"}
        assert found == labels


@pytest.mark.parametrize(
    ("label", "strict", "broad"),
    [
        ("drum set", "drums", "drums"),
        ("Drum  Set", "drums", "drums"),
        ("drum machine", None, "drums"),
        ("high hat", None, "drums"),
        ("female rapper", None, "vocals"),
        ("choir", None, "vocals"),
        ("crowd", None, None),
        ("tack piano", None, "piano"),
        ("electric piano", None, None),
        ("bass synth", None, "bass"),
        ("bassdi", None, "bass"),
        ("bass clarinet", None, None),
        ("bass drum", None, "drums"),
        ("elecgtr", None, "electric_guitar"),
        ("lap steel guitar", None, None),
        ("slide guitar", None, None),
        ("acousticgtr", None, "acoustic_guitar"),
        ("Main System", None, None),
        ("Unlabeled", None, None),
    ],
)
def test_a_label_counts_by_its_level(label: str, strict: str | None, broad: str | None) -> None:
    assert find_target(label, broad=False) == strict
    assert find_target(label, broad=True) == broad


def test_an_unknown_label_is_an_error_that_says_where_to_add_it() -> None:
    with pytest.raises(UserError, match=r"'hurdy gurdy' is unknown.*labels\.csv"):
        find_target("hurdy gurdy", broad=True)


def test_a_song_has_the_targets_of_all_labels_of_its_stems(tmp_path: Path) -> None:
    labels = [["acoustic guitar", "male singer"], "bassdi", "harp", "acoustic guitar"]
    song = read_song(write_song(tmp_path, "A_One", labels=labels))
    assert find_targets(song, broad=False) == {"acoustic_guitar", "vocals"}
    assert find_targets(song, broad=True) == {"acoustic_guitar", "vocals", "bass"}


def test_unknown_labels_are_listed_with_their_songs_and_hide_no_other(tmp_path: Path) -> None:
    write_song(tmp_path, "A_One", labels=["piano", "hurdy gurdy", "hurdy gurdy"])
    write_song(tmp_path, "B_Two", labels=[["hurdy gurdy", "Nose Flute"]])
    songs = read_songs(tmp_path)
    assert find_unknown_labels(songs) == {
        "hurdy gurdy": ["A_One", "B_Two"],
        "Nose Flute": ["B_Two"],
    }
    assert find_targets(songs[0], broad=True) == {"piano"}


@pytest.mark.parametrize("folder", ["medleydb/Metadata", "mixing_secrets/metadata"])
def test_every_published_label_is_known(folder: str) -> None:
    assert find_unknown_labels(read_songs(find_shared(folder))) == {}
