"""Artists and titles are recognised however they are spelled; no test song is trained on."""

import json
from collections import Counter
from importlib.metadata import files

import pytest
import yaml
from shared_data import find_shared

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.artists import (
    normalise_artist,
    normalise_title,
    resolve_artist,
    resolve_title,
)
from iass.datasets.multitracks.census import take_census
from iass.datasets.multitracks.overlap import find_overlap
from iass.datasets.musdb.layout import list_published
from iass.foundation.card import PublishedSong


def _name(track: str, artist: str = "", title: str = "") -> PublishedSong:
    return PublishedSong(track, artist, title, "test")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TheLongWait", "The Long Wait"),
        ("DopplerShift", "The Doppler Shift"),
        ("THE DISTRICTS", "Districts"),
        ("MERCMusic", "M.E.R.C. Music"),
        ("Öjebokören", "Ojebokoren"),
        ("O\u0308jeboko\u0308ren", "Öjebokören"),
        ("Hops \u2019n Vinyl", "Hops 'n Vinyl"),
        ("Triviul feat. The Fiend", "Triviul"),
        ("Triviul (ft. The Fiend)", "Triviul"),
        ("Triviul Featuring The Fiend", "Triviul"),
        ("The Easton Ellises (Baumi)", "The Easton Ellises"),
        ("Straße", "STRASSE"),
        ("Кино", "КИНО"),
    ],
)
def test_two_spellings_of_an_artist_are_one(one: str, other: str) -> None:
    assert normalise_artist(one) == normalise_artist(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Theory", "Ory"),
        ("Featherweight", "Weight"),
        ("Кино", "Аквариум"),
        ("हिन्दी", "हन्द"),
        ("!!!", "???"),
    ],
)
def test_two_artists_stay_two(one: str, other: str) -> None:
    assert normalise_artist(one) != normalise_artist(other)
    assert normalise_artist(one) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OnceMore", "Once More (With Feeling)"),
        ("Widow (feat. The Fiend)", "Widow"),
        ("Don\u2019t Let Go", "Dont Let Go"),
        ("CUNextTime", "C U Next Time"),
        ("54", "5 4"),
    ],
)
def test_two_spellings_of_a_title_are_one(one: str, other: str) -> None:
    assert normalise_title(one) == normalise_title(other) != ""


def test_a_title_in_brackets_alone_is_kept() -> None:
    assert normalise_title("(Intro)") == "intro"


def test_an_id_of_mix_rescue_gives_the_artist_and_the_table_gives_the_title() -> None:
    hidden = _name("MR1210_JamesMay", "MR1210", "JamesMay")
    assert resolve_artist(hidden) == resolve_artist(_name("x", "James May")) == "jamesmay"
    assert resolve_title(hidden) == normalise_title("On The Line")


def test_an_unlisted_id_of_mix_rescue_gives_the_artist_and_hides_the_title() -> None:
    hidden = _name("MR9901_TheNobodies", "MR9901", "TheNobodies")
    assert resolve_artist(hidden) == resolve_artist(_name("x", "Nobodies"))
    assert resolve_title(hidden) is None


def test_aliases_join_the_names_of_one_artist() -> None:
    for row in read_facts("artist_aliases"):
        one, other = _name("a", row["alias"]), _name("b", row["artist"])
        assert resolve_artist(one) == resolve_artist(other)


def test_overlap_lists_the_pairs_of_one_song_sorted() -> None:
    train = [
        _name("b", "TheWrongUns", "Rothko"),
        _name("a", "Éa", "Ö"),
        _name("c", "Wrong Uns", "Other"),
    ]
    test = [
        _name("x", "The Wrong'Uns", "Rothko"),
        _name("y", "Ea", "O (Remix)"),
        _name("z", "Ea", "P"),
    ]
    assert find_overlap(train, test) == [("a", "y"), ("b", "x")]
    assert find_overlap(train, []) == []


def test_a_hidden_title_overlaps_with_every_song_of_its_artist() -> None:
    hidden = _name("MR9901_Nobodies", "MR9901", "Nobodies")
    test = [_name("x", "The Nobodies", "One"), _name("y", "The Nobodies", "Two"), _name("z", "No")]
    assert find_overlap([hidden], test) == [("MR9901_Nobodies", "x"), ("MR9901_Nobodies", "y")]
    assert find_overlap(test, [hidden]) == [("x", "MR9901_Nobodies"), ("y", "MR9901_Nobodies")]


def test_musdb18_has_150_songs_in_its_official_splits() -> None:
    songs = list_published()
    assert len({song.id for song in songs}) == 150
    assert Counter(song.split for song in songs) == {"train": 86, "valid": 14, "test": 50}
    assert all(song.artist and song.title for song in songs)
    assert find_overlap(songs, songs) == [(song, song) for song in sorted(s.id for s in songs)]


def test_the_songs_that_validate_are_those_of_the_package_musdb() -> None:
    (config,) = (path for path in files("musdb") or [] if path.name == "mus.yaml")
    official = yaml.safe_load(config.locate().read_text("utf-8"))["validation_tracks"]
    assert {song.id for song in list_published() if song.split == "valid"} == set(official)


def test_every_erratum_is_of_a_song_of_musdb18_and_22_are_of_one_report() -> None:
    errata = read_facts("musdb18_errata")
    assert {row["track"] for row in errata} <= {song.id for song in list_published()}
    assert {row["stem"] for row in errata} == {"vocals", "drums", "other", "mixture"}
    assert sum(row["source"] == "sigsep/website issue 48" for row in errata) == 22


def test_139_songs_of_musdb18_are_in_mm() -> None:
    folders = find_shared("medleydb/Metadata"), find_shared("mixing_secrets/metadata")
    songs = [song for group in take_census("mm", *folders).songs.values() for song in group]
    expected = json.loads(find_shared("musdb/mm_musdb_overlap.json").read_text("utf-8"))
    spelled = {"Jokers Jacks & Kings - Sea Of Leaves": "Jokers, Jacks & Kings - Sea Of Leaves"}
    pairs = {(track, spelled.get(row["musdb"], row["musdb"])) for track, row in expected.items()}
    assert set(find_overlap(songs, list_published())) == pairs
    assert len(pairs) == 139
