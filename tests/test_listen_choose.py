"""Which tracks and which seconds of them the listening page plays."""

import numpy as np
import pytest

from iass.foundation.errors import UserError
from iass.preparation.activity import LABEL_HOP
from iass.preparation.manifest import Manifest, Track
from iass.reporting.listen.choose import Wish, choose_start, choose_tracks

RATE_HZ = LABEL_HOP * 4  # four label frames a second, to count by hand
ALL = ("vocals", "bass", "drums")
WISH = Wish(tracks=2, names=None, seconds=10.0, publishable=["CC0"], private=False)


def _curve(*plays: int) -> np.ndarray:
    """Return confidences of whole seconds that play (1) or do not, and the frame at the end."""
    return np.append(np.repeat(plays, 4), plays[-1]).astype(np.float32)


def _start(labels: dict[str, np.ndarray], seconds: int, length_s: int) -> float:
    return choose_start(labels, seconds * RATE_HZ, length_s * RATE_HZ, RATE_HZ) / RATE_HZ


def _track(name: str, targets: tuple[str, ...] = ALL, **changes: object) -> Track:
    entry = {
        "id": name,
        "title": name.upper(),
        "artist": "A",
        "split": "test",
        "targets": list(targets),
        "stems": {},
        "mixture": None,
        "store": None,
        "extras": {},
        "licence": "CC0",
        "flags": [],
    }
    return Track.model_validate(entry | changes)


def _choose(songs: list[Track], **wish: object) -> tuple[list[str], list[tuple[str, str]]]:
    manifest = Manifest(dataset="d", protocol="joint", targets={}, mixture_rule="sum", tracks=songs)
    chosen, left_out = choose_tracks(manifest, ALL, WISH.model_copy(update=wish))
    return [track.id for track in chosen], [(one.title, one.reason) for one in left_out]


def test_an_excerpt_starts_where_most_targets_play() -> None:
    labels = {
        "vocals": _curve(0, 0, 1, 1, 0, 0),
        "bass": _curve(0, 0, 0, 1, 1, 0),
        "drums": _curve(1, 1, 0, 0, 1, 0),
    }
    # targets by second: 1 1 1 2 2 0; of two seconds: 2 2 3 4 2
    assert _start(labels, 6, 2) == 3
    assert _start(labels, 6, 3) == 2  # 3 4 5 4


def test_the_first_of_equal_stretches_is_taken() -> None:
    assert _start({"vocals": _curve(0, 1, 1, 0, 1, 1)}, 6, 2) == 1
    assert _start({"vocals": _curve(1, 1, 1, 1, 1, 1)}, 6, 2) == 0


@pytest.mark.parametrize("labels", [{}, {"vocals": _curve(0, 0, 0, 0)}])
def test_a_song_in_which_nothing_plays_is_heard_from_its_start(
    labels: dict[str, np.ndarray],
) -> None:
    assert _start(labels, 4, 2) == 0


def test_an_excerpt_never_reaches_behind_the_song() -> None:
    labels = {"vocals": _curve(0, 0, 0, 1)}
    assert _start(labels, 4, 3) == 1
    assert _start(labels, 4, 4) == 0
    assert choose_start(labels, 4 * RATE_HZ - 1, 3 * RATE_HZ, RATE_HZ) == 0


def test_a_second_with_one_label_frame_more_is_no_better() -> None:
    plays = np.arange(17 * 44100 // LABEL_HOP + 1) * LABEL_HOP >= 44100
    # 43 frames are centred in the second from 1 on, and 44 in that from 15 on
    labels = {"vocals": plays.astype(np.float32)}
    assert choose_start(labels, 17 * 44100, 44100, 44100) == 44100


def test_what_just_misses_the_threshold_does_not_play() -> None:
    labels = {"vocals": np.float32(0.49) + 0 * _curve(0, 0, 0), "bass": 0.5 * _curve(0, 0, 1)}
    assert _start(labels, 3, 1) == 2


def test_tracks_with_most_targets_come_first_and_equals_keep_their_order() -> None:
    tracks = [
        _track("one", ("vocals",)),
        _track("kazoos", ("vocals", "kazoo", "harp", "bass")),  # two that are asked for
        _track("full"),
        _track("late"),
        _track("learned", split="train"),
    ]
    assert _choose(tracks)[0] == ["full", "late"]
    assert _choose(tracks, tracks=3)[0] == ["full", "late", "kazoos"]
    assert _choose(tracks, tracks=9)[0] == ["full", "late", "kazoos", "one"]


def test_a_track_with_a_known_fault_is_heard_by_name_only() -> None:
    tracks = [_track("faulty", flags=["bleed", "erratum:bass"]), _track("good", ("bass",))]
    assert _choose(tracks, tracks=1)[0] == ["good"]
    assert _choose(tracks, names=["faulty"])[0] == ["faulty"]


def test_what_a_licence_forbids_is_left_out_and_said() -> None:
    tracks = [_track("secret", licence="Restricted"), _track("mine", licence=""), _track("free")]
    chosen, [(title, reason)] = _choose(tracks)
    assert chosen == ["free"]
    assert title == "2 of 3 test tracks"
    assert "the licence (Restricted, unknown) keeps it from a public page" in reason
    assert "listen.private" in reason
    assert _choose([_track("free")]) == (["free"], [])


def test_a_named_track_that_its_licence_forbids_is_named() -> None:
    tracks = [_track("secret", licence="Restricted"), _track("free")]
    chosen, [(title, reason)] = _choose(tracks, names=["secret", "free", "free"])
    assert (chosen, title) == (["free"], "A - SECRET")
    assert "(Restricted)" in reason


def test_a_private_page_plays_everything() -> None:
    tracks = [_track("secret", licence="Restricted"), _track("mine", licence="")]
    assert _choose(tracks, private=True) == (["secret", "mine"], [])
    assert _choose(tracks, private=True, names=["mine"]) == (["mine"], [])


@pytest.mark.parametrize("name", ["ghost", "learned"])
def test_a_name_that_is_no_test_track_is_refused(name: str) -> None:
    tracks = [_track("free"), _track("learned", split="train")]
    with pytest.raises(UserError, match=rf"listen\.names\.d names '{name}', which is no test"):
        _choose(tracks, names=[name])
