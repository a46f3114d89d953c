"""What the steps before the listening page cut: clips, gains, curves."""

import json
from pathlib import Path

import numpy as np
import pytest
from listen_set import (
    RATE_HZ,
    WISH,
    ListenSet,
    count_frames,
    decode,
    make_noise,
    measure_likeness,
)

from iass.foundation.errors import UserError
from iass.foundation.mp3 import encode_mp3
from iass.preparation.activity import LABEL_HOP
from iass.reporting.listen.cut import cut_curve, match_level, measure_level
from iass.reporting.listen.records import Estimates, References, read_record

SECOND = RATE_HZ
NAME = "Björk & the Öje's, “Ünï”. v1.0 日本"
HALF = 20 * np.log10(2)  # dB


def _plays_from(second: float, seconds: float = 4.0) -> np.ndarray:
    return np.arange(count_frames(seconds)) * LABEL_HOP >= second * RATE_HZ


@pytest.fixture
def made(tmp_path: Path) -> ListenSet:
    """One song of 4 s, of which the seconds from 2 to 4 are to be heard."""
    made = ListenSet(tmp_path)
    stems = {"vocals": make_noise(1, 4.0), "bass": make_noise(2, 4.0)}
    plays = {"vocals": _plays_from(2), "bass": _plays_from(1)}
    made.write_tracks([made.write_track(NAME, stems)], {NAME: plays})
    return made


def _references(folder: Path) -> References:
    record = read_record(folder)
    assert isinstance(record, References)
    return record


def _estimates(folder: Path) -> Estimates:
    record = read_record(folder)
    assert isinstance(record, Estimates)
    return record


def test_clips_are_cut_to_the_sample(made: ListenSet) -> None:
    folder = made.cut_references()
    vocals, bass = make_noise(1, 4.0), make_noise(2, 4.0)
    for name, audio in {"vocals": vocals, "bass": bass, "mixture": vocals + bass}.items():
        clip = decode(folder / NAME / f"{name}.mp3")
        assert clip.shape == (1, 2 * SECOND)
        likeness = [
            measure_likeness(clip, audio[:, 2 * SECOND + k : 4 * SECOND + k]) for k in (-1, 0)
        ]
        assert likeness[1] > 20 > 15 > likeness[0]


def test_an_estimate_is_cut_where_its_reference_is(made: ListenSet) -> None:
    made.cut_references()
    made.write_estimates("iass", {NAME: {"vocals": 0.5 * make_noise(1, 4.0)}})
    folder = made.cut_estimates("iass", seed=3)
    clip = decode(folder / NAME / "vocals.mp3")
    assert measure_likeness(clip, 0.5 * make_noise(1, 4.0)[:, 2 * SECOND :]) > 20
    record = _estimates(folder)
    assert (record.experiment, record.dataset, record.method, record.seed) == (
        "demo",
        "tiny",
        "iass",
        3,
    )
    assert record.tracks[NAME]["vocals"].gain_db == pytest.approx(HALF, abs=0.005)


def test_where_there_is_no_estimate_there_is_no_clip(made: ListenSet) -> None:
    made.cut_references()
    made.write_estimates("iass", {NAME: {"vocals": make_noise(1, 4.0)}})
    folder = made.cut_estimates("iass")
    assert [path.name for path in (folder / NAME).iterdir()] == ["vocals.mp3"]
    assert set(_estimates(folder).tracks[NAME]) == {"vocals"}


def test_a_shard_without_a_chosen_track_has_no_clip(made: ListenSet) -> None:
    made.cut_references()
    made.write_estimates("iass", {"another": {"vocals": make_noise(1, 4.0)}})
    folder = made.cut_estimates("iass")
    assert [path.name for path in folder.iterdir()] == ["excerpts.json"]
    assert _estimates(folder).tracks == {}


def test_an_estimate_that_is_shorter_than_its_song_is_named(made: ListenSet) -> None:
    made.cut_references()
    made.write_estimates("iass", {NAME: {"bass": make_noise(1, 3.9)}})
    with pytest.raises(UserError, match=r"bass\.wav cannot be read as audio"):
        made.cut_estimates("iass")


def test_a_song_shorter_than_the_excerpt_is_heard_whole(tmp_path: Path) -> None:
    made = ListenSet(tmp_path)
    stems = {"vocals": make_noise(1, 1.5), "bass": make_noise(2, 1.5)}
    plays = {"vocals": _plays_from(1, 1.5), "bass": _plays_from(1, 1.5)}
    made.write_tracks([made.write_track("short", stems)], {"short": plays})
    folder = made.cut_references()
    [place] = _references(folder).places
    assert (place.start, place.samples) == (0, round(1.5 * RATE_HZ))
    clip = decode(folder / "short" / "bass.mp3")
    assert measure_likeness(clip, make_noise(2, 1.5)) > 20


def test_stereo_stays_stereo_and_mono_is_the_mean(tmp_path: Path) -> None:
    made = ListenSet(tmp_path)
    stems = {"vocals": make_noise(1, 2.0, channels=2), "bass": make_noise(2, 2.0, channels=2)}
    made.write_tracks([made.write_track("wide", stems)], {})
    for name, audio in (stems | {"mixture": stems["vocals"] + stems["bass"]}).items():
        stereo = decode(made.cut_references(channels="stereo") / "wide" / f"{name}.mp3")
        assert measure_likeness(stereo, audio) > 15
        mono = decode(made.cut_references(channels="mono") / "wide" / f"{name}.mp3")
        assert measure_likeness(mono, audio.mean(0, keepdims=True)) > 15


def test_silence_is_a_clip_without_level(tmp_path: Path) -> None:
    made = ListenSet(tmp_path)
    stems = {"vocals": make_noise(1, 2.0), "bass": np.zeros((1, 2 * SECOND), np.float32)}
    made.write_tracks([made.write_track("solo", stems)], {})
    folder = made.cut_references()
    [place] = _references(folder).places
    assert place.levels["bass"] is None
    assert np.abs(decode(folder / "solo" / "bass.mp3")).max() < 1e-4
    json.loads((folder / "excerpts.json").read_text(), parse_constant=pytest.fail)  # no NaN


def test_equal_audio_gives_equal_bytes(made: ListenSet) -> None:
    audio = make_noise(1, 1.0)
    assert encode_mp3(audio, RATE_HZ, 4) == encode_mp3(audio.copy(), RATE_HZ, 4)
    assert len(encode_mp3(audio, RATE_HZ, 9)) < len(encode_mp3(audio, RATE_HZ, 0)) / 2


def test_a_gain_brings_an_estimate_to_the_level_of_its_reference() -> None:
    tone = np.full((2, 100), 0.1, np.float32)
    assert measure_level(tone) == pytest.approx(-20.0, abs=1e-5)
    assert match_level(-20.0, -14.0) == 6.0
    assert match_level(-20.0, -30.004) == -10.0


def test_what_is_nearly_silent_is_not_lifted_without_end() -> None:
    assert match_level(-100.0, -20.0) == 24.0


def test_silence_is_neither_lifted_nor_a_measure() -> None:
    assert measure_level(np.zeros((1, 100), np.float32)) is None
    assert match_level(None, -20.0) == 0.0
    assert match_level(-20.0, None) == 0.0


def test_a_curve_is_cut_from_the_excerpts_start() -> None:
    values = [0.0, 0.1, 0.2, 0.3, 1.4, -0.5, 0.61111]
    found = cut_curve(values, hop=10, start=19, length=45, rate_hz=100)
    assert found.hop_s == 0.1
    assert found.values == (0.2, 0.3, 1.0, 0.0, 0.611)  # 20 is nearest; 45 samples are 5 values


def test_labels_and_activity_start_with_the_excerpt(made: ListenSet) -> None:
    [place] = _references(made.cut_references()).places
    frames = -(-2 * SECOND // LABEL_HOP)
    assert len(place.labels["bass"].values) == frames
    assert place.labels["vocals"].values[:3] == (0.0, 1.0, 1.0)  # 86 * 1024 is just before 2 s
    made.write_estimates("iass", {NAME: {"vocals": make_noise(1, 4.0)}})
    curve = _estimates(made.cut_estimates("iass")).tracks[NAME]["vocals"].activity
    assert curve is not None
    assert curve.hop_s == pytest.approx(LABEL_HOP / RATE_HZ)
    assert curve.values[0] == pytest.approx(0.5, abs=0.005)
    assert len(curve.values) == frames


def test_a_private_wish_and_a_forbidden_one_reach_the_record(made: ListenSet) -> None:
    made.write_tracks([made.write_track("x", {"vocals": make_noise(1, 2.0)}, licence="no")], {})
    record = _references(made.cut_references())
    assert record.places == []
    assert [(one.title, one.dataset) for one in record.left_out] == [("1 of 1 test tracks", "tiny")]
    private = made.cut_references(WISH.model_copy(update={"private": True}))
    assert [place.id for place in _references(private).places] == ["x"]


@pytest.mark.parametrize("text", ["{}", '{"experiment": "a", "dataset": "b", "colour": 1}'])
def test_a_record_of_another_kind_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "excerpts.json").write_text(text)
    with pytest.raises(UserError, match=r"excerpts\.json is not what a step"):
        read_record(tmp_path)
