from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from iass.foundation.stft import Stft
from iass.training.songs import Song
from iass.training.validation import read_song, validate

STFT = Stft(256, 128)


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


def make_song(scale, channels):
    rng = np.random.default_rng(scale)
    store = rng.integers(-1000 * scale, 1000 * scale, (2, channels, 3000)).astype(np.int16)
    return Song(str(scale), store, ("bass", "noise"), frozenset({"bass"}), np.ones(3, bool))


def test_a_whole_song_is_the_sum_of_its_stems():
    song = make_song(3, 2)
    mixture, target = read_song(song, "mono")
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
    found = validate(HalfTask(network), songs, "mono", torch.device("cpu"))
    assert found == pytest.approx(sum(errors) / 2, rel=1e-5)
    assert network.training
