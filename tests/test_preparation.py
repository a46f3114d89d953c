"""The step `prepare`, on cards written for the test and on the two embedded sets."""

import json
import tracemalloc
from pathlib import Path

import mido
import numpy as np
import pytest
from bands import Band, write_band

from iass.datasets import falcon69
from iass.foundation.audio import read_audio, read_pcm16, write_wav
from iass.foundation.card import TrackFiles
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file
from iass.preparation.activity import read_labels
from iass.preparation.describe import describe_tracks
from iass.preparation.manifest import Manifest, read_manifest, resolve_path
from iass.preparation.run import check_tracks, prepare_dataset
from iass.preparation.tools import PreparationTools
from iass.preparation.tracks import read_mixture, read_reference

RATE_HZ = 44100


@pytest.fixture(scope="module")
def synthband(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthband")
    options = {
        "songs": {"train": 1, "valid": 1, "test": 1},
        "seconds": {"train": 3.0, "valid": 3.0, "test": 2.5},
    }
    manifest = folder / "results" / "manifest.json"
    labels = folder / "results" / "labels.parquet"
    entry = DatasetEntry(options=options)
    prepare_dataset("synthband", entry, PreparationTools(folder / "data", 2), manifest, labels)
    return manifest


def test_a_prepared_song_is_described_as_it_lies_on_disk(synthband: Path) -> None:
    manifest = read_manifest(synthband)
    assert [track.split for track in manifest.tracks] == ["train", "valid", "test"]
    for track in manifest.tracks:
        for stem in track.stems.values():
            path = resolve_path(stem.path, synthband)
            assert stem.sha256 == hash_file(path)
            assert (stem.rate_hz, stem.channels) == (RATE_HZ, 2)
            assert read_pcm16(path).shape == (2, stem.samples)


def test_the_mixture_is_the_exact_sum_of_the_stems(synthband: Path) -> None:
    manifest = read_manifest(synthband)
    track = manifest.select("test")[0]
    stems = [read_pcm16(resolve_path(s.path, synthband)).astype(int) for s in track.stems.values()]
    mixture = read_mixture(synthband, track, "stereo")
    np.testing.assert_array_equal(mixture, sum(stems) / np.float32(32768))
    rendered = resolve_path(track.stems["bass"].path, synthband).parent / "mixture.wav"
    np.testing.assert_array_equal(read_audio(rendered)[0], mixture)


def test_other_is_everything_but_vocals_drums_and_bass(synthband: Path) -> None:
    manifest = read_manifest(synthband)
    track = manifest.select("test")[0]
    rest = read_mixture(synthband, track, "mono")
    for target in ("vocals", "drums", "bass"):
        rest = rest - read_reference(synthband, manifest, track, target, "mono")
    other = read_reference(synthband, manifest, track, "other", "mono")
    np.testing.assert_allclose(other, rest, atol=1e-6)


def test_the_notes_lie_beside_the_audio(synthband: Path) -> None:
    track = read_manifest(synthband).select("train")[0]
    midi = mido.MidiFile(resolve_path(track.extras["notes"], synthband))
    names = {
        message.name for part in midi.tracks for message in part if message.type == "track_name"
    }
    assert set(track.stems) <= names


def test_labels_cover_every_target_of_every_track(synthband: Path) -> None:
    manifest = read_manifest(synthband)
    for target in manifest.targets:
        labels = read_labels(synthband.parent / "labels.parquet", target)
        for track in manifest.tracks:
            assert len(labels[track.id]) == track.samples // 1024 + 1


def test_only_training_tracks_have_a_store(synthband: Path) -> None:
    for track in read_manifest(synthband).tracks:
        assert (track.store is None) == (track.split == "test")


def test_preparing_again_gives_the_same_bytes(synthband: Path, tmp_path: Path) -> None:
    other = tmp_path / "again" / "results" / "manifest.json"
    options = {
        "songs": {"train": 1, "valid": 1, "test": 1},
        "seconds": {"train": 3.0, "valid": 3.0, "test": 2.5},
    }
    labels = other.parent / "labels.parquet"
    entry = DatasetEntry(options=options)
    tools = PreparationTools(tmp_path / "again" / "data")
    prepare_dataset("synthband", entry, tools, other, labels)
    assert hash_file(other) == hash_file(synthband)
    assert hash_file(labels) == hash_file(synthband.parent / "labels.parquet")


def test_falcon69_is_real_trimmed_and_its_mixture_nearly_the_sum(tmp_path: Path) -> None:
    path = tmp_path / "results" / "manifest.json"
    labels = tmp_path / "results" / "labels.parquet"
    tools = PreparationTools(tmp_path / "data")
    prepare_dataset("falcon69", DatasetEntry(), tools, path, labels)
    manifest = read_manifest(path)
    (track,) = manifest.tracks
    assert (manifest.protocol, manifest.mixture_rule, track.split) == ("joint", "file", "test")
    assert track.targets == ["vocals", "drums", "bass", "other"]
    assert track.samples == 268288 - 2 * falcon69.TRIM_SAMPLES
    mixture = read_mixture(path, track, "stereo")
    total = sum(read_reference(path, manifest, track, t, "stereo") for t in manifest.targets)
    error_db = 10 * np.log10(np.mean((mixture - total) ** 2) / np.mean(mixture**2))
    assert error_db == pytest.approx(-22, abs=1)  # measured when the excerpt was chosen (DATA)
    assert np.abs(mixture).max() < 0.9


def _describe(folder: Path, files: TrackFiles) -> Manifest:
    empty = Manifest(
        dataset="x", protocol="joint", targets={"a": ["a"]}, mixture_rule="sum", tracks=[]
    )
    described, _ = describe_tracks(
        empty, [files], folder / "manifest.json", PreparationTools(folder, 1)
    )
    return described


def _track(folder: Path, **stems: np.ndarray) -> TrackFiles:
    for name, audio in stems.items():
        write_wav(folder / f"{name}.wav", audio, RATE_HZ)
    paths = {name: folder / f"{name}.wav" for name in stems}
    return TrackFiles(id="t", title="t", artist="t", split="test", stems=paths)


def test_a_stem_of_another_length_is_refused_with_both_lengths(tmp_path: Path) -> None:
    track = _track(tmp_path, a=np.ones((2, 9), np.int16), b=np.ones((2, 8), np.int16))
    with pytest.raises(UserError, match=r"b\.wav has 8 samples.* have 9"):
        _describe(tmp_path, track)


def test_a_48_khz_stem_is_refused_by_name(tmp_path: Path) -> None:
    track = _track(tmp_path, a=np.ones((2, 9), np.int16))
    write_wav(tmp_path / "a.wav", np.ones((2, 9), np.int16), 48000)
    with pytest.raises(UserError, match=r"a\.wav has 48000 Hz"):
        _describe(tmp_path, track)


def test_a_nan_in_a_stem_is_refused_by_name(tmp_path: Path) -> None:
    audio = np.ones((2, 9), np.float32)
    audio[0, 3] = np.nan
    with pytest.raises(UserError, match=r"b\.wav has a NaN or infinite value at sample 3"):
        _describe(tmp_path, _track(tmp_path, a=np.ones((2, 9), np.float32), b=audio))


def test_a_mono_stem_is_handled(tmp_path: Path) -> None:
    manifest = _describe(tmp_path, _track(tmp_path, a=np.full((1, 9), 8192, np.int16)))
    mixture = read_mixture(tmp_path / "manifest.json", manifest.tracks[0], "stereo")
    np.testing.assert_array_equal(mixture, np.full((2, 9), 0.25))


def test_a_song_needs_the_memory_of_one_target_however_many_it_has(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-3000, 3000, (2, 5 * RATE_HZ)).astype(np.int16)
    stems = dict.fromkeys("abcdef", noise)
    few = _measure_describing(tmp_path, _track(tmp_path, a=noise))
    many = _measure_describing(tmp_path, _track(tmp_path, **stems))
    assert many < few + noise.size  # bytes: a quarter of one stem as float32


def _measure_describing(folder: Path, files: TrackFiles) -> int:
    """Return the peak of allocated bytes while a song with a target per stem is described."""
    targets = {name: [name] for name in files.stems}
    empty = Manifest(dataset="x", protocol="joint", targets=targets, mixture_rule="sum", tracks=[])
    tracemalloc.start()
    describe_tracks(empty, [files], folder / "manifest.json", PreparationTools(folder, 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_a_silent_target_is_not_listed_as_sounding(tmp_path: Path) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.5, silent=("bass",))
    assert read_manifest(band.manifest).tracks[0].targets == ["drums", "other"]


def test_a_stem_changed_since_prepare_is_refused(tmp_path: Path) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.5)
    track = read_manifest(band.manifest).tracks[0]
    write_wav(resolve_path(track.stems["bass"].path, band.manifest), np.zeros((2, 7), np.int16), 1)
    with pytest.raises(UserError, match=r"bass\.wav has 2 x 7 samples at 1 Hz.*delete the latter"):
        read_mixture(band.manifest, track, "mono")


@pytest.mark.parametrize(
    ("change", "named"),
    [({"protocol": "x"}, "'protocol'"), ({"colour": 1}, "'colour'"), ({"tracks": 3}, "'tracks'")],
)
def test_a_manifest_that_breaks_the_schema_names_the_field(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    band: Band = write_band(tmp_path, {"t": "test"}, seconds=0.1)
    content = json.loads(band.manifest.read_text())
    band.manifest.write_text(json.dumps(content | change))
    with pytest.raises(UserError, match=named):
        read_manifest(band.manifest)


def test_a_stem_replaced_by_another_of_the_same_length_is_refused(tmp_path: Path) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.5)
    track = read_manifest(band.manifest).tracks[0]
    stem = track.stems["bass"]
    other = np.zeros((stem.channels, stem.samples), np.int16)
    write_wav(resolve_path(stem.path, band.manifest), other, stem.rate_hz)
    with pytest.raises(
        UserError, match=r"bass\.wav is not the file that .*manifest\.json describes"
    ):
        read_mixture(band.manifest, track, "mono")


def test_a_file_of_six_channels_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.wav has 6 channels"):
        _describe(tmp_path, _track(tmp_path, a=np.ones((6, 9), np.int16)))


def _files(name: str, mixture: Path | None = None) -> TrackFiles:
    stems = {"a": Path("a.wav")}
    return TrackFiles(id=name, title="", artist="", split="test", stems=stems, mixture=mixture)


@pytest.mark.parametrize("name", ["", "..", "a/b", "../up", "/abs", "dir/"])
def test_a_track_id_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="is no file name"):
        check_tracks("x", [_files(name)])


@pytest.mark.parametrize("name", ["M.E.R.C. Music - Knockout", "Öje", "Jokers, Jacks & Kings"])
def test_an_odd_track_id_is_fine(name: str) -> None:
    check_tracks("x", [_files(name)])


def test_what_makes_a_set_unusable_is_said() -> None:
    with pytest.raises(UserError, match="found 0 tracks"):
        check_tracks("x", [])
    with pytest.raises(UserError, match="two tracks have the id 'a'"):
        check_tracks("x", [_files("a"), _files("a")])
    with pytest.raises(UserError, match="some tracks have a mixture file and some have none"):
        check_tracks("x", [_files("a"), _files("b", Path("mixture.wav"))])
