"""Separation in blocks: the same estimates, in memory that does not grow with the song."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from bands import TARGETS, write_band
from small_models import (
    IASS,
    OPEN_UNMIX,
    RATE_HZ,
    hold_song,
    make_music,
    save_iass,
    save_open_unmix,
    separate_by,
)

from iass.foundation import audio as audio_module
from iass.foundation.audio import (
    FloatArray,
    Resampler,
    open_wav,
    read_audio,
    resample,
    write_wav,
)
from iass.foundation.errors import UserError
from iass.foundation.method import Activity, Blocks, Bound, Estimate, Oracle
from iass.preparation.manifest import read_manifest
from iass.preparation.tracks import open_mixture, open_reference, read_mixture, read_reference
from iass.separation.blocks import Block, cut_blocks, merge_plans, plan_song
from iass.separation.kinds import open_track

ROOT = Path(__file__).parents[1]
LENGTHS = (1, 255, 256, 1023, 1024, 4096, 44100)


def test_blocks_adjoin_and_reach_into_their_neighbours() -> None:
    assert cut_blocks(10, Blocks(length=4, context=3)) == [
        Block(0, 4, 0, 7),
        Block(4, 8, 1, 10),
        Block(8, 10, 5, 10),
    ]


def test_blocks_begin_at_multiples_of_the_unit() -> None:
    assert cut_blocks(11, Blocks(length=3, context=1, unit=2)) == [
        Block(0, 4, 0, 6),
        Block(4, 8, 2, 10),
        Block(8, 11, 6, 11),
    ]


def test_a_song_without_a_plan_is_one_block_and_so_is_a_short_one() -> None:
    assert cut_blocks(10, None) == cut_blocks(10, Blocks(10, 5)) == [Block(0, 10, 0, 10)]


def test_plans_of_several_models_are_merged_to_one_that_suits_all() -> None:
    assert merge_plans([Blocks(8, 5, 4), Blocks(12, 3, 6)]) == Blocks(12, 5, 12)


@pytest.fixture(scope="module")
def iass(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Models of six targets, whose gates open and close."""
    root = tmp_path_factory.mktemp("iass")
    names = ("vocals", "drums", "bass", "piano", "other", "flute")
    models = {name: IASS.load(save_iass(root, name)) for name in names}
    mixture = make_music(2, RATE_HZ)
    found = separate_by(IASS, hold_song(mixture, names, models), None)
    return {name: _aim(model, found[name].activity) for name, model in models.items()}


def _aim(model: Any, activity: Activity | None) -> Any:
    """Put the threshold into the widest gap among the middle frames: no frame is at it."""
    assert activity is not None
    sorted_, frames = np.sort(activity.probability), len(activity.probability)
    middle = sorted_[2 * frames // 5 : 3 * frames // 5].astype(float)
    widest = int(np.argmax(np.diff(np.log(middle / (1 - middle)))))
    threshold = float(np.sqrt(middle[widest] * middle[widest + 1]))
    return replace(model, method=replace(model.method, threshold=threshold))


def _check_equal(found: Estimate, expected: Estimate) -> None:
    """Differences stay below 1e-5 of full scale, and gates are the same."""
    assert found.audio.shape == expected.audio.shape
    assert np.abs(found.audio - expected.audio).max() < 1e-5
    assert found.activity is not None
    assert expected.activity is not None
    np.testing.assert_allclose(found.activity.probability, expected.activity.probability, atol=1e-5)
    np.testing.assert_array_equal(found.activity.gate, expected.activity.gate)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", LENGTHS)
@pytest.mark.parametrize("length", [256, 1024, 10000])
def test_iass_in_blocks_equals_iass_on_the_whole_song(
    iass: dict[str, Any], length: int, samples: int, channels: int
) -> None:
    models = {"vocals": iass["vocals"]}
    song = hold_song(make_music(channels, samples), list(models), models)
    plan = replace(IASS.own_blocks, length=length)
    whole = separate_by(IASS, song, None)["vocals"]
    _check_equal(separate_by(IASS, song, plan)["vocals"], whole)
    assert whole.activity is not None
    assert len(whole.activity.gate) == samples // 256 + 1


def test_the_gates_and_estimates_of_these_tests_are_alive(iass: dict[str, Any]) -> None:
    song = hold_song(make_music(2, RATE_HZ), list(iass), iass)
    for estimate in separate_by(IASS, song, None).values():
        assert estimate.activity is not None
        assert 0.2 < estimate.activity.gate.mean() < 0.8
        assert 0.005 < np.abs(estimate.audio).max() < 5


@pytest.mark.parametrize("missing", [4, 6])
def test_with_less_context_the_joins_would_be_seen(iass: dict[str, Any], missing: int) -> None:
    models = {"vocals": iass["vocals"]}
    song = hold_song(make_music(2, RATE_HZ), list(models), models)
    plan = IASS.own_blocks
    short = Blocks(1024, plan.context - missing * 256, 256)
    whole = separate_by(IASS, song, None)["vocals"].audio
    assert np.abs(separate_by(IASS, song, short)["vocals"].audio - whole).max() > 1e-4


def test_the_paper_s_context_is_twenty_frames() -> None:
    """A window of 4 frames, activity +-6 and the median +-10 (METHOD 2)."""
    assert type(IASS)().own_blocks == Blocks(256 * 1024, 20 * 1024, 1024)


def test_six_targets_in_one_pass_equal_one_by_one(iass: dict[str, Any]) -> None:
    mixture = make_music(2, RATE_HZ)
    plan = replace(IASS.own_blocks, length=5000)
    together = separate_by(IASS, hold_song(mixture, list(iass), iass), plan)
    for target, model in iass.items():
        alone = separate_by(IASS, hold_song(mixture, [target], {target: model}), plan)[target]
        np.testing.assert_array_equal(together[target].audio, alone.audio)


def test_open_unmix_gets_songs_of_twenty_seconds_whole_and_longer_ones_with_eight_of_context(
    tmp_path: Path,
) -> None:
    models = {"vocals": OPEN_UNMIX.load(save_open_unmix(tmp_path, "vocals"))}
    short = hold_song(np.zeros((1, 20 * RATE_HZ), np.float32), ["vocals"], models)
    assert len(plan_song(OPEN_UNMIX, short)) == 1
    longer = hold_song(np.zeros((1, 21 * RATE_HZ), np.float32), ["vocals"], models)
    assert [block.start for block in plan_song(OPEN_UNMIX, longer)] == [0, 1723 * 512]
    assert [block.first for block in plan_song(OPEN_UNMIX, longer)] == [0, (1723 - 690) * 512]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("learned", ["mono", "stereo"])
def test_open_unmix_in_blocks_forgets_what_lies_seconds_away(
    tmp_path: Path, learned: Any, channels: int
) -> None:
    models = {"vocals": OPEN_UNMIX.load(save_open_unmix(tmp_path, "vocals", channels=learned))}
    song = hold_song(make_music(channels, 4 * RATE_HZ), ["vocals"], models)
    whole = separate_by(OPEN_UNMIX, song, None)["vocals"].audio
    assert whole.shape == (channels, 4 * RATE_HZ)
    assert np.abs(whole).max() > 0.01
    differences = []
    for frames in (0, 20, 200):
        plan = Blocks(RATE_HZ, frames * 512, 512)
        blocked = separate_by(OPEN_UNMIX, song, plan)["vocals"].audio
        differences.append(np.abs(blocked - whole).max())
    assert differences[0] > 3 * differences[1] > 100 * differences[2]
    assert differences[2] < 1e-6


@dataclass(frozen=True)
class _Whole(Bound):
    """Notes what it is handed; a user's method that knows nothing of blocks."""

    seen: list[int] = field(default_factory=list)

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        self.seen.append(mixture.shape[1])
        return {target: Estimate(mixture.copy()) for target in targets}


def test_a_method_that_plans_nothing_gets_the_whole_song() -> None:
    method, mixture = _Whole(), make_music(2, 5000)
    song = hold_song(mixture, ["a"], {})
    estimate = separate_by(method, song, method.plan_blocks(RATE_HZ, {}))["a"]
    np.testing.assert_array_equal(estimate.audio, mixture)
    assert method.seen == [5000]


class _Truth(Oracle):
    """Gives the references back, a block at a time."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, references: Mapping[str, FloatArray]
    ) -> dict[str, Estimate]:
        return {target: Estimate(reference) for target, reference in references.items()}

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks:
        return Blocks(4000, 100)


@pytest.mark.parametrize("channels", ["mono", "stereo"])
def test_an_oracle_in_blocks_gets_that_part_of_each_reference(
    tmp_path: Path, channels: Any
) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.5)
    manifest = read_manifest(band.manifest)
    track, targets = manifest.tracks[0], list(TARGETS)
    with open_track(band.manifest, manifest, track, channels, targets, {}) as song:
        found = separate_by(_Truth(), song, _Truth().plan_blocks(RATE_HZ, {}))
    for target, estimate in found.items():
        reference = read_reference(band.manifest, manifest, track, target, channels)
        np.testing.assert_array_equal(estimate.audio, reference)


@pytest.mark.parametrize("channels", ["mono", "stereo"])
def test_a_part_of_a_sum_of_stems_is_that_part_of_the_whole(tmp_path: Path, channels: Any) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.2)
    manifest = read_manifest(band.manifest)
    track = manifest.tracks[0]
    mixture = read_mixture(band.manifest, track, channels)
    with open_mixture(band.manifest, track, channels) as stream:
        assert (stream.channels, stream.samples) == mixture.shape
        for start, stop in ((0, 1), (100, 8820), (7, 7)):
            np.testing.assert_array_equal(stream.read(start, stop), mixture[:, start:stop])
    other = read_reference(band.manifest, manifest, track, "other", channels)
    with open_reference(band.manifest, manifest, track, "other", channels) as stream:
        np.testing.assert_array_equal(stream.read(50, 60), other[:, 50:60])


@dataclass(frozen=True)
class _Crooked(Bound):
    """Gives activity every 3 samples, but lets its song be cut anywhere."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        curve = np.zeros(mixture.shape[1] // 3 + 1, np.float32)
        return {t: Estimate(mixture, Activity(curve, curve, 3 / rate_hz)) for t in targets}


def test_blocks_that_activity_does_not_fit_are_refused() -> None:
    song = hold_song(make_music(1, 50), ["a"], {})
    with pytest.raises(UserError, match=r"every 3 samples.*sample 1[06]; let plan_blocks"):
        separate_by(_Crooked(), song, Blocks(16, 6))


def test_a_wav_written_in_pieces_has_the_bytes_of_one_written_at_once(tmp_path: Path) -> None:
    audio = make_music(2, 1000)
    write_wav(tmp_path / "once.wav", audio, RATE_HZ)
    with open_wav(tmp_path / "pieces.wav", audio.shape, RATE_HZ) as append:
        for start in range(0, 1000, 300):
            append(audio[:, start : start + 300])
    assert (tmp_path / "pieces.wav").read_bytes() == (tmp_path / "once.wav").read_bytes()


def test_a_file_too_large_for_wav_becomes_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_module, "_WAV_LIMIT", 799)
    audio = make_music(2, 100)
    write_wav(tmp_path / "long.wav", audio, RATE_HZ)
    assert soundfile.info(tmp_path / "long.wav").format == "RF64"
    np.testing.assert_array_equal(read_audio(tmp_path / "long.wav")[0], audio)
    write_wav(tmp_path / "short.wav", audio[:, :99], RATE_HZ)
    assert soundfile.info(tmp_path / "short.wav").format == "WAV"


@pytest.mark.parametrize("samples", [1, 999, 30000])
@pytest.mark.parametrize("rates", [(48000, 44100), (44100, 96000), (8000, 44100), (5, 5)])
def test_pieces_are_resampled_like_the_whole(rates: tuple[int, int], samples: int) -> None:
    audio = make_music(2, samples)
    resampler = Resampler(*rates, 2)
    pieces = [resampler.push(audio[:, i : i + 700]) for i in range(0, samples, 700)]
    joined = np.concatenate([*pieces, resampler.flush()], axis=1)
    np.testing.assert_array_equal(joined, resample(audio, *rates))


KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from iass.foundation.audio import open_wav
with open_wav(Path(sys.argv[1]), (1, 90000), 44100) as append:
    append(np.zeros((1, 30000), np.float32))
    print("half", flush=True)
    time.sleep(60)
"""


def test_a_killed_separation_leaves_no_estimate_and_its_remains_go_with_the_next(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vocals.wav"
    command = [sys.executable, "-c", KILLED, str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    remains = list(tmp_path.iterdir())
    assert [file.name.startswith(".writing-") for file in remains] == [True]
    write_wav(path, np.zeros((1, 5), np.float32), RATE_HZ)
    assert list(tmp_path.iterdir()) == [path]


HOUR = """
import json, re, sys
from pathlib import Path
from iass.separation.chosen import choose_method
from iass.separation.file import separate_file
song, models, output = map(Path, sys.argv[1:])
separated = separate_file(song, output, choose_method(None, models, [], None, Path("data")))
status = Path("/proc/self/status").read_text()  # ru_maxrss would begin with the parent's
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
print(json.dumps([peak, separated.song.samples, len(separated.activities["vocals"].gate)]))
"""


def _measure(folder: Path, minutes: int) -> list[int]:
    """Separate so many minutes of noise into two targets, in a process of its own."""
    samples = minutes * 60 * RATE_HZ
    song = folder / f"{minutes}.wav"
    block = (make_music(1, RATE_HZ) * 2000).astype(np.int16)
    with open_wav(song, (1, samples), RATE_HZ, np.int16) as append:
        for _ in range(minutes * 60):
            append(block)
    command = [sys.executable, "-c", HOUR, str(song), str(folder / "models"), str(folder / "out")]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert soundfile.info(folder / "out" / "vocals.wav").frames == samples
    found: list[int] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_an_hour_takes_less_than_a_gibibyte_and_hardly_more_than_three_minutes(
    tmp_path: Path,
) -> None:
    small = replace(IASS, widths=(2,), n_fft=2048, hop=1024, max_hz=2000.0)
    for target in ("vocals", "drums"):
        save_iass(tmp_path / "models", target, method=small)
    short, *_ = _measure(tmp_path, 3)
    peak, samples, frames = _measure(tmp_path, 60)
    assert (samples, frames) == (3600 * RATE_HZ, 3600 * RATE_HZ // 1024 + 1)
    assert peak < 2**20  # KiB
    assert peak < short + 50 * 2**10
