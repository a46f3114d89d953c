"""Which stem goes to which target, and what is odd about it."""

from pathlib import Path

from metadata_files import write_song

from iass.datasets.multitracks.metadata import read_song
from iass.datasets.multitracks.recipe import Grouping, Recipe, group_stems


def _group(folder: Path, labels: list[object], broad: bool = False) -> Grouping:
    return group_stems(read_song(write_song(folder, "A_B", labels=labels)), broad)


def test_stems_go_to_the_target_of_their_label_and_others_to_rest(tmp_path: Path) -> None:
    labels = ["drum set", "violin", "double bass", "electric bass", "vocalists", "piano"]
    grouping = _group(tmp_path, [*labels, "acoustic guitar", "distorted electric guitar"])
    assert grouping.stems == {
        "acoustic_guitar": ("S07",),
        "bass": ("S03", "S04"),
        "drums": ("S01",),
        "electric_guitar": ("S08",),
        "piano": ("S06",),
        "rest": ("S02",),
        "vocals": ("S05",),
    }
    assert grouping.flags == frozenset()


def test_a_broad_label_counts_only_where_it_is_asked_for(tmp_path: Path) -> None:
    assert set(_group(tmp_path, ["drum machine"]).stems) == {"rest"}
    assert set(_group(tmp_path, ["drum machine"], broad=True).stems) == {"drums"}


def test_a_stem_of_two_targets_goes_to_rest_and_is_flagged(tmp_path: Path) -> None:
    grouping = _group(tmp_path, [["piano", "female singer"], ["piano", "violin"], "piano"])
    assert grouping.stems == {"piano": ("S03",), "rest": ("S01", "S02")}
    assert grouping.flags == {"mixed:piano+vocals", "mixed:piano"}


def test_labels_of_one_target_are_no_mixture(tmp_path: Path) -> None:
    grouping = _group(tmp_path, [["male singer", "female singer"], ["violin", "cello"]])
    assert grouping.stems == {"rest": ("S02",), "vocals": ("S01",)}
    assert grouping.flags == frozenset()


def test_a_broad_label_of_a_target_in_the_rest_is_flagged(tmp_path: Path) -> None:
    labels = ["drum set", "drum machine", ["tack piano", "violin"], ["leadvox", "piano"], "cello"]
    grouping = _group(tmp_path, labels)
    assert grouping.stems == {"drums": ("S01",), "rest": ("S02", "S03", "S04", "S05")}
    assert grouping.flags == {
        "rest_holds:drums",
        "rest_holds:piano",
        "rest_holds:vocals",
        "mixed:piano",
    }
    assert _group(tmp_path, labels, broad=True).flags == {"mixed:piano", "mixed:piano+vocals"}


def test_an_unknown_label_goes_to_rest_and_is_flagged_in_one_word(tmp_path: Path) -> None:
    grouping = _group(tmp_path, ["Glass  Harp of Doom", "piano"])
    assert grouping.stems == {"piano": ("S02",), "rest": ("S01",)}
    assert grouping.flags == {"unknown_label:glass_harp_of_doom"}


def test_a_file_in_two_groups_is_flagged(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    recipe = Recipe(
        "song", {"drums": ((a, b),), "rest": ((b,), (c,)), "bass": ((c,),)}, None, False
    )
    assert recipe.find_shared() == {"shared:drums+rest", "shared:bass+rest"}
    assert (
        Recipe("song", {"drums": ((a, b), (b,)), "rest": ((c,),)}, None, False).find_shared()
        == set()
    )
