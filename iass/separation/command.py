"""Running a baseline that is a command line: it gets a WAV and leaves one WAV per target."""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from iass.foundation.audio import FloatArray, read_audio, write_wav
from iass.foundation.errors import UserError
from iass.foundation.method import Command, Estimate


def run_command(
    method: Command, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
) -> dict[str, Estimate]:
    """Return what the program wrote. UserError if it fails or leaves a wrong or missing file.

    The program starts in the project's folder. It is told where a temporary folder holds the
    mixture, and of no reference.
    """
    with tempfile.TemporaryDirectory(prefix="iass-command-") as name:
        folder = Path(name)
        output = folder / "estimates"
        output.mkdir()
        write_wav(folder / "mixture.wav", mixture, rate_hz)
        _execute(_fill(method.command, folder / "mixture.wav", output, targets))
        return {t: Estimate(_read_estimate(output / f"{t}.wav", rate_hz)) for t in targets}


def _fill(template: str, mixture: Path, output: Path, targets: Sequence[str]) -> list[str]:
    """Return the words: {targets} alone becomes one word per target, inside a word a list a,b."""
    words: list[str] = []
    for word in shlex.split(template):
        if word == "{targets}":
            words.extend(targets)
        else:
            words.append(
                word.replace("{mixture}", str(mixture))
                .replace("{output}", str(output))
                .replace("{targets}", ",".join(targets))
                .replace("{python}", sys.executable)
            )
    return words


def _execute(words: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            words, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise UserError(f"The command '{words[0]}' cannot be started ({error.strerror}).") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise UserError(
            f"The command '{shlex.join(words)}' stopped with exit code {done.returncode}: {last}"
        )


def _read_estimate(path: Path, rate_hz: int) -> FloatArray:
    audio, found_hz = read_audio(path)
    if found_hz != rate_hz:
        raise UserError(
            f"The command wrote {path.name} at {found_hz} Hz for a mixture at {rate_hz} Hz; it "
            "must keep the rate."
        )
    return audio
