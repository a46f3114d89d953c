"""Against museval itself, the slow twin."""

import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from iass.datasets.falcon69 import TRIM_SAMPLES, decode_streams, find_excerpt
from iass.foundation.stand_ins import import_museval
from iass.scoring.bss_eval import METRICS, evaluate, evaluate_blocks

Audio = NDArray[np.floating]
Pair = tuple[Audio, Audio]

WINDOW = 4000  # samples
WELL_CONDITIONED_DB = 1e-6
SWAPS = 10  # times museval's own difference when left and right are exchanged
ROUNDING_DB = 100.0  # scores above are rounding noise


def _score_museval(pair: Pair, window: int, hop: int) -> Audio:
    museval = import_museval()
    with np.errstate(divide="ignore", invalid="ignore"):
        references, estimates = (audio.transpose(0, 2, 1) for audio in pair)
        return np.stack(museval.evaluate(references, estimates, win=window, hop=hop))


def _score(pair: Pair, window: int = WINDOW, hop: int = WINDOW, **options: object) -> Audio:
    scores = evaluate(*pair, window=window, hop=hop, **options)  # type: ignore[arg-type]
    assert tuple(scores) == METRICS
    return np.stack(list(scores.values()))


def _cap(scores: Audio) -> Audio:
    return np.minimum(scores, ROUNDING_DB)


def _worst(one: Audio, other: Audio) -> Audio:
    """Largest difference of each metric, dB; NaN must meet NaN."""
    np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
    return np.nan_to_num(np.abs(_cap(one) - _cap(other))).max(axis=(1, 2))


def _assert_equal(pair: Pair, window: int = WINDOW, hop: int = WINDOW) -> Audio:
    theirs = _score_museval(pair, window, hop)
    ours = _score(pair, window, hop)
    assert ours.shape == theirs.shape
    assert _worst(ours, theirs).max() <= WELL_CONDITIONED_DB
    return ours


def _assert_equal_up_to_a_swap(pair: Pair) -> None:
    theirs = _score_museval(pair, WINDOW, WINDOW)
    swapped = _score_museval((pair[0][:, ::-1], pair[1][:, ::-1]), WINDOW, WINDOW)
    allowed = np.maximum(SWAPS * _worst(swapped, theirs), WELL_CONDITIONED_DB)
    assert (_worst(_score(pair), theirs) <= allowed).all()


def _quantise(audio: Audio) -> Audio:
    return np.round(audio * 2**15) / 2**15


def _make_pair(sources: int = 2, channels: int = 2, samples: int = 13000, seed: int = 0) -> Pair:
    """Coloured noise, correlated between the channels; estimates with leakage and noise."""
    rng = np.random.default_rng(seed)
    white = 0.02 * rng.standard_normal((sources, channels, samples))
    coloured = np.apply_along_axis(np.convolve, -1, white, [1, 0.9, 0.5], mode="same")
    references = _quantise(coloured + 0.5 * coloured[:, ::-1])
    leakage = 0.2 * (references.sum(axis=0) - references)
    return references, references + leakage + 0.002 * rng.standard_normal(references.shape)


@pytest.fixture
def song(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Real references (AAC, decoded) of four targets, and estimates with leakage and noise."""
    monkeypatch.delitem(sys.modules, "stempeg", raising=False)  # museval may have left a stand-in
    references = np.stack(decode_streams(find_excerpt())[1:])[..., TRIM_SAMPLES:-TRIM_SAMPLES]
    noise = np.random.default_rng(3).standard_normal(references.shape)
    return references, references + 0.1 * references.sum(axis=0) + 0.01 * noise


@pytest.mark.parametrize(
    ("sources", "channels"), [(1, 2), (2, 2), (3, 2), (1, 1), (4, 1), (6, 1), (2, 3)]
)
def test_scores_are_musevals_for_any_number_of_targets_and_channels(
    sources: int, channels: int
) -> None:
    scores = _assert_equal(_make_pair(sources, channels))
    assert np.isinf(scores[2]).all() == (sources == 1)  # nothing interferes with a single source


@pytest.mark.parametrize(
    ("samples", "window", "hop"),
    [
        (13000, 4000, 1500),  # overlapping
        (13000, 3000, 5000),  # with gaps
        (8000, 4000, 4000),  # no tail
        (8001, 4000, 4000),
        (7999, 4000, 4000),
        (4000, 4000, 4000),  # just one frame
        (4001, 4000, 3999),
        (3000, 4000, 4000),  # shorter than the window
        (60000, 44100, 15900),  # more than one piece of the correlations
    ],
)
def test_frames_are_musevals(samples: int, window: int, hop: int) -> None:
    _assert_equal(_make_pair(samples=samples), window, hop)


def test_a_signal_shorter_than_the_filter_is_scored() -> None:
    _assert_equal(_make_pair(sources=1, channels=1, samples=300))


def _silence(which: int, channels: int = 2) -> Callable[[Pair], None]:
    def edit(pair: Pair) -> None:
        pair[which][1, :channels, 4000:8500] = 0

    return edit


def _turn_phase(pair: Pair) -> None:
    pair[0][1, 0, 4000:8000] = -pair[0][1, 1, 4000:8000]


@pytest.mark.parametrize("edit", [_silence(0), _silence(1), _turn_phase])
def test_a_frame_with_one_silent_source_is_nan_for_all(edit: Callable[[Pair], None]) -> None:
    pair = _make_pair()
    edit(pair)
    scores = _assert_equal(pair)
    np.testing.assert_array_equal(np.isnan(scores).all(axis=(0, 1)), [False, True, False])
    np.testing.assert_array_equal(np.isnan(scores).any(axis=(0, 1)), [False, True, False])


def test_one_silent_channel_is_scored() -> None:
    pair = _make_pair()
    _silence(0, channels=1)(pair)
    assert not np.isnan(_assert_equal(pair)).any()
    pair[0][1, 0] = 0  # throughout
    assert not np.isnan(_assert_equal(pair)).any()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("metrics", [METRICS, ("SDR",)])
def test_a_source_silent_throughout_is_refused_in_musevals_words(
    which: int, metrics: tuple[str, ...]
) -> None:
    pair = _make_pair(samples=9000)
    pair[which][1, 1] = -pair[which][1, 0]
    with pytest.raises(ValueError, match="non-silent") as theirs:
        _score_museval(pair, WINDOW, WINDOW)
    with pytest.raises(ValueError, match="non-silent") as ours:
        evaluate(*pair, window=WINDOW, hop=WINDOW, metrics=metrics)  # type: ignore[arg-type]
    assert str(ours.value) == str(theirs.value)


def test_a_source_that_sounds_in_the_dropped_tail_alone_is_not_refused() -> None:
    pair = _make_pair()
    pair[1][0, :, :12500] = 0
    assert np.isnan(_assert_equal(pair)).all()


def test_other_shapes_are_refused_in_musevals_words() -> None:
    references, estimates = _make_pair(samples=9000)
    for wrong in (estimates[:1], estimates[:, :1]):
        with pytest.raises(ValueError, match="should match") as theirs:
            _score_museval((references, wrong), WINDOW, WINDOW)
        with pytest.raises(ValueError, match="should match") as ours:
            _score((references, wrong))
        assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("samples", [9000, 12500, 15000])
def test_estimates_of_another_length_are_cut_or_filled(samples: int) -> None:
    references, _ = _make_pair()
    _, estimates = _make_pair(samples=samples)
    assert _assert_equal((references, estimates)).shape == (4, 2, 3)


def test_no_samples_give_no_frames() -> None:
    empty = np.empty((2, 2, 0))
    assert _score((empty, empty)).shape == (4, 2, 0)


@pytest.mark.parametrize("gain", [1e-7, 1e3])
def test_scores_are_musevals_at_any_gain(gain: float) -> None:
    references, estimates = _make_pair()
    _assert_equal((gain * references, gain * estimates))
    _assert_equal((references, gain * estimates))


def test_identical_estimates_score_above_every_rounding() -> None:
    references, _ = _make_pair()
    assert _assert_equal((references, references))[0].min() > ROUNDING_DB


def test_the_mixture_as_every_estimate_has_no_artefacts() -> None:
    references, _ = _make_pair()
    mixture = np.broadcast_to(references.sum(axis=0), references.shape)
    scores = _assert_equal((references, mixture))
    assert scores[3].min() > ROUNDING_DB
    assert np.abs(scores[2]).max() < 10


def test_a_mono_song_in_two_channels_is_projected_though_museval_stumbles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """museval 0.4.1 means to use least squares, but looks for the error where numpy 2 has none."""
    monkeypatch.setattr(np.linalg, "linalg", np.linalg, raising=False)
    references, estimates = _make_pair(sources=1)
    references[:, 1] = references[:, 0]
    _assert_equal((references, estimates))


def test_real_music_on_16_bits_scores_the_same(song: Pair) -> None:
    references, estimates = (audio[..., :60000] for audio in song)
    _assert_equal((_quantise(references).astype(np.float32), estimates), 44100, 15900)


def test_real_decoded_music_is_as_near_as_museval_is_to_itself(song: Pair) -> None:
    references, estimates = (audio[:2, :, 50000:90000] for audio in song)
    _assert_equal_up_to_a_swap((references, estimates))


def test_types_and_threads_do_not_matter() -> None:
    references, estimates = (audio.astype(np.float32) for audio in _make_pair(samples=130000))
    expected = _score((references, estimates), threads=1)
    tensors = (torch.from_numpy(references), torch.from_numpy(estimates))
    wide = (references.astype(np.float64), estimates.astype(np.float64))
    integers = ((references * 2**15).astype(np.int16), estimates * 2**15)
    for pair in ((references, estimates), tensors, wide, integers):
        scores = _score(pair, threads=2)  # type: ignore[arg-type]
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-10)


def test_arguments_and_torchs_threads_come_back_unchanged() -> None:
    pair = _make_pair()
    copies = [audio.copy() for audio in pair]
    for audio in pair:
        audio.setflags(write=False)
    before = torch.get_num_threads()
    _score(pair, threads=2)
    assert torch.get_num_threads() == before
    np.testing.assert_array_equal(pair, copies)


def test_blocks_give_what_arrays_give_and_are_read_in_rising_order() -> None:
    references, estimates = _make_pair(samples=130000)
    starts: list[int] = []

    def read(start: int, stop: int) -> Pair:
        starts.append(start)
        return references[..., start:stop].copy(), estimates[..., start:stop].copy()

    blocks = evaluate_blocks(read, 130000, window=WINDOW, hop=WINDOW)
    np.testing.assert_array_equal(np.stack(list(blocks.values())), _score((references, estimates)))
    passes = 1 + sum(later < earlier for earlier, later in pairwise(starts))
    assert passes <= 3


def test_where_the_blocks_begin_does_not_matter() -> None:
    pair = _make_pair(samples=130000)
    silence = np.zeros((2, 2, 1000))
    later = tuple(np.concatenate([silence, audio], axis=-1) for audio in pair)
    shifted = _score(tuple(audio[..., 3000:] for audio in later))  # type: ignore[arg-type]
    cut = _score(tuple(audio[..., 2000:] for audio in pair))  # type: ignore[arg-type]
    np.testing.assert_array_equal(shifted, cut)


@pytest.mark.parametrize("metrics", [("SDR",), ("ISR", "SDR"), ("SAR",)])
def test_metrics_asked_for_alone_are_the_same(metrics: tuple[str, ...]) -> None:
    pair = _make_pair()
    everything = evaluate(*pair, window=WINDOW, hop=WINDOW)
    some = evaluate(*pair, window=WINDOW, hop=WINDOW, metrics=metrics)  # type: ignore[arg-type]
    assert set(some) == set(metrics)
    for metric, values in some.items():
        np.testing.assert_allclose(values, everything[metric], atol=1e-12)


@pytest.mark.parametrize("taps", [1, 32])
def test_the_length_of_the_filters_is_an_option(taps: int) -> None:
    pair = _make_pair()
    references, estimates = (audio.transpose(0, 2, 1) for audio in pair)
    metrics = import_museval().metrics
    theirs = metrics.bss_eval(references, estimates, WINDOW, WINDOW, filters_len=taps)[:4]
    ours = _score(pair, filter_length=taps)
    assert _worst(ours, np.stack(theirs)).max() <= WELL_CONDITIONED_DB
