from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from iass.foundation.stft import Stft
from iass.training.songs import Song, move_song
from iass.training.validation import _BLOCK, Validator, read_sum

STFT = Stft(256, 128)
CPU = torch.device("cpu")


@dataclass
class HalfTask:
    """Takes half of the mixture for the target; the network only shows its mode."""

    network: nn.Module
    stft: Stft = STFT

    def compute_losses(self, batch):
        raise AssertionError("validation has no losses")

    def estimate_magnitude(self, magnitude):
        assert not self.network.training
        return magnitude * 0.5


class Smoothing(HalfTask):
    """Sees three frames to either side, and counts the most frames that it was given."""

    most = 0

    def estimate_magnitude(self, magnitude):
        self.most = max(self.most, magnitude.shape[-1])
        kernel = torch.tensor([1.0, 2.0, 4.0, 9.0, 4.0, 2.0, 1.0])[None, None] / 46
        flat = magnitude.reshape(-1, 1, magnitude.shape[-1])
        return functional.conv1d(flat, kernel, padding=3).reshape(magnitude.shape)


class LocalSmoothing(Smoothing):
    context_frames = 3


def make_song(scale, channels, samples=3000):
    rng = np.random.default_rng(scale)
    store = rng.integers(-1000 * scale, 1000 * scale, (2, channels, samples)).astype(np.int16)
    return Song(str(scale), store, ("bass", "noise"), frozenset({"bass"}), np.ones(3, bool))


def measure(task, songs, **options):
    return Validator(songs, "mono", CPU, **options).measure(task)


def test_a_whole_song_is_the_sum_of_its_stems():
    song = make_song(3, 2)
    mixture, target = read_sum(song, (0, 3000), "mono")
    assert mixture.shape == target.shape == (1, 1, 3000)
    np.testing.assert_allclose(target[0, 0], song.store[0].mean(axis=0) / 32768, atol=1e-7)
    expected = song.store.astype(float).sum(axis=0).mean(axis=0) / 32768
    np.testing.assert_allclose(mixture[0, 0], expected, atol=1e-7)


def test_the_error_is_the_mean_over_songs_of_the_mean_squared_error():
    songs, network = [make_song(1, 1), make_song(9, 1)], nn.Linear(1, 1)
    errors = []
    for song in songs:
        stems = [torch.from_numpy(stem.astype(np.float32) / 32768) for stem in song.store]
        mixture = STFT.transform(stems[0] + stems[1]).abs()
        errors.append(float(((0.5 * mixture - STFT.transform(stems[0]).abs()) ** 2).mean()))
    assert measure(HalfTask(network), songs) == pytest.approx(sum(errors) / 2, rel=1e-5)
    assert network.training


def test_an_excerpt_is_the_middle_of_each_song_and_a_short_song_is_taken_whole():
    long, short = make_song(3, 1), make_song(5, 1, samples=800)
    middle = Song("middle", long.store[:, :, 1000:2000], long.stems, long.target_stems, long.active)
    task = HalfTask(nn.Linear(1, 1))
    assert measure(task, [long, short], samples=1000) == measure(task, [middle, short])
    assert measure(task, [long], samples=1000) != measure(task, [long])


@pytest.mark.parametrize("extra", [0, 1, 2, 3, 700, 1024])
def test_blocks_with_context_give_the_error_of_the_whole_song(extra):
    samples = (_BLOCK + extra) * STFT.hop + 17
    song, network = make_song(7, 2, samples), nn.Linear(1, 1)
    whole, blocks = Smoothing(network), LocalSmoothing(network)
    expected = measure(whole, [song])
    assert measure(blocks, [song]) == pytest.approx(expected, rel=1e-6)
    assert whole.most == STFT.count_frames(samples)
    assert blocks.most <= _BLOCK + 2 * 3
    part = samples - 5 * STFT.hop
    assert measure(blocks, [song], samples=part) == pytest.approx(
        measure(whole, [song], samples=part), rel=1e-6
    )


def test_too_little_context_would_be_seen():
    task = LocalSmoothing(nn.Linear(1, 1))
    task.context_frames = 2
    song = make_song(7, 2, 2 * _BLOCK * STFT.hop)
    assert measure(task, [song]) != pytest.approx(measure(Smoothing(nn.Linear(1, 1)), [song]), 1e-6)


def test_a_song_on_the_device_validates_like_one_on_the_disk():
    song, task = make_song(3, 2), HalfTask(nn.Linear(1, 1))
    assert measure(task, [move_song(song, CPU)]) == measure(task, [song])


def test_a_validation_that_is_asked_to_stop_has_no_result_and_leaves_the_network_training():
    songs, network = [make_song(1, 1), make_song(2, 1)], nn.Linear(1, 1)
    asked = iter([False, True])
    validator = Validator(songs, "mono", CPU)
    assert validator.measure(HalfTask(network), lambda: next(asked)) is None
    assert network.training
