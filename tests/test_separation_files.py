"""Songs from file to file in pieces: the same bytes, whole or not at all, in little memory."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_models import IASS, RATE_HZ, make_music, save_iass

from iass.foundation import audio as audio_module
from iass.foundation.audio import Resampler, open_wav, read_audio, resample, write_wav

ROOT = Path(__file__).parents[1]


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
    assert (samples, frames) == (3600 * RATE_HZ, -(-3600 * RATE_HZ // 1024) + 1)
    assert peak < 2**20  # KiB
    assert peak < short + 50 * 2**10
