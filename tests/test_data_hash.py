"""One hash for the same music, wherever it lies; another for any other music."""

import pytest

from iass.preparation.data_hash import hash_data
from iass.preparation.manifest import Manifest, Stem, Track

STEM = Stem(path="../a/drums.wav", sha256="ab", rate_hz=44100, samples=9, channels=2)
TRACK = Track(
    id="one",
    title="One",
    artist="A",
    split="test",
    targets=["drums"],
    stems={"drums": STEM, "bass": STEM.model_copy(update={"sha256": "cd"})},
    mixture=None,
    store=None,
    extras={},
    licence="CC0",
    flags=[],
)
MANIFEST = Manifest(
    dataset="band",
    protocol="joint",
    targets={"drums": ["drums"], "bass": ["bass"]},
    mixture_rule="sum",
    tracks=[TRACK, TRACK.model_copy(update={"id": "two", "split": "train"})],
)
HASH = hash_data(MANIFEST, "test")


def _with_track(**changes: object) -> Manifest:
    track = TRACK.model_copy(update=changes)
    return MANIFEST.model_copy(update={"tracks": [track, MANIFEST.tracks[1]]})


def _with_stem(**changes: object) -> Manifest:
    return _with_track(stems=TRACK.stems | {"drums": STEM.model_copy(update=changes)})


@pytest.mark.parametrize(
    "same",
    [
        _with_stem(path="/elsewhere/drums.wav"),
        _with_track(title="Uno", artist="B", licence="", extras={"notes": "x.mid"}, store="s.npy"),
        _with_track(stems=dict(reversed(TRACK.stems.items()))),
        MANIFEST.model_copy(update={"dataset": "a variant", "protocol": "per_target"}),
        MANIFEST.model_copy(update={"tracks": [TRACK]}),
    ],
)
def test_places_names_and_other_splits_do_not_matter(same: Manifest) -> None:
    assert hash_data(same, "test") == HASH


@pytest.mark.parametrize(
    "other",
    [
        _with_stem(sha256="ba"),
        _with_stem(samples=10),
        _with_track(mixture=STEM),
        _with_track(targets=[]),
        _with_track(flags=["erratum:drums"]),
        _with_track(id="three"),
        MANIFEST.model_copy(update={"targets": {"drums": ["drums"], "bass": ["drums"]}}),
        MANIFEST.model_copy(update={"mixture_rule": "file"}),
        MANIFEST.model_copy(update={"tracks": [TRACK, TRACK]}),
    ],
)
def test_all_that_a_score_depends_on_matters(other: Manifest) -> None:
    assert hash_data(other, "test") != HASH


def test_a_training_set_has_a_hash_of_its_own() -> None:
    assert hash_data(MANIFEST, "train", "valid") != HASH
