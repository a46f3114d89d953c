"""Songs in the memory of a device: the same chunks, to the bit, as from the memory-mapped files."""

import pickle

import numpy as np
import pytest
import torch
from tiny_set import make_job, write_tiny_set

from iass.training.data import open_training_data
from iass.training.hardware import move_data
from iass.training.songs import Song, move_song

CPU = torch.device("cpu")
RICH = {"remix": True, "channel_swap": True, "active_share": 0.5, "batch_size": 4}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


@pytest.mark.parametrize("channels", ["mono", "stereo"])
@pytest.mark.parametrize("settings", [{}, RICH, {"chunk_s": 3.0}])
def test_batches_from_the_device_are_those_from_the_files(channels, settings, source, tmp_path):
    job = make_job(source, tmp_path, channels=channels, **settings)
    data = open_training_data(job)
    moved = move_data(data, job.settings, CPU).sampler
    for step in range(20):
        mapped, resident = data.sampler.draw_batch(step), moved.draw_batch(step)
        for name in ("mixture", "target", "labels"):
            assert torch.equal(getattr(mapped, name), getattr(resident, name))


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_chunk_beyond_the_end_is_silent_there(dtype):
    store = np.full((1, 2, 50), 3, dtype)
    song = Song("a", store, ("bass",), frozenset({"bass"}), np.ones(1, bool))
    for one in (song, move_song(song, CPU)):
        chunk = one.read_stem("bass", 40, 30)
        assert chunk.dtype == torch.float32
        assert chunk.shape == (2, 30)
        assert torch.unique(chunk[:, :10]).tolist() == [3 / 32768 if dtype == np.int16 else 3.0]
        assert not chunk[:, 10:].any()
        chunk += 1  # a new array: the song stays as it is
        assert torch.equal(one.read_stem("bass", 40, 10) + 1, chunk[:, :10])


def test_without_remix_only_songs_with_the_target_are_moved(source, tmp_path):
    for remix, count in ((False, 2), (True, 3)):
        job = make_job(source, tmp_path, remix=remix)
        moved = move_data(open_training_data(job), job.settings, CPU)
        assert len(moved.sampler.songs) == count
        assert len(moved.validation) == 1


def test_a_song_travels_to_another_process_by_the_name_of_its_file(source, tmp_path):
    song = open_training_data(make_job(source, tmp_path)).sampler.songs[0]
    sent = pickle.dumps(song)
    assert len(sent) < 2000 < song.store.nbytes
    back = pickle.loads(sent)
    assert isinstance(back.store, np.memmap)
    assert np.array_equal(back.store, song.store)
    assert back.stems == song.stems
