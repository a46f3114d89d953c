"""The scoring of a song: protocols, masks and reasons, with our engine and with museval."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from songs import GRID, Noise, make_band, pick, pick_reasons, split_frames, tabulate

from iass.foundation.audio import FloatArray
from iass.foundation.config import Protocol
from iass.foundation.stand_ins import import_museval
from iass.scoring.engines import ENGINES, Engine
from iass.scoring.frames import FrameGrid
from iass.scoring.masks import ESTIMATE_SILENT, OTHERS_SILENT, REFERENCE_SILENT
from iass.scoring.protocols import PROTOCOLS
from iass.scoring.score import ABSENT, FRAME_METRICS, METRICS, SONG_METRICS, score_song
from iass.scoring.table import TAIL, Score

BOTH: tuple[Protocol, ...] = ("joint", "per_target")
SECOND_FRAME = slice(4000, 8000)


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every test of a protocol holds with our engine and with museval."""
    return ENGINES[request.param]


def _score(band: Noise, protocol: Protocol, engine: Engine) -> list[Score]:
    return score_song(band.song(), GRID, PROTOCOLS[protocol], engine)


def _snr_db(reference: FloatArray, estimate: FloatArray) -> NDArray[np.float64]:
    """SDR of museval v4 by its definition: framewise signal to noise ratio (METHOD section 4)."""
    pairs = zip(split_frames(reference), split_frames(estimate), strict=True)
    return np.array([10 * np.log10(np.sum(s**2) / np.sum((s - e) ** 2)) for s, e in pairs])


@pytest.mark.parametrize("protocol", BOTH)
@pytest.mark.parametrize("channels", [1, 2])
def test_sdr_is_the_framewise_signal_to_noise_ratio(
    protocol: Protocol, channels: int, engine: Engine
) -> None:
    band = make_band(channels=channels)
    scores = _score(band, protocol, engine)
    for target, reference in band.references.items():
        expected = _snr_db(reference, band.estimates[target])
        for mask in ("museval", "target"):
            np.testing.assert_allclose(pick(scores, target, "SDR", mask), expected, atol=1e-6)


def test_joint_scores_are_musevals(engine: Engine) -> None:
    band = make_band(targets=3)
    references, estimates = (
        np.stack([audio.T for audio in part.values()]) for part in (band.references, band.estimates)
    )
    expected = import_museval().evaluate(references, estimates, win=4000, hop=4000)
    scores = _score(band, "joint", engine)
    for metric, values in zip(("SDR", "ISR", "SIR", "SAR"), expected, strict=True):
        for target, row in zip(band.references, values, strict=True):
            np.testing.assert_allclose(pick(scores, target, metric), row, rtol=0, atol=1e-6)


def test_per_target_sir_and_sar_come_from_target_against_rest(engine: Engine) -> None:
    band = make_band(targets=3)
    rest = band.mixture - band.references["t1"]
    references = np.stack([band.references["t1"].T, rest.T])
    estimates = np.stack([band.estimates["t1"].T, rest.T])
    _, _, sir, sar = import_museval().evaluate(references, estimates, win=4000, hop=4000)
    scores = _score(band, "per_target", engine)
    np.testing.assert_allclose(pick(scores, "t1", "SIR"), sir[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(pick(scores, "t1", "SAR"), sar[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("protocol", BOTH)
def test_both_engines_agree_wherever_museval_scores(protocol: Protocol) -> None:
    band = make_band(targets=3, samples=13000)
    band.references["t0"][:, SECOND_FRAME] = 0
    band.estimates["t1"][:, :4000] = 0
    ours, theirs = (tabulate(_score(band, protocol, ENGINES[e])) for e in ("exact", "museval"))
    assert ours.drop(columns=["value", "reason"]).equals(theirs.drop(columns=["value", "reason"]))
    is_museval = ours["mask"] == "museval"
    assert (ours["value"].isna() == theirs["value"].isna())[is_museval].all()
    assert (ours["reason"] == theirs["reason"])[is_museval].all()
    both = theirs["value"].notna()
    np.testing.assert_allclose(ours["value"][both], theirs["value"][both], rtol=0, atol=1e-6)
    with_target_mask = both & (theirs["mask"] == "target")
    assert with_target_mask.any()


def test_near_silence_scores_zero_db(engine: Engine) -> None:
    band = make_band()
    quiet = {target: band.mixture * np.float32(1e-4) for target in band.references}
    scores = _score(replace(band, estimates=quiet), "per_target", engine)
    np.testing.assert_allclose(pick(scores, "t0", "SDR"), 0.0, atol=2e-3)


def test_a_frame_with_one_silent_reference_counts_for_no_target_of_a_joint_score(
    engine: Engine,
) -> None:
    band = make_band()
    band.references["t0"][:, SECOND_FRAME] = 0
    joint, alone = _score(band, "joint", engine), _score(band, "per_target", engine)
    assert pick_reasons(joint, "t0", "SDR") == ["", REFERENCE_SILENT, ""]
    assert pick_reasons(joint, "t1", "SDR") == ["", OTHERS_SILENT, ""]
    assert pick_reasons(alone, "t0", "SDR") == ["", REFERENCE_SILENT, ""]
    assert pick_reasons(alone, "t1", "SDR") == ["", "", ""]
    undefined = [s for s in (*joint, *alone) if s.reason]
    assert all(np.isnan(s.value) for s in undefined)


def test_the_mask_target_scores_a_frame_in_which_another_target_is_silent() -> None:
    band = make_band()
    band.references["t0"][:, SECOND_FRAME] = 0
    scores = _score(band, "joint", ENGINES["exact"])
    for metric in FRAME_METRICS:
        assert np.isfinite(pick(scores, "t1", metric, "target")).all(), metric
        assert pick_reasons(scores, "t0", metric, "target")[1] == REFERENCE_SILENT


@pytest.mark.parametrize("protocol", BOTH)
def test_a_gated_second_is_not_scored(protocol: Protocol, engine: Engine) -> None:
    band = make_band()
    band.estimates["t0"][:, :4000] = 0
    scores = _score(band, protocol, engine)
    assert pick_reasons(scores, "t0", "SDR") == [ESTIMATE_SILENT, "", ""]


def test_under_the_mask_target_a_gated_second_costs_what_silence_costs() -> None:
    band = make_band()
    band.estimates["t0"][:, :4000] = 0
    scores = _score(band, "per_target", ENGINES["exact"])
    assert pick(scores, "t0", "SDR", "target")[0] == 0.0
    for metric in ("ISR", "SIR", "SAR", "SI-SDR"):
        assert pick_reasons(scores, "t0", metric, "target")[0] == ESTIMATE_SILENT


def test_coverage_is_the_share_of_frames_that_count() -> None:
    band = make_band(samples=17000)  # four frames and a tail
    band.estimates["t0"][:, :4000] = 0
    band.references["t1"][:, SECOND_FRAME] = 0
    scores = _score(band, "joint", ENGINES["exact"])
    assert pick(scores, "t0", "coverage") == [0.5]
    assert pick(scores, "t0", "coverage", "target") == [1.0]
    assert pick(scores, "t1", "coverage", "target") == [0.75]


def test_what_is_left_behind_the_last_frame_is_named(engine: Engine) -> None:
    scores = _score(make_band(samples=13000), "per_target", engine)
    tail = [s for s in scores if s.reason == TAIL]
    assert {s.frame_s for s in tail} == {1.5}
    assert {s.metric for s in tail} == set(FRAME_METRICS)
    assert not [s for s in _score(make_band(), "per_target", engine) if s.reason == TAIL]


@pytest.mark.parametrize("samples", [1, 3999, 4000])
def test_a_song_up_to_one_window_is_one_frame(samples: int) -> None:
    scores = _score(make_band(samples=samples), "per_target", ENGINES["exact"])
    assert len(pick(scores, "t0", "SDR")) == 1
    assert pick(scores, "t0", "SDR") == pytest.approx(pick(scores, "t0", "uSDR", "none"))


def test_a_target_that_never_sounds_has_leakage_and_no_sdr(engine: Engine) -> None:
    band = make_band()
    band.references["t0"][:] = 0
    band.estimates["t0"][:] = band.mixture * np.float32(0.1)
    scores = _score(band, "per_target", engine)
    assert pick(scores, "t0", "leakage", "none") == pytest.approx(-20, abs=1e-4)
    others = [s for s in scores if s.target == "t0" and s.metric != "leakage"]
    assert {s.metric for s in others} == set(METRICS) - {"leakage"}
    assert all(np.isnan(s.value) and np.isnan(s.frame_s) and s.reason == ABSENT for s in others)
    assert np.isfinite(pick(scores, "t1", "SDR")).all()


def test_one_target_that_never_sounds_leaves_museval_nothing_of_a_joint_score(
    engine: Engine,
) -> None:
    band = make_band(targets=3)
    band.references["t0"][:] = 0
    scores = _score(band, "joint", engine)
    assert pick_reasons(scores, "t1", "SDR") == [OTHERS_SILENT] * 3
    assert pick(scores, "t1", "coverage") == [0.0]
    expected = _snr_db(band.references["t1"], band.estimates["t1"])
    np.testing.assert_allclose(pick(scores, "t1", "SDR", "target"), expected, atol=1e-6)


def test_an_estimate_that_is_silent_throughout_is_scored_only_by_the_mask_target() -> None:
    band = make_band()
    band.estimates["t0"][:] = 0
    scores = _score(band, "per_target", ENGINES["exact"])
    assert pick_reasons(scores, "t0", "SDR") == [ESTIMATE_SILENT] * 3
    assert list(pick(scores, "t0", "SDR", "target")) == [0.0] * 3
    refused = _score(band, "per_target", ENGINES["museval"])
    assert pick_reasons(refused, "t0", "SDR") == [ESTIMATE_SILENT] * 3
    reason = pick_reasons(refused, "t0", "SDR", "target")[0]
    assert "estimated sources should be non-silent" in reason


def test_a_target_without_usable_estimate_has_the_reason_and_stops_no_other(
    engine: Engine,
) -> None:
    band = make_band()
    del band.estimates["t0"]
    song = band.song({"t0": "t0.wav is broken"})
    scores = score_song(song, GRID, PROTOCOLS["per_target"], engine)
    broken = [s for s in scores if s.target == "t0"]
    assert {s.metric for s in broken} == set(METRICS)
    assert {s.reason for s in broken} == {"t0.wav is broken"}
    assert np.isfinite(pick(scores, "t1", "SDR")).all()
    joint = score_song(song, GRID, PROTOCOLS["joint"], engine)
    assert pick_reasons(joint, "t1", "SDR") == [OTHERS_SILENT] * 3


def test_a_target_that_is_the_whole_mixture_has_sdr_but_no_sir(engine: Engine) -> None:
    scores = _score(make_band(targets=1), "per_target", engine)
    assert np.isfinite(pick(scores, "t0", "SDR")).all()
    assert np.isnan(pick(scores, "t0", "SIR")).all()


def test_an_anti_phase_reference_is_silent_to_museval_but_not_to_the_mask_target() -> None:
    band = make_band(targets=1)
    band.references["t0"][1] = -band.references["t0"][0]
    scores = _score(band, "per_target", ENGINES["exact"])
    assert pick_reasons(scores, "t0", "SDR") == [REFERENCE_SILENT] * 3
    expected = _snr_db(band.references["t0"], band.estimates["t0"])
    np.testing.assert_allclose(pick(scores, "t0", "SDR", "target"), expected, atol=1e-6)


def test_references_that_museval_cannot_solve_for_give_its_reason_or_a_score() -> None:
    """Equal channels make its system singular, and its way out fails with NumPy 2.4."""
    band = make_band()
    for audio in (*band.references.values(), *band.estimates.values()):
        audio[1] = audio[0]
    scores = _score(band, "joint", ENGINES["museval"])
    assert all(np.isfinite(s.value) or s.reason for s in scores)
    ours = _score(band, "joint", ENGINES["exact"])
    expected = _snr_db(band.references["t0"], band.estimates["t0"])
    np.testing.assert_allclose(pick(ours, "t0", "SDR"), expected, atol=1e-6)


def test_every_value_is_a_number_or_has_a_reason(engine: Engine) -> None:
    band = make_band(targets=3, samples=13000)
    band.references["t0"][:, SECOND_FRAME] = 0
    band.references["t1"][:] = 0
    band.estimates["t2"][:] = band.references["t2"]
    for protocol in BOTH:
        for score in _score(band, protocol, engine):
            assert np.isnan(score.value) == bool(score.reason), score


def test_only_the_metrics_asked_for_are_given() -> None:
    song = make_band().song()
    for wanted in (("SDR",), ("SIR", "uSDR"), ("coverage",), ("SI-SDR", "leakage")):
        scores = score_song(song, GRID, PROTOCOLS["joint"], ENGINES["exact"], wanted)
        assert {s.metric for s in scores} == set(wanted)


def test_without_a_mixture_what_asks_for_it_is_left_out() -> None:
    song = replace(make_band().song(), mixture=None)
    scores = score_song(song, GRID, PROTOCOLS["joint"], ENGINES["exact"])
    assert {s.metric for s in scores} == set(METRICS) - {"SNRi", "uSNRi", "leakage"}


def test_metrics_of_songs_stand_under_no_mask_and_have_no_frame() -> None:
    scores = _score(make_band(), "joint", ENGINES["exact"])
    whole = [s for s in scores if s.metric in SONG_METRICS and s.metric != "coverage"]
    assert {s.mask for s in whole} == {"none"}
    assert all(np.isnan(s.frame_s) for s in whole)


@pytest.mark.parametrize("hop", [1000, 4000, 6000])
def test_frames_follow_window_and_hop(hop: int) -> None:
    band = make_band()
    song, grid = band.song(), FrameGrid(4000, hop, 8000)
    scores = score_song(song, grid, PROTOCOLS["per_target"], ENGINES["exact"], ("SDR", "uSDR"))
    frames = [s for s in scores if (s.target, s.metric, s.mask) == ("t0", "SDR", "museval")]
    starts = range(0, 12000 - 4000 + 1, hop)
    assert [s.frame_s for s in frames if s.reason != TAIL] == [start / 8000 for start in starts]
    for start, score in zip(starts, frames, strict=False):
        part = slice(start, start + 4000)
        expected = _snr_db(band.references["t0"][:, part], band.estimates["t0"][:, part])
        assert score.value == pytest.approx(expected[0], abs=1e-6)
