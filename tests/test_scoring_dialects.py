"""The dialects of SDR against hand-worked numbers and against textbook projections."""

import numpy as np
import pytest
from songs import GRID, Noise, make_band, make_noise, pick, split_frames

from iass.foundation.audio import FloatArray
from iass.scoring.dialects import to_decibels
from iass.scoring.energies import measure_energies
from iass.scoring.engines import ENGINES
from iass.scoring.frames import FrameGrid
from iass.scoring.protocols import PROTOCOLS
from iass.scoring.score import score_song
from iass.scoring.song import hold_song
from iass.scoring.table import Score

DIALECTS = ("SDR", "SI-SDR", "SNRi", "uSDR", "uSI-SDR", "uSNRi", "leakage")


def _score(band: Noise) -> list[Score]:
    return score_song(band.song(), GRID, PROTOCOLS["joint"], ENGINES["exact"], DIALECTS)


def _make_constant(reference: float, estimate: float, mixture: float) -> Noise:
    """Return one mono target of 2 frames whose samples are all alike."""
    levels = [np.full((1, 8000), level, np.float32) for level in (reference, estimate, mixture)]
    return Noise({"t0": levels[0]}, {"t0": levels[1]}, levels[2])


def _project(reference: FloatArray, estimate: FloatArray) -> float:
    """SI-SDR by projecting the estimate on the reference, all channels as one vector."""
    s, e = (audio.astype(np.float64).ravel() for audio in (reference, estimate))
    scale = np.linalg.lstsq(s[:, None], e, rcond=None)[0][0]
    return float(20 * np.log10(np.linalg.norm(scale * s) / np.linalg.norm(e - scale * s)))


def test_half_the_level_is_6_db() -> None:
    """s = 1, e = 1/2: error 1/2, SDR 20 log10 2; mixture 2: error 1, improvement the same."""
    scores = _score(_make_constant(1.0, 0.5, 2.0))
    for metric, mask in (("SDR", "museval"), ("uSDR", "none"), ("SNRi", "museval")):
        np.testing.assert_allclose(pick(scores, "t0", metric, mask), 20 * np.log10(2))
    assert pick(scores, "t0", "SI-SDR") == pytest.approx(np.inf)


def test_the_mixture_itself_improves_by_nothing() -> None:
    band = make_band()
    for target in band.estimates:
        band.estimates[target][:] = band.mixture
    scores = _score(band)
    np.testing.assert_allclose(pick(scores, "t0", "SNRi"), 0.0, atol=1e-12)
    np.testing.assert_allclose(pick(scores, "t0", "uSNRi", "none"), 0.0, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("gain", [1e-4, 0.3, -2.0, 1e3])
def test_si_sdr_is_a_projection_and_knows_no_scale(channels: int, gain: float) -> None:
    band = make_band(channels=channels)
    plain = _score(band)
    band.estimates["t0"][:] *= np.float32(gain)
    scaled = _score(band)
    expected = _project(band.references["t0"], band.estimates["t0"])
    np.testing.assert_allclose(pick(scaled, "t0", "uSI-SDR", "none"), expected, atol=1e-9)
    frames = zip(
        split_frames(band.references["t0"]), split_frames(band.estimates["t0"]), strict=True
    )
    by_frame = [_project(s, e) for s, e in frames]
    np.testing.assert_allclose(pick(scaled, "t0", "SI-SDR"), by_frame, atol=1e-9)
    np.testing.assert_allclose(pick(scaled, "t0", "SI-SDR"), pick(plain, "t0", "SI-SDR"), atol=1e-5)


def test_si_sdr_holds_to_100_db() -> None:
    band = make_band(error=1e-5)
    doubled = band.references["t0"].astype(np.float64)
    expected = _project(band.references["t0"], band.estimates["t0"])
    assert np.isfinite(doubled).all()
    assert expected > 95
    np.testing.assert_allclose(pick(_score(band), "t0", "uSI-SDR", "none"), expected, atol=1e-3)


def test_an_estimate_orthogonal_to_its_reference_has_si_sdr_minus_infinity() -> None:
    band = _make_constant(1.0, 1.0, 1.0)
    band.estimates["t0"][0, ::2] = -1
    assert list(pick(_score(band), "t0", "SI-SDR")) == [-np.inf, -np.inf]


def test_usdr_counts_the_tail_that_frames_leave_out() -> None:
    band = make_band(samples=13000)
    band.estimates["t0"][:, 12000:] = 0
    s, e = (side["t0"].astype(np.float64) for side in (band.references, band.estimates))
    expected = 10 * np.log10(np.sum(s**2) / np.sum((e - s) ** 2))
    assert pick(_score(band), "t0", "uSDR", "none") == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("hop", [1000, 4000, 7000])
def test_metrics_of_songs_do_not_depend_on_the_hop(hop: int) -> None:
    song, grid = make_band(samples=13000).song(), FrameGrid(4000, hop, 8000)
    scores = score_song(song, grid, PROTOCOLS["joint"], ENGINES["exact"], ("uSDR", "uSNRi"))
    usual = score_song(song, GRID, PROTOCOLS["joint"], ENGINES["exact"], ("uSDR", "uSNRi"))
    assert [s.value for s in scores] == [s.value for s in usual]


def test_leakage_compares_with_the_mixture_where_the_target_is_silent() -> None:
    """Silent in the second of three frames; the estimate there is a tenth of the mixture."""
    band = make_band()
    band.references["t0"][:, 4000:8000] = 0
    band.estimates["t0"][:, 4000:8000] = band.mixture[:, 4000:8000] * np.float32(0.1)
    band.estimates["t0"][:, 8000:] = 55.0  # does not matter
    assert pick(_score(band), "t0", "leakage", "none") == pytest.approx(-20, abs=1e-5)


def test_a_closed_gate_leaks_minus_infinity_and_a_target_that_always_sounds_nothing() -> None:
    band = make_band()
    band.references["t0"][:, 4000:8000] = 0
    band.estimates["t0"][:, 4000:8000] = 0
    scores = _score(band)
    assert pick(scores, "t0", "leakage", "none") == [-np.inf]
    assert np.isnan(pick(scores, "t1", "leakage", "none")).all()


def test_decibels_of_zeros_are_infinite_or_undefined() -> None:
    wanted, unwanted = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    np.testing.assert_array_equal(to_decibels(wanted, unwanted), [np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("threads", [1, 2])
def test_energies_are_sums_of_squares(threads: int) -> None:
    band = make_band(targets=3)
    band.estimates["t1"][:, :4000] = 0
    spans = [(0, 4000), (4000, 12000), (100, 101)]
    energies = measure_energies(band.song(), spans, threads)
    for column, (start, stop) in enumerate(spans):
        part = np.s_[:, start:stop]
        x = band.mixture[part].astype(np.float64)
        for row, target in enumerate(band.references):
            s = band.references[target][part].astype(np.float64)
            e = band.estimates[target][part].astype(np.float64)
            expected = {
                "reference": np.sum(s * s),
                "estimate": np.sum(e * e),
                "product": np.sum(s * e),
                "error": np.sum((e - s) ** 2),
                "mixture": np.sum(x * x),
                "input_error": np.sum((x - s) ** 2),
            }
            for name, value in expected.items():
                found = getattr(energies, name)[row, column]
                assert found == pytest.approx(value, rel=1e-6, abs=1e-9), name
    assert list(energies.estimate_sounds[1]) == [False, True, False]
    assert energies.reference_sounds.all()
    assert energies.rest_sounds.all()


def test_a_song_without_mixture_has_no_energies_of_it() -> None:
    reference = {"t0": make_noise(1)}
    energies = measure_energies(hold_song(reference, reference), [(0, 10)])
    assert np.isnan(energies.mixture).all()
    assert not energies.rest_sounds.any()
