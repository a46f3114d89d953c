"""A temporary copy of this project in which a test may run, change and extend the workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "iass", "baselines", "workflow", "config", "profiles", "reports/published")

TINY_TRAINING: dict[str, Any] = {
    "schedule": "warmup_cosine",
    "steps": 3,
    "batch_size": 1,
    "chunk_s": 0.5,
    "validate_every": 3,
}
TINY: dict[str, Any] = {
    "datasets": {
        "synthband": {
            "options": {
                "songs": {"train": 1, "valid": 1, "test": 1},
                "seconds": {"train": 3.0, "valid": 2.0, "test": 2.0},
            }
        }
    },
    "methods": {
        "input_mixture": {"kind": "bound"},
        "ibm": {"kind": "oracle"},
        "iass": {
            "kind": "trained",
            "options": {"widths": [4, 6, 8], "n_fft": 2048, "max_hz": 4000.0},
            "train": TINY_TRAINING,
        },
        "open_unmix": {
            "kind": "trained",
            "options": {"hidden_size": 16, "layers": 1, "n_fft": 2048, "max_hz": 4000.0},
            "train": TINY_TRAINING,
        },
    },
    "experiments": {
        "tiny": {
            "train_on": "synthband",
            "test_on": ["synthband"],
            "targets": ["drums"],
            "methods": ["input_mixture", "ibm", "iass", "open_unmix"],
            "channels": "mono",
        }
    },
}


class Project:
    """A copy of the project in its own folder, with its own config."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        self.write_config(config)

    def write_config(self, config: dict[str, Any]) -> None:
        self.write("config/config.yaml", yaml.safe_dump(config))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text
        self.write(name, text.replace(old, new))

    def snakemake(
        self, *arguments: str, timeout_s: float = 500
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake as a user does, without this test's environment."""
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = keep | {"XDG_CACHE_HOME": str(self.folder / ".cache"), "MPLBACKEND": "Agg"}
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def run(self, *arguments: str, timeout_s: float = 500) -> None:
        done = self.snakemake(*arguments, timeout_s=timeout_s)
        assert done.returncode == 0, done.stdout + done.stderr

    def plan_jobs(self, *arguments: str) -> set[str]:
        """Return the messages of the jobs that a run would start."""
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return set(re.findall(r"^Job \d+: (.*)$", done.stdout + done.stderr, flags=re.MULTILINE))


def copy_project(folder: Path, config: dict[str, Any] = TINY) -> Project:
    """Copy the project's code to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    return Project(folder, config)
