"""Where a number comes from: commit, machine, package versions; for sidecar files only."""

import importlib.metadata
import platform
import subprocess

from iass.foundation.plugins import ROOT


def describe_environment() -> dict[str, str]:
    """Return the commit ("unknown" outside git, "+changes" if files differ), Python and system."""
    return {
        "commit": describe_commit(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def describe_packages(*names: str) -> dict[str, str]:
    """Return the installed versions of packages."""
    return {name: importlib.metadata.version(name) for name in names}


def describe_commit() -> str:
    """Return the commit of this checkout, with "+changes" where tracked files differ from it."""
    commit = _ask_git("rev-parse", "HEAD")
    if not commit:
        return "unknown"
    return commit + ("+changes" if _ask_git("status", "--porcelain", "-uno") else "")


def _ask_git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", ROOT, *words], capture_output=True, text=True, check=False
        )
    except OSError:  # no git on this machine
        return ""
    return done.stdout.strip()
