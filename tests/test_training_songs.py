import pytest
from tiny_set import make_job, write_tiny_set

from iass.foundation.errors import UserError
from iass.preparation.manifest import read_manifest, write_manifest
from iass.training.songs import keep_songs_with_target, open_songs, read_rate


@pytest.fixture
def job(tmp_path):
    write_tiny_set(tmp_path, seconds=0.5)
    return make_job(tmp_path, tmp_path / "out")


def rewrite_first_track(job, **changes):
    manifest = read_manifest(job.manifest)
    first = manifest.tracks[0].model_copy(update=changes)
    tracks = [first, *manifest.tracks[1:]]
    write_manifest(job.manifest, manifest.model_copy(update={"tracks": tracks}))


def test_songs_without_the_target_are_opened_but_not_kept(job):
    songs = open_songs(job, "train")
    assert [song.id for song in songs] == ["song0", "song1", "song2"]
    assert [song.target_stems for song in songs] == [{"bass"}, {"bass"}, set()]
    assert [song.id for song in keep_songs_with_target(songs, job, "train")] == ["song0", "song1"]


def test_a_label_of_one_half_counts_as_active(job):
    song = open_songs(job, "valid")[0]
    assert song.samples == 22050
    assert len(song.active) == 22050 // 1024 + 1
    assert song.active[5]


def test_a_track_without_a_store_is_named(job):
    rewrite_first_track(job, store=None)
    with pytest.raises(UserError, match="track song0 has no store"):
        open_songs(job, "train")


def test_a_set_with_two_sample_rates_is_refused(job):
    assert read_rate(job) == 44100
    stems = read_manifest(job.manifest).tracks[0].stems
    slower = {name: stem.model_copy(update={"rate_hz": 22050}) for name, stem in stems.items()}
    rewrite_first_track(job, stems=slower)
    with pytest.raises(UserError, match=r"\[22050, 44100\] Hz"):
        read_rate(job)
