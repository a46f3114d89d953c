"""MedleyDB, its sample and Mixing Secrets: from a mirror over HTTP to tracks and a manifest."""

from pathlib import Path

import numpy as np
import pytest
from file_server import FileServer
from mirrored import make_card, prepare
from numpy.typing import NDArray
from replica import Replicas
from replica_songs import RATE_HZ, SAMPLES, Song, mix

from iass.datasets.splits import read_split
from iass.foundation.audio import probe_audio, read_audio, resample
from iass.foundation.card import TrackFiles
from iass.foundation.config import DatasetEntry
from iass.preparation.fetch import fetch_dataset
from iass.preparation.manifest import read_manifest
from iass.preparation.run import prepare_dataset
from iass.preparation.tools import PreparationTools

SIX = {"vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano"}


def _read(track: TrackFiles, stem: str) -> NDArray[np.float32]:
    return read_audio(track.stems[stem])[0]


def _stretch(audio: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    """Return (channels, SAMPLES), zeros at the end."""
    wide = np.repeat(audio, channels // len(audio), axis=0)
    return np.pad(wide, ((0, 0), (0, SAMPLES - audio.shape[1])))


def _find_song(songs: dict[str, Song], what: str) -> Song:
    """Return the song with one of the oddities of tests/replica.py."""
    sounds = {
        song.track: [sound for part in song.parts for sound in part.files.values()]
        for song in songs.values()
    }
    tests = {
        "48 kHz": lambda track: any(s.rate_hz == 48000 for s in sounds[track]),
        "24 bits": lambda track: any(s.subtype == "PCM_24" for s in sounds[track]),
        "mono": lambda track: any(s.channels == 1 for s in sounds[track]),
        "short": lambda track: any(s.samples == SAMPLES - 1000 for s in sounds[track]),
        "silent": lambda track: any(s.level == 0 for s in sounds[track]),
        "bleed": lambda track: songs[track].bleed,
    }
    return next(songs[track] for track in sounds if tests[what](track))


def test_every_song_of_the_mirror_becomes_a_track_of_its_split(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    assert set(mm_tracks) == {*replicas.medleydb, *replicas.mixing_secrets}
    splits = {row.track: row.split for row in read_split("mm")}
    assert {track.split for track in mm_tracks.values()} == {"train", "valid", "test"}
    assert all(track.split == splits[name] for name, track in mm_tracks.items())


def test_medleydb_stems_of_a_target_are_summed_and_lone_ones_used_in_place(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    song = next(iter(replicas.medleydb.values()))
    track = mm_tracks[song.track]
    assert set(track.stems) == {*SIX, "rest"}
    voices = [song.find(label).files for label in ("female singer", "male singer")]
    total = sum(sound.play_float() for files in voices for sound in files.values())
    np.testing.assert_array_equal(_read(track, "vocals"), np.float32(total))
    assert probe_audio(track.stems["vocals"]).subtype == "PCM_16"
    assert track.stems["bass"].parent.name == f"{song.track}_STEMS"
    assert track.stems["vocals"].parent.name == song.track


def test_medleydb_has_its_own_mixture(mm_tracks: dict[str, TrackFiles], replicas: Replicas) -> None:
    song = next(iter(replicas.medleydb.values()))
    mixture = mm_tracks[song.track].mixture
    assert mixture is not None
    assert mixture.name == f"{song.track}_MIX.wav"
    np.testing.assert_array_equal(read_audio(mixture)[0] * 2**15, mix(song))


def test_mono_and_24_bit_stems_are_used_as_they_are(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    mono = mm_tracks[_find_song(replicas.medleydb, "mono").track]
    assert _read(mono, "drums").shape == (1, SAMPLES)
    deep = mm_tracks[_find_song(replicas.medleydb, "24 bits").track]
    assert probe_audio(deep.stems["bass"]).subtype == "PCM_24"


def test_a_stem_of_48_khz_is_resampled_and_flagged(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    song = _find_song(replicas.medleydb, "48 kHz")
    (sound,) = song.find("piano").files.values()
    wanted = resample(np.float32(sound.play_float()), 48000, RATE_HZ)
    np.testing.assert_allclose(_read(mm_tracks[song.track], "piano"), wanted, atol=1e-6)
    assert mm_tracks[song.track].flags == ("resampled:48000",)
    others = [track for track in mm_tracks.values() if track.id != song.track]
    assert not any(flag.startswith("resampled") for track in others for flag in track.flags)


def test_a_short_stem_is_followed_by_silence(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    song = _find_song(replicas.medleydb, "short")
    short, whole = (song.find(label).files for label in ("female singer", "male singer"))
    total = sum(_stretch(s.play_float(), 2) for s in (*short.values(), *whole.values()))
    np.testing.assert_array_equal(_read(mm_tracks[song.track], "vocals"), np.float32(total))


def test_a_song_has_no_stem_of_a_target_that_it_lacks(mm_tracks: dict[str, TrackFiles]) -> None:
    wanted = {"vocals", "acoustic_guitar", "electric_guitar"}
    assert set(mm_tracks["LizNelson_Rainfall"].stems) == wanted


def test_a_stem_of_two_targets_goes_to_rest_with_a_flag(mm_tracks: dict[str, TrackFiles]) -> None:
    track = mm_tracks["Phoenix_ScotchMorris"]
    assert set(track.stems) == {*SIX - {"piano"}, "rest"}
    assert track.flags == ("mixed:piano+vocals",)


def test_bleed_is_flagged(mm_tracks: dict[str, TrackFiles], replicas: Replicas) -> None:
    songs = [*replicas.medleydb.values(), *replicas.mixing_secrets.values()]
    flagged = {name for name, track in mm_tracks.items() if "bleed" in track.flags}
    assert flagged == {song.track for song in songs if song.bleed} != set()


def test_a_stem_of_mixing_secrets_is_the_mean_of_its_raw_files(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    song = replicas.mixing_secrets["MERCMusic_Knockout"]
    raws = [_stretch(sound.play_float(), 2) for sound in song.find("drum set").files.values()]
    np.testing.assert_allclose(
        _read(mm_tracks[song.track], "drums"), sum(raws) / len(raws), atol=1e-7
    )


def test_mixing_secrets_mixture_is_the_sum_of_its_stems(
    mm_tracks: dict[str, TrackFiles], replicas: Replicas
) -> None:
    for name in replicas.mixing_secrets:
        track = mm_tracks[name]
        stems = [_read(track, stem) for stem in track.stems]
        total = sum(_stretch(stem, 2) for stem in stems)
        assert track.mixture is not None
        np.testing.assert_allclose(read_audio(track.mixture)[0], total, atol=1e-6)


def test_a_song_in_four_zips_is_whole(
    mm_tracks: dict[str, TrackFiles], mirrored_data: Path
) -> None:
    zips = list((mirrored_data / "archives" / "mixing-secrets").glob("PerpetualEscape_*.zip"))
    assert len(zips) == 4
    assert set(mm_tracks["PerpetualEscape_IntoMyDreams"].stems) == {*SIX, "rest"}


def test_odd_names_come_through(mm_tracks: dict[str, TrackFiles]) -> None:
    assert mm_tracks["MERCMusic_Knockout"].artist == "M.E.R.C. Music"
    track = mm_tracks["Ojebokoren_ThatsEntertainment"]
    assert (track.artist, track.title) == ("Öjebokören", "That's Entertainment")
    assert track.stems["piano"].name == "08_Piano, left & right.wav"
    folder = mm_tracks["MR1204_JokersJacksKings"].stems["piano"].parent
    assert folder.parts[-2:] == ("Jokers, Jacks & Kings - Sea Of Leaves", "Audio Files")


def test_strict_labels_leave_ad_hoc_ones_in_the_rest_and_broad_ones_do_not(
    mm_tracks: dict[str, TrackFiles], mirrored_data: Path, replicas: Replicas
) -> None:
    song = replicas.mixing_secrets["MERCMusic_Knockout"]
    lead, double, synth = (
        _stretch(sound.play_float(), 2)
        for label in ("female singer", "leadvox", "synthesizer")
        for sound in song.find(label).files.values()
    )
    broad = prepare(make_card(replicas, labels="broad"), mirrored_data, "broad")[song.track]
    strict = mm_tracks[song.track]
    np.testing.assert_allclose(_stretch(_read(strict, "vocals"), 2), lead, atol=1e-7)
    np.testing.assert_allclose(_read(strict, "rest"), double + synth, atol=1e-7)
    np.testing.assert_allclose(_stretch(_read(broad, "vocals"), 2), lead + double, atol=1e-7)
    np.testing.assert_allclose(_read(broad, "rest"), synth, atol=1e-7)


def test_mixture_sum_leaves_no_mixture_file(mirrored_data: Path, replicas: Replicas) -> None:
    tracks = prepare(make_card(replicas, mixture="sum"), mirrored_data, "summed")
    assert {track.mixture for track in tracks.values()} == {None}


@pytest.mark.parametrize("bleed", ["drop", "drop_from_test"])
def test_songs_with_bleed_can_be_dropped(
    mm_tracks: dict[str, TrackFiles], mirrored_data: Path, replicas: Replicas, bleed: str
) -> None:
    is_dropped = {
        name: "bleed" in track.flags and (bleed == "drop" or track.split == "test")
        for name, track in mm_tracks.items()
    }
    kept = prepare(make_card(replicas, bleed=bleed), mirrored_data)
    assert set(kept) == {name for name in mm_tracks if not is_dropped[name]}


def test_preparing_again_writes_nothing(
    mm_tracks: dict[str, TrackFiles], mirrored_data: Path, replicas: Replicas
) -> None:
    before = {path: path.stat().st_mtime_ns for path in mirrored_data.rglob("*.wav")}
    assert prepare(make_card(replicas), mirrored_data) == mm_tracks
    assert {path: path.stat().st_mtime_ns for path in mirrored_data.rglob("*.wav")} == before


def test_the_manifest_of_mm_is_written_from_the_mirror(
    mirrored_data: Path, replicas: Replicas, mirror: FileServer, tmp_path: Path
) -> None:
    entry = DatasetEntry(options={"leave_out": replicas.list_left_out()})
    tools = PreparationTools(mirrored_data / "mm", 1, replicas.lock, mirror.url)
    fetch_dataset("mm", entry, tools, ["mm"], tmp_path / "receipt.json")
    path = tmp_path / "manifest.json"
    prepare_dataset("mm", entry, tools, path, tmp_path / "labels.parquet")
    manifest = read_manifest(path)
    assert (manifest.protocol, manifest.mixture_rule) == ("per_target", "file")
    assert set(manifest.targets) == SIX
    sounding = {track.id: set(track.targets) for track in manifest.tracks}
    silent = _find_song(replicas.medleydb, "silent").track
    assert sounding[silent] == SIX - {"piano"}
    assert sounding["LizNelson_Rainfall"] == {"vocals", "acoustic_guitar", "electric_guitar"}
    assert sounding["MERCMusic_Knockout"] == SIX
    for track in manifest.tracks:
        assert {stem.samples for stem in track.stems.values()} == {SAMPLES}
        assert (track.store is None) == (track.split == "test")
