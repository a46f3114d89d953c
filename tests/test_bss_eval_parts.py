import threading

import numpy as np
import pytest
import scipy.linalg
import torch

from iass.scoring.bss_eval.correlations import correlate
from iass.scoring.bss_eval.energies import choose_fft_size
from iass.scoring.bss_eval.evaluate import count_frames
from iass.scoring.bss_eval.filters import build_gram, solve_filters
from iass.scoring.bss_eval.parallel import map_in_order
from iass.scoring.bss_eval.track import Track, read_array

TAPS = 8


def _make_signals(samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """References and estimates (2 sources, 2 channels, samples)."""
    rng = np.random.default_rng(5)
    values = torch.from_numpy(rng.standard_normal((2, 2, 2, samples)))
    return values[0], values[1]


def _correlate(references: torch.Tensor, estimates: torch.Tensor, threads: int = 1) -> torch.Tensor:
    def read(start: int, stop: int) -> tuple[torch.Tensor, torch.Tensor]:
        return references[..., start:stop], estimates[..., start:stop]

    track = Track(read, references.shape[-1], torch.device("cpu"), threads)
    return correlate(track, TAPS)


# 57 samples are new in a block of 64, and 1824 in a piece of 32 blocks.
@pytest.mark.parametrize("samples", [1, 5, 57, 58, 64, 1823, 1824, 1825, 1831, 1832, 4000])
def test_correlations_are_sums_of_products(samples: int) -> None:
    references, estimates = _make_signals(samples)
    found = _correlate(references, estimates, threads=2)
    x = references.flatten(0, 1).numpy()
    y = torch.cat([references, estimates]).flatten(0, 1).numpy()
    for lag in range(TAPS):
        length = max(0, samples - lag)
        expected = x[:, :length] @ y[:, lag : lag + length].T
        np.testing.assert_allclose(found[:, :, lag], expected, atol=1e-10)


def _delay(signals: np.ndarray) -> np.ndarray:
    """Return (samples + taps - 1, channels * taps): every channel at every delay."""
    columns = [scipy.linalg.convolution_matrix(signal, TAPS, mode="full") for signal in signals]
    return np.concatenate(columns, axis=1)


def test_the_gram_matrix_holds_inner_products_of_delayed_references() -> None:
    references, estimates = _make_signals(300)
    gram = build_gram(_correlate(references, estimates)[:, :4])
    delayed = _delay(references.flatten(0, 1).numpy())
    np.testing.assert_allclose(gram, delayed.T @ delayed, atol=1e-10)


def test_filters_are_least_squares_on_delayed_references() -> None:
    references, estimates = _make_signals(300)
    filters = solve_filters(_correlate(references, estimates), sources=2, joint=True)
    wanted = np.pad(estimates.numpy(), ((0, 0), (0, 0), (0, TAPS - 1)))
    for source in range(2):
        delayed = _delay(references[source].numpy())
        expected = np.linalg.lstsq(delayed, wanted[source].T)[0]
        found = filters.own[source].flatten(1).T
        np.testing.assert_allclose(found, expected, atol=1e-10)
    delayed = _delay(references.flatten(0, 1).numpy())
    expected = np.linalg.lstsq(delayed, wanted.reshape(4, -1).T)[0]
    assert filters.joint is not None
    np.testing.assert_allclose(filters.joint.flatten(1).T, expected, atol=1e-10)


def test_a_singular_matrix_gets_the_shortest_solution() -> None:
    references, estimates = _make_signals(300)
    references[:] = references[:, :1].round()  # integers: exact sums, exactly equal rows
    filters = solve_filters(_correlate(references, estimates), sources=2, joint=True)
    assert filters.joint is not None
    projection = _delay(references.flatten(0, 1).numpy()) @ filters.joint.flatten(1).T.numpy()
    delayed = _delay(references[:, 0].numpy())
    wanted = np.pad(estimates.flatten(0, 1).numpy(), ((0, 0), (0, TAPS - 1))).T
    expected = delayed @ np.linalg.lstsq(delayed, wanted)[0]
    np.testing.assert_allclose(projection, expected, atol=1e-8)


@pytest.mark.parametrize(
    ("samples", "size"), [(1, 64), (64, 64), (65, 128), (4511, 4608), (44611, 44800), (833, 896)]
)
def test_fft_sizes_are_multiples_of_64_without_large_primes(samples: int, size: int) -> None:
    assert choose_fft_size(samples) == size


@pytest.mark.parametrize(
    ("samples", "frames"), [(1, 1), (100, 1), (101, 1), (149, 1), (150, 2), (199, 2), (200, 3)]
)
def test_frames_are_counted_as_museval_counts(samples: int, frames: int) -> None:
    assert count_frames(samples, window=100, hop=50) == frames


def test_zeros_follow_the_end_of_an_array() -> None:
    audio = np.ones((1, 1, 5), np.float32)
    np.testing.assert_array_equal(read_array(audio, 3, 7), [[[1, 1, 0, 0]]])
    np.testing.assert_array_equal(read_array(audio, 6, 8), [[[0, 0]]])
    assert read_array(audio, 1, 4) is not audio


@pytest.mark.parametrize("threads", [1, 3])
def test_results_keep_the_order_and_few_items_wait(threads: int) -> None:
    drawn = []

    def draw() -> object:
        for item in range(20):
            drawn.append((item, threading.current_thread()))
            yield item

    for position, result in enumerate(map_in_order(lambda item: -item, draw(), threads)):
        assert result == -position
        assert len(drawn) <= position + threads + 1
    assert {thread for _, thread in drawn} == {threading.current_thread()}


def test_an_operation_uses_one_thread_inside_and_the_old_number_afterwards() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for threads in (1, 2):
            inside = list(map_in_order(lambda _: torch.get_num_threads(), range(4), threads))
            assert inside == [1] * 4
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_comes_out_and_torchs_threads_come_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        list(map_in_order(lambda item: 1 // item, [2, 1, 0, 1], threads=2))
    assert torch.get_num_threads() == before
