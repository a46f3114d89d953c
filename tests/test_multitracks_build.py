"""From a song's files to one WAV per target: sums worked out by hand, and every oddity of files."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from iass.datasets.multitracks.build import BuiltSong, SongBuilder, build_song
from iass.datasets.multitracks.recipe import Recipe
from iass.foundation.audio import probe_audio, read_audio, read_pcm16
from iass.foundation.errors import UserError
from iass.foundation.plugins import ROOT
from iass.foundation.progress import run_parallel

RATE_HZ = 44100


def _wav(path: Path, samples: object, rate_hz: int = RATE_HZ, subtype: str = "PCM_16") -> Path:
    """Write 16-bit integers, (samples,) or (channels, samples), at any depth."""
    path.parent.mkdir(parents=True, exist_ok=True)
    audio = np.asarray(samples, np.int32) << 16
    soundfile.write(path, audio.T, rate_hz, subtype=subtype)
    return path


def _recipe(
    groups: dict[str, list[list[Path]]], mixture: Path | None = None, sums: bool = False
) -> Recipe:
    frozen = {group: tuple(tuple(stem) for stem in stems) for group, stems in groups.items()}
    return Recipe("song", frozen, mixture, sums)


def _build(folder: Path, groups: dict[str, list[list[Path]]], **more: object) -> BuiltSong:
    return build_song(_recipe(groups, **more), folder / "built")


def test_stems_of_one_target_are_summed_exactly_to_16_bits(tmp_path: Path) -> None:
    a, b = _wav(tmp_path / "a.wav", [1, 2, 3]), _wav(tmp_path / "b.wav", [10, -20, 30])
    built = _build(tmp_path, {"vocals": [[a], [b]]})
    assert probe_audio(built.stems["vocals"]).subtype == "PCM_16"
    np.testing.assert_array_equal(read_pcm16(built.stems["vocals"]), [[11, -18, 33]])


def test_a_sum_beyond_full_scale_becomes_float_and_is_not_clipped(tmp_path: Path) -> None:
    a, b = _wav(tmp_path / "a.wav", [30000, 0]), _wav(tmp_path / "b.wav", [30000, 1])
    built = _build(tmp_path, {"vocals": [[a], [b]]})
    assert probe_audio(built.stems["vocals"]).subtype == "FLOAT"
    np.testing.assert_array_equal(read_audio(built.stems["vocals"])[0], [[60000 / 2**15, 2**-15]])


def test_a_stem_is_the_mean_of_its_raw_files_padded_to_the_longest(tmp_path: Path) -> None:
    raws = [_wav(tmp_path / "a.wav", [2, 4, 6]), _wav(tmp_path / "b.wav", [4])]
    built = _build(tmp_path, {"drums": [raws]})
    np.testing.assert_array_equal(read_pcm16(built.stems["drums"]), [[3, 2, 3]])


def test_a_mean_that_is_no_integer_becomes_float(tmp_path: Path) -> None:
    raws = [_wav(tmp_path / "a.wav", [1, 4]), _wav(tmp_path / "b.wav", [0, 4])]
    built = _build(tmp_path, {"drums": [raws]})
    assert probe_audio(built.stems["drums"]).subtype == "FLOAT"
    np.testing.assert_array_equal(read_audio(built.stems["drums"])[0] * 2**15, [[0.5, 4]])


def test_a_mono_file_sounds_on_both_channels_of_a_stereo_one(tmp_path: Path) -> None:
    mono = _wav(tmp_path / "a.wav", [10, 20])
    stereo = _wav(tmp_path / "b.wav", [[1, 2], [3, 4]])
    for files in ([mono, stereo], [stereo, mono]):
        built = _build(tmp_path, {"bass": [[path] for path in files]})
        np.testing.assert_array_equal(read_pcm16(built.stems["bass"]), [[11, 22], [13, 24]])


def test_mono_stays_mono(tmp_path: Path) -> None:
    files = [_wav(tmp_path / "a.wav", [10, 20]), _wav(tmp_path / "b.wav", [1, 2])]
    built = _build(tmp_path, {"bass": [[path] for path in files]})
    assert probe_audio(built.stems["bass"]).channels == 1


def test_a_lone_file_that_fits_is_used_where_it_lies(tmp_path: Path) -> None:
    a = _wav(tmp_path / "a.wav", [[1, 2, 3], [4, 5, 6]], subtype="PCM_24")
    built = _build(tmp_path, {"piano": [[a]]})
    assert built.stems == {"piano": a.resolve()}
    assert not (tmp_path / "built").exists()


def test_everything_gets_the_length_of_the_longest_file(tmp_path: Path) -> None:
    short, long = _wav(tmp_path / "a.wav", [5]), _wav(tmp_path / "b.wav", [1, 2, 3])
    mixture = _wav(tmp_path / "m.wav", [7, 8])
    built = _build(tmp_path, {"piano": [[short]], "rest": [[long]]}, mixture=mixture)
    np.testing.assert_array_equal(read_pcm16(built.stems["piano"]), [[5, 0, 0]])
    assert built.stems["rest"] == long.resolve()
    assert built.mixture is not None
    np.testing.assert_array_equal(read_pcm16(built.mixture), [[7, 8, 0]])


def test_the_mixture_counts_for_the_length(tmp_path: Path) -> None:
    stem, mixture = _wav(tmp_path / "a.wav", [5]), _wav(tmp_path / "m.wav", [7, 8])
    built = _build(tmp_path, {"piano": [[stem]]}, mixture=mixture)
    assert built.mixture == mixture.resolve()
    np.testing.assert_array_equal(read_pcm16(built.stems["piano"]), [[5, 0]])


def test_a_set_without_mixture_gets_the_sum_of_its_stems(tmp_path: Path) -> None:
    a, b = _wav(tmp_path / "a.wav", [1, 2, 3]), _wav(tmp_path / "b.wav", [[1, 1], [2, 2]])
    built = _build(tmp_path, {"bass": [[a]], "rest": [[b]]}, sums=True)
    assert built.mixture is not None
    np.testing.assert_array_equal(read_pcm16(built.mixture), [[2, 3, 3], [3, 4, 3]])


def test_without_a_wanted_mixture_there_is_none(tmp_path: Path) -> None:
    assert _build(tmp_path, {"bass": [[_wav(tmp_path / "a.wav", [1])]]}).mixture is None


def test_24_bits_are_summed_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([3 << 8, 5 << 8], np.int32), RATE_HZ, subtype="PCM_24")
    built = _build(tmp_path, {"bass": [[path], [_wav(tmp_path / "b.wav", [1, 1])]]})
    np.testing.assert_array_equal(read_audio(built.stems["bass"])[0] * 2**23, [[3 + 256, 5 + 256]])


def test_another_rate_is_resampled_and_said(tmp_path: Path) -> None:
    time_s = np.arange(48000) / 48000
    tone = np.rint(8000 * np.sin(2 * np.pi * 440 * time_s))
    a = _wav(tmp_path / "a.wav", tone, rate_hz=48000)
    built = _build(tmp_path, {"bass": [[a]], "rest": [[_wav(tmp_path / "b.wav", [1])]]})
    audio, rate_hz = read_audio(built.stems["bass"])
    assert (rate_hz, audio.shape) == (RATE_HZ, (1, RATE_HZ))
    wanted = 8000 / 2**15 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    np.testing.assert_allclose(audio[0, 500:-500], wanted[500:-500], atol=2e-4)
    assert built.flags == ("resampled:48000",)


def test_a_silent_file_is_a_silent_stem(tmp_path: Path) -> None:
    a = _wav(tmp_path / "a.wav", [0, 0])
    built = _build(tmp_path, {"piano": [[a]], "rest": [[_wav(tmp_path / "b.wav", [1, 1])]]})
    assert not read_audio(built.stems["piano"])[0].any()


def test_more_than_two_channels_are_refused_by_name(tmp_path: Path) -> None:
    path = _wav(tmp_path / "a.wav", np.ones((6, 4)))
    with pytest.raises(UserError, match=r"a\.wav has 6 channels.*leave_out"):
        _build(tmp_path, {"bass": [[path]]})


def test_a_song_is_built_once(tmp_path: Path) -> None:
    recipe = _recipe({"bass": [[_wav(tmp_path / "a.wav", [1])], [_wav(tmp_path / "b.wav", [2])]]})
    build = SongBuilder(tmp_path / "songs")
    first = build(recipe)
    written = first.stems["bass"].stat().st_mtime_ns
    assert build(recipe) == first
    assert first.stems["bass"].stat().st_mtime_ns == written
    assert first.stems["bass"] == tmp_path / "songs" / "song" / "bass.wav"


@pytest.mark.parametrize("damage", ["source", "recipe", "stem", "receipt"])
def test_a_song_is_built_again_if_something_of_it_changed(tmp_path: Path, damage: str) -> None:
    a, b = _wav(tmp_path / "a.wav", [1]), _wav(tmp_path / "b.wav", [2])
    build = SongBuilder(tmp_path / "songs")
    groups = {"bass": [[a], [b]]}
    first = build(_recipe(groups))
    wanted = [[3]]
    if damage == "source":
        _wav(a, [5])
        os.utime(a, ns=(1, 1))
        wanted = [[7]]
    elif damage == "recipe":
        groups, wanted = {"bass": [[a, b], [b]]}, [[1.5 + 2]]
    elif damage == "stem":
        first.stems["bass"].unlink()
    else:
        (tmp_path / "songs" / "song" / "song.json").write_text("{")
    again = build(_recipe(groups))
    np.testing.assert_array_equal(read_audio(again.stems["bass"])[0] * 2**15, wanted)


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.05])
def test_a_song_whose_building_was_killed_is_built_whole_the_next_time(
    tmp_path: Path, after_s: float
) -> None:
    rng = np.random.default_rng(1)
    files = [_wav(tmp_path / f"{n}.wav", rng.integers(-99, 99, 2_000_000)) for n in range(4)]
    recipe = _recipe({"bass": [[files[0]], [files[1]]], "rest": [[files[2]], [files[3]]]})
    child = multiprocessing.get_context("spawn").Process(
        target=SongBuilder(tmp_path / "songs"), args=(recipe,)
    )
    child.start()
    while child.is_alive() and not any((tmp_path / "songs").glob("song/.writing-*")):
        time.sleep(0.001)
    time.sleep(after_s)
    child.kill()
    child.join()
    built = SongBuilder(tmp_path / "songs")(recipe)
    sums = [read_pcm16(a).astype(int) + read_pcm16(b) for a, b in (files[:2], files[2:])]
    np.testing.assert_array_equal(read_pcm16(built.stems["bass"]), sums[0])
    np.testing.assert_array_equal(read_pcm16(built.stems["rest"]), sums[1])
    assert list((tmp_path / "songs" / "song").glob(".writing-*")) == []


def test_two_processes_at_once_build_a_song_once(tmp_path: Path) -> None:
    groups = {"bass": ((_wav(tmp_path / "a.wav", [1]),), (_wav(tmp_path / "b.wav", [2]),))}
    recipe = Recipe("one", groups, None, False)
    first, second = run_parallel(SongBuilder(tmp_path / "songs"), [recipe, recipe], "songs", 2)
    assert first == second
    assert read_pcm16(first.stems["bass"]).item() == 3


def test_songs_are_built_by_several_processes(tmp_path: Path) -> None:
    build = pickle.loads(pickle.dumps(SongBuilder(tmp_path / "songs")))
    groups = {"bass": ((_wav(tmp_path / "a.wav", [1]),), (_wav(tmp_path / "b.wav", [2]),))}
    recipes = [Recipe(name, groups, None, False) for name in ("one", "two")]
    built = run_parallel(build, recipes, "songs", 2)
    assert [read_pcm16(song.stems["bass"]).item() for song in built] == [3, 3]


def test_a_folder_that_may_not_be_read_is_named_and_not_taken_for_empty(tmp_path: Path) -> None:
    hidden = tmp_path / "locked" / "V1"
    hidden.mkdir(parents=True)
    hidden.chmod(0o000)
    tmp_path.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; os.chdir(sys.argv[1]);"
        "from iass.datasets.multitracks.layout import find_song_folders;"
        "os.getuid() or os.setuid(65534); find_song_folders(Path('locked'), {'A': 'A'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    hidden.chmod(0o755)
    assert "UserError: locked/V1 cannot be read (Permission denied)" in done.stderr
