"""Where a number comes from: commit, machine, package versions; for sidecar files only."""

import importlib.metadata
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from iass.foundation.plugins import ROOT

ENVIRONMENT = "environment.json"  # sidecar beside a model, and beside a shard's estimates
PACKAGES = (
    "museval", "numpy", "openunmix", "pandas", "scikit-learn", "scipy", "soxr", "tinysoundfont",
    "torch",
)  # fmt: skip
"""Packages that compute what ends up in a number."""


def describe_environment() -> dict[str, str]:
    """Return the commit ("unknown" outside git, "+changes" if files differ), Python and system."""
    return {
        "commit": describe_commit(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def describe_step() -> dict[str, str]:
    """Return when (UTC) and on what this process computes, with the versions of PACKAGES."""
    now = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "device": describe_device()}
    return describe_environment() | now | _find_versions()


def describe_device() -> str:
    """Return the names of the GPUs that this process has used, else that of the processor."""
    torch = sys.modules.get("torch")  # this module may not need it: tables know their runs, too
    if torch is None or not torch.cuda.is_initialized():
        return _name_processor()
    cuda = torch.cuda
    used = [index for index in range(cuda.device_count()) if cuda.max_memory_allocated(index)]
    names = dict.fromkeys(str(cuda.get_device_name(index)) for index in used)
    return ", ".join(names) or _name_processor()


def describe_packages(*names: str) -> dict[str, str]:
    """Return the installed versions of packages."""
    return {name: importlib.metadata.version(name) for name in names}


def describe_commit() -> str:
    """Return the commit of this checkout, with "+changes" where tracked files differ from it."""
    commit = _ask_git("rev-parse", "HEAD")
    if not commit:
        return "unknown"
    return commit + ("+changes" if _ask_git("status", "--porcelain", "-uno") else "")


def _find_versions() -> dict[str, str]:
    """Return the versions of those of PACKAGES that a method's environment has."""
    versions = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _name_processor() -> str:
    with suppress(OSError):  # not on Linux
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _ask_git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", ROOT, *words], capture_output=True, text=True, check=False
        )
    except OSError:  # no git on this machine
        return ""
    return done.stdout.strip()
