import numpy as np
import pytest
import torch
from tiny_set import RATE_HZ, make_job, render_stems, write_tiny_set

from iass.foundation.config import TrainSettings
from iass.foundation.errors import UserError
from iass.foundation.stft import Stft
from iass.preparation.activity import LABEL_HOP
from iass.training.chunks import ChunkSampler
from iass.training.data import measure_spectrum, open_training_data
from iass.training.songs import Song


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


def make_sampler(source, tmp_path, **settings):
    job = make_job(source, tmp_path, **({"batch_size": 1} | settings))
    return open_training_data(job).sampler


def make_song(name, active, stems=("bass", "noise"), values=(100, 1), channels=2, frames=40):
    store = np.zeros((len(stems), channels, frames * LABEL_HOP), np.int16)
    for index, value in enumerate(values):
        store[index] = value
    target = frozenset({"bass"} & set(stems))
    return Song(name, store, tuple(stems), target, np.asarray(active, bool))


def make_plain_sampler(songs, channels="mono", seed=0, **settings):
    small = {"chunk_s": 10 * LABEL_HOP / RATE_HZ, "batch_size": 1, "gain": (1.0, 1.0)}
    return ChunkSampler(
        songs, TrainSettings.model_validate(small | settings), channels, seed, RATE_HZ
    )


def test_a_chunk_is_the_exact_sum_of_the_stems_at_one_start(source, tmp_path):
    sampler = make_sampler(source, tmp_path, gain=(1.0, 1.0))
    stems = {index: render_stems(index, 2.0, True) for index in (0, 1)}
    for step in range(4):
        batch = sampler.draw_batch(step)
        target = batch.target[0, 0].numpy()
        starts = range(0, 2 * RATE_HZ - sampler.samples + 1, LABEL_HOP)
        places = [
            (song, start)
            for song in stems
            for start in starts
            if np.array_equal(cut(stems[song]["bass"], start, sampler.samples), target)
        ]
        assert places
        song, start = places[0]
        if np.any(target):
            mixture = sum(cut(stem, start, sampler.samples) for stem in stems[song].values())
            np.testing.assert_allclose(batch.mixture[0, 0].numpy(), mixture, atol=1e-7)


def cut(stem, start, samples):
    """Mono is the mean of both channels."""
    return stem[:, start : start + samples].sum(axis=0) / np.float32(2)


def test_mono_is_the_mean_and_stereo_keeps_both_channels():
    song = make_song("a", np.ones(41))
    song.store[0, 0], song.store[0, 1] = 300, 100
    stereo = make_plain_sampler([song], "stereo").draw_batch(0).target
    mono = make_plain_sampler([song], "mono").draw_batch(0).target
    assert torch.unique(stereo[0, 0]).tolist() == [300 / 32768]
    assert torch.unique(stereo[0, 1]).tolist() == [100 / 32768]
    assert mono.shape == (1, 1, 10 * LABEL_HOP)
    assert torch.unique(mono).tolist() == [200 / 32768]


def test_a_mono_song_sounds_on_both_channels_of_a_stereo_training():
    song = make_song("a", np.ones(41), channels=1)
    batch = make_plain_sampler([song], "stereo").draw_batch(0)
    assert torch.unique(batch.target).tolist() == [100 / 32768]
    assert batch.target.shape == (1, 2, 10 * LABEL_HOP)


def test_the_labels_begin_with_the_chunk():
    ramp = make_song("a", np.arange(41) >= 17)
    ramp.store[:] = np.arange(40 * LABEL_HOP) // LABEL_HOP
    for step in range(20):
        batch = make_plain_sampler([ramp]).draw_batch(step)
        start = round(float(batch.target[0, 0, 0]) * 32768)
        assert batch.labels[0].tolist() == [float(start + k >= 17) for k in range(11)]


def test_a_song_shorter_than_the_chunk_is_padded_with_silence():
    song = make_song("a", np.ones(4), frames=3)
    batch = make_plain_sampler([song], active_share=1.0).draw_batch(0)
    assert torch.all(batch.target[0, :, : 3 * LABEL_HOP] > 0)
    assert torch.all(batch.target[0, :, 3 * LABEL_HOP :] == 0)
    assert batch.labels[0].tolist() == [1.0] * 4 + [0.0] * 7


def test_each_stem_has_its_own_gain_within_the_range():
    sampler = make_plain_sampler([make_song("a", np.ones(41))], gain=(0.25, 1.25))
    batches = [sampler.draw_batch(step) for step in range(300)]
    bass = np.array([float(b.target[0, 0, 0]) for b in batches]) * 32768 / 100
    noise = np.array([float((b.mixture - b.target)[0, 0, 0]) for b in batches]) * 32768
    for gains in (bass, noise):
        assert gains.min() >= 0.2499
        assert gains.max() <= 1.2501
        assert gains.mean() == pytest.approx(0.75, abs=0.06)
    assert abs(np.corrcoef(bass, noise)[0, 1]) < 0.2


def test_the_channels_of_half_the_stems_are_exchanged():
    song = make_song("a", np.ones(41))
    song.store[0, 1] = 0
    sampler = make_plain_sampler([song], "stereo", channel_swap=True)
    swapped = [float(sampler.draw_batch(step).target[0, 0, 0]) == 0 for step in range(200)]
    assert 0.4 < np.mean(swapped) < 0.6


@pytest.mark.parametrize(("share", "low", "high"), [(1.0, 1.0, 1.0), (0.8, 0.75, 0.9)])
def test_the_active_share_of_the_chunks_holds_the_target(share, low, high):
    active = np.zeros(400, bool)
    active[200] = True
    sampler = make_plain_sampler([make_song("a", active, frames=399)], active_share=share)
    found = [bool(sampler.draw_batch(step).labels[0, :10].any()) for step in range(400)]
    assert low <= np.mean(found) <= high


def test_without_an_active_share_the_chunks_fall_anywhere():
    active = np.zeros(400, bool)
    active[200] = True
    sampler = make_plain_sampler([make_song("a", active, frames=399)])
    assert np.mean([bool(sampler.draw_batch(s).labels.any()) for s in range(400)]) < 0.1


def test_a_song_that_never_plays_the_target_is_drawn_anywhere():
    sampler = make_plain_sampler([make_song("a", np.zeros(41))], active_share=1.0)
    assert sampler.draw_batch(0).labels.sum() == 0


def test_without_remix_only_songs_with_the_target_are_drawn_each_once_per_epoch():
    songs = [make_song(str(value), np.ones(41), values=(value, value)) for value in (10, 20, 30)]
    songs.append(make_song("none", [], stems=("noise",), values=(99,)))
    sampler = make_plain_sampler(songs)
    drawn = [sampler.draw_batch(step) for step in range(6)]
    values = [round(float(batch.target[0, 0, 0]) * 32768) for batch in drawn]
    assert sorted(values[:3]) == sorted(values[3:]) == [10, 20, 30]
    for value, batch in zip(values, drawn, strict=True):
        assert round(float(batch.mixture[0, 0, 0]) * 32768) == 2 * value


def test_remix_takes_each_other_stem_from_any_song():
    songs = [make_song(str(value), np.ones(41), values=(0, value)) for value in (10, 20)]
    songs.append(make_song("none", [], stems=("noise",), values=(99,)))
    sampler = make_plain_sampler(songs, remix=True)
    noises = [round(float(sampler.draw_batch(s).mixture[0, 0, 0]) * 32768) for s in range(90)]
    assert {noises.count(value) > 15 for value in (10, 20, 99)} == {True}
    assert sum(noises.count(value) for value in (10, 20, 99)) == 90


def test_a_batch_depends_on_seed_and_step_alone():
    songs = [make_song(str(value), np.ones(41), values=(value, 1)) for value in (10, 20, 30)]
    settings = {"gain": (0.25, 1.25), "batch_size": 2}
    first = make_plain_sampler(songs, **settings)
    first.draw_batch(3)
    again = make_plain_sampler(songs, **settings)
    other = make_plain_sampler(songs, seed=1, **settings)
    assert torch.equal(first.draw_batch(7).mixture, again.draw_batch(7).mixture)
    assert not torch.equal(first.draw_batch(7).mixture, other.draw_batch(7).mixture)


def test_an_epoch_counts_songs_with_the_target_and_rounds_up():
    songs = [make_song(str(index), np.ones(41)) for index in range(5)]
    assert make_plain_sampler(songs, batch_size=2).steps_per_epoch == 3
    assert make_plain_sampler(songs, batch_size=2, chunks_per_track=4).steps_per_epoch == 10


def test_the_spectrum_is_that_of_the_training_mixtures():
    song = make_song("a", np.ones(41))
    song.store[:] = 0
    song.store[1, :] = np.round(
        8192 * np.sin(2 * np.pi * 8 / 64 * np.arange(40 * LABEL_HOP))
    ).astype(np.int16)
    spectrum = measure_spectrum(make_plain_sampler([song]), Stft(64, 32))
    assert int(np.argmax(spectrum.mean)) == 8
    assert spectrum.mean[8] == pytest.approx(0.25 * 64 / 4, rel=1e-3)  # half a Hann window's sum
    assert np.all(spectrum.deviation > 0)


def test_a_target_that_no_song_has_is_named(source, tmp_path):
    with pytest.raises(UserError, match="no train track with the target 'flute'"):
        open_training_data(make_job(source, tmp_path, target="flute"))


def test_a_chunk_shorter_than_a_frame_is_refused():
    sampler = make_plain_sampler([make_song("a", np.ones(41))], chunk_s=0.01, active_share=1.0)
    assert sampler.draw_batch(0).labels.tolist() == [[1.0]]
    with pytest.raises(UserError, match="make the chunks longer"):
        measure_spectrum(sampler, Stft(512, 256))
