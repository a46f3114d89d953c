"""Trainings in processes of their own, which a test may kill: the command of the rule `train`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SMALL = {"n_fft": 1024, "hop": 512, "max_hz": 6000.0}
OPTIONS: dict[str, dict[str, Any]] = {
    "iass": {"widths": [3, 4], **SMALL},
    "open_unmix": {"hidden_size": 8, "layers": 2, **SMALL},
}
HANGS = 1800  # s; far more than any of these takes on a machine that is busy with other work
TRAINING = {"schedule": "warmup_cosine", "chunk_s": 0.3, "learning_rate": 5e-3}


class Run:
    """A training of a method on the tiny set in `source`, into `folder`."""

    def __init__(self, source: Path, folder: Path, method: str = "iass", **settings: Any) -> None:
        self.source, self.folder, self.method = source, folder, method
        self.settings = TRAINING | settings

    @property
    def command(self) -> list[str]:
        """The command line."""
        entry = {
            "kind": "trained",
            "options": OPTIONS[self.method],
            "train": self.settings,
        }
        processes = self.settings.get("processes", 1)
        torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        launcher = ["-m", *torchrun] if processes > 1 else []
        words = ["--target", "bass", "--channels", "mono", "--seed", "seed0"]
        files = {
            "--manifest": self.source / "manifest.json",
            "--labels": self.source / "labels.parquet",
            "--folder": self.folder / "model",
            "--checkpoints": self.folder / "checkpoints",
        }
        paths = [word for name, path in files.items() for word in (name, str(path))]
        step = ["-m", "iass", "step", "train", self.method, "--entry", json.dumps(entry)]
        return [sys.executable, *launcher, *step, *words, *paths]

    @contextmanager
    def start(self, **variables: str) -> Iterator[subprocess.Popen[str]]:
        """Start it in a group of its own, with one thread; what is left of it is killed."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | variables
        with subprocess.Popen(
            self.command,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def finish(self) -> str:
        """Run it to its end; return what it said."""
        with self.start() as process:
            _, said = process.communicate(timeout=HANGS)
            assert process.returncode == 0, said
        return said

    def read(self, name: str) -> bytes:
        """Return a file of the model."""
        return (self.folder / "model" / name).read_bytes()

    @property
    def checkpoints(self) -> list[Path]:
        """All checkpoints."""
        return sorted((self.folder / "checkpoints").glob("*.pt"))


def wait_for_line(process: subprocess.Popen[str], start: str) -> str:
    """Return the first line of stderr with this start."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if line.startswith(start):
            return line
        said.append(line)
    raise AssertionError("".join(said))
