"""From cut excerpts and scores to the listening page."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listen_set import CONTEXT, RATE_HZ, TARGETS, WISH, ListenSet, make_noise

from iass.foundation.mp3 import encode_mp3
from iass.reporting.listen.content import Clip, Curve, Frame, Index, Song
from iass.reporting.listen.page import write_page
from iass.reporting.listen.run import TITLE, find_fitting, measure_song
from iass.scoring.table import TAIL

QUIET = "the reference is silent in this frame"
NAME = "Öjebokören & the “Ünï”. v1.0"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ListenSet:
    """Two songs of 3 s, heard from second 1 on; IASS has no bass of the second."""
    made = ListenSet(tmp_path_factory.mktemp("listen"))
    songs = {name: _draw(seed) for seed, name in enumerate((NAME, "second"))}
    tracks = [
        made.write_track(NAME, songs[NAME]),
        made.write_track("second", songs["second"], flags=["bleed", "erratum:bass"]),
    ]
    late = [0.0] * 43 + [1.0] * 87  # labels at 43 frames a second
    made.write_tracks(tracks, {track.id: dict.fromkeys(TARGETS, late) for track in tracks})
    made.cut_references(WISH.model_copy(update={"names": [NAME, "second"]}))
    for method, seed in (("ibm", None), ("iass", 5)):
        estimates = {name: {t: 0.5 * a for t, a in song.items()} for name, song in songs.items()}
        if method == "iass":
            estimates["second"].pop("bass")
        made.write_estimates(method, estimates)
        made.cut_estimates(method, seed)
    return made


def _draw(seed: int) -> dict[str, Any]:
    return {target: make_noise(10 * seed + k, 3.0) for k, target in enumerate(TARGETS)}


def _parse(script: Path) -> dict[str, Any]:
    text = script.read_text("ascii")
    content: dict[str, Any] = json.loads(
        text[text.index("(") + 1 : text.rindex(")")], parse_constant=pytest.fail
    )
    return content


def _frame(second: float, value: float, reason: str = "", **more: object) -> dict[str, object]:
    return {
        "track": NAME,
        "seed": 5,
        "frame_s": second,
        "value": value,
        "reason": reason,
    } | more


def test_a_song_has_all_that_was_cut(made: ListenSet) -> None:
    page = made.write_page()
    first, second = (_parse(page / "songs" / f"{k}.js") for k in (1, 2))
    assert first["id"] == f"demo/tiny/{NAME}"
    assert (first["start_s"], first["seconds"], first["licence"]) == (1.0, 2.0, "CC0")
    keys = {f"{target}/{name}" for target in TARGETS for name in ("reference", "iass", "ibm")}
    assert set(first["clips"]) == {"mixture", *keys}
    assert set(second["clips"]) == {"mixture", *keys} - {"bass/iass"}
    assert first["clips"]["bass/reference"]["gain_db"] == 0
    assert first["clips"]["bass/ibm"]["gain_db"] == 6.02
    assert set(first["labels"]) == set(TARGETS)
    assert set(first["activity"]) == {f"{t}/{m}" for t in TARGETS for m in ("iass", "ibm")}
    assert [method["label"] for method in first["methods"]] == ["IASS", "IBM"]
    assert not first["marks"]


def test_the_mixture_has_a_gain_to_the_level_of_every_reference(tmp_path: Path) -> None:
    made = ListenSet(tmp_path)
    level = np.full((1, 2 * RATE_HZ), 0.1, np.float32)
    made.write_tracks([made.write_track("x", {"vocals": 3 * level, "bass": level})], {})
    made.cut_references()
    gains_db = _parse(made.write_page() / "songs" / "1.js")["mixture_gains_db"]
    assert gains_db == {"vocals": -2.5, "bass": -12.04}  # 20 lg 3/4 and 20 lg 1/4


def test_the_mixture_is_left_as_it_is_where_the_reference_is_silent(tmp_path: Path) -> None:
    made = ListenSet(tmp_path)
    stems = {"vocals": make_noise(1, 2.0), "bass": np.zeros((1, 2 * RATE_HZ), np.float32)}
    made.write_tracks([made.write_track("solo", stems)], {})
    made.cut_references()
    gains_db = _parse(made.write_page() / "songs" / "1.js")["mixture_gains_db"]
    assert gains_db == {"vocals": 0.0, "bass": 0.0}


def test_only_whole_frames_of_the_excerpt_and_the_seed_that_is_heard_are_shown(
    made: ListenSet,
) -> None:
    page = made.write_page(
        _frame(0.0, 9.0),  # before the excerpt
        _frame(1.0, 1.5),
        _frame(1.0, 8.0, seed=6),
        _frame(1.0, 7.0, metric="SIR"),
        _frame(1.0, 6.0, mask="target"),
        _frame(1.0, 5.0, track="second"),
        _frame(1.0, 4.0, dataset="other"),
        _frame(1.1, 2.0),  # 1.1 - 1.0 is not 0.1 to a computer
        _frame(1.5, 2.5),  # frames may overlap
        _frame(2.0, math.nan, QUIET),
        _frame(2.5, 9.0),  # ends behind the excerpt
        _frame(1.0, 3.0, method="ibm", seed=None),
    )
    sdr = _parse(page / "songs" / "1.js")["sdr"]
    assert [(frame["time_s"], frame["value"], frame["reason"]) for frame in sdr["vocals/iass"]] == [
        (0.0, 1.5, ""),
        (0.1, 2.0, ""),
        (0.5, 2.5, ""),
        (1.0, None, QUIET),
    ]
    assert [frame["value"] for frame in sdr["vocals/ibm"]] == [3.0]
    assert sdr["bass/iass"] == []


def test_a_perfect_frame_has_no_number_but_a_reason(made: ListenSet) -> None:
    page = made.write_page(_frame(1.0, math.inf))
    [frame] = _parse(page / "songs" / "1.js")["sdr"]["vocals/iass"]
    assert frame == {"time_s": 0.0, "value": None, "reason": "the estimate equals the reference"}


def test_a_track_that_is_not_scored_says_why(made: ListenSet) -> None:
    page = made.write_page(_frame(math.nan, math.nan, "the target does not sound in this track"))
    [frame] = _parse(page / "songs" / "1.js")["sdr"]["vocals/iass"]
    assert frame["value"] is None
    assert frame["reason"] == "the target does not sound in this track"


def test_the_rest_behind_the_last_frame_is_no_frame(made: ListenSet) -> None:
    page = made.write_page(_frame(1.0, 1.0), _frame(2.0, math.nan, TAIL))
    context = replace(CONTEXT, window_s=1.5)
    assert len(_parse(page / "songs" / "1.js")["sdr"]["vocals/iass"]) == 2
    page = made.write_page(_frame(1.0, 1.0), _frame(2.5, math.nan, TAIL), context=context)
    assert len(_parse(page / "songs" / "1.js")["sdr"]["vocals/iass"]) == 1


def test_what_was_learned_from_and_what_is_faulty_is_marked(made: ListenSet) -> None:
    page = made.write_page(_frame(1.0, 1.0, flags="bleed trained_on"))
    first, second = (_parse(page / "songs" / f"{k}.js") for k in (1, 2))
    assert [method["label"] for method in first["methods"]] == ["IASS†", "IBM"]
    assert first["marks"] == ["†: IASS learned from this song, so its numbers are too good."]
    assert second["marks"] == ["Known fault of this song, in: bass."]


def test_the_page_says_what_it_is_and_which_runs_it_rests_on(made: ListenSet) -> None:
    rows = [_frame(1.0, 1.0, run_id="abc"), _frame(1.0, 1.0, run_id="def", method="ibm")]
    index = _parse(made.write_page(*rows, private=True) / "songs.js")
    assert (index["title"], index["data"]) == (TITLE, "tiny: noise, made for a test.")
    assert index["private"] is True
    assert "Runs, see reports/tables/provenance.csv: iass abc, ibm def." in index["footer"][1]
    assert [song["title"] for song in index["songs"]] == [NAME, "second"]


def test_a_song_that_does_not_fit_is_left_out_and_said(made: ListenSet) -> None:
    page = made.write_page()
    sizes = [path.stat().st_size for path in sorted((page / "songs").iterdir())]
    whole = sum(path.stat().st_size for path in page.rglob("*.*"))
    roomy = (whole + 60_000) / 1e6
    assert len(_parse(made.write_page(max_mb=roomy) / "songs.js")["songs"]) == 2
    index = _parse(made.write_page(max_mb=roomy - sizes[0] / 1e6) / "songs.js")
    assert [song["title"] for song in index["songs"]] == ["second"]  # it is smaller
    [left_out] = index["left_out"]
    assert (left_out["title"], left_out["dataset"]) == (f"nobody - {NAME}", "tiny")
    assert "larger than" in left_out["reason"]
    assert "listen.max_mb" in left_out["reason"]


@pytest.mark.parametrize("max_mb", [0.1, 0.4, 0.8, 1.2])
def test_a_page_never_takes_more_than_it_may(made: ListenSet, max_mb: float) -> None:
    page = made.write_page(_frame(1.0, math.nan, QUIET), max_mb=max_mb)
    assert sum(path.stat().st_size for path in page.rglob("*.*")) <= max_mb * 1e6


def test_what_is_left_out_of_the_plan_and_of_the_choice_is_listed(made: ListenSet) -> None:
    whole = {"title": "all tracks", "dataset": "secret", "reason": "no"}
    index = _parse(made.write_page(left_out=[whole]) / "songs.js")
    assert index["left_out"] == [whole]


def test_a_page_without_songs_is_written(tmp_path: Path) -> None:
    made = ListenSet(tmp_path)
    made.write_tracks([made.write_track("x", _draw(0), licence="no")], {})
    made.cut_references()
    page = made.write_page()
    index = _parse(page / "songs.js")
    assert index["songs"] == list((page / "songs").iterdir()) == []
    assert [one["title"] for one in index["left_out"]] == ["1 of 1 test tracks"]


def test_a_smaller_song_may_follow_one_that_finds_no_room() -> None:
    assert find_fitting([4, 7, 3, 3], 10) == [True, False, True, True]
    assert find_fitting([4, 6], 10) == [True, True]
    assert find_fitting([1], 0.5) == [False]


def test_a_song_is_measured_at_no_less_and_little_more_than_it_takes(tmp_path: Path) -> None:
    curve = Curve(0.023219954648526078, tuple(k / 1000 for k in range(1000)))
    frames = tuple(Frame(k + 0.1, -1.2345678901234567 * k, "warum? „Stille“") for k in range(50))
    clip = Clip(encode_mp3(make_noise(1, 10.0), 44100, 0), -12.34)
    song = Song(
        "i", "t", "a", "d", "e", "l", 0.0, 10.0, 1.0, (), (), {"mixture": clip},
        labels={"vocals": curve}, sdr={"vocals/iass": frames},
    )  # fmt: skip
    write_page(Index("t", "d", private=False), [song], tmp_path)
    size = (tmp_path / "songs" / "1.js").stat().st_size
    assert size <= measure_song(song) <= 1.05 * size
