import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from iass.foundation import provenance
from iass.foundation.provenance import (
    describe_commit,
    describe_device,
    describe_environment,
    describe_packages,
    describe_step,
)


def _git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_and_uncommitted_changes_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    assert describe_commit() == "unknown"
    _git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    _git(tmp_path, "add", "a")
    _git(tmp_path, "commit", "-q", "-m", "one")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    assert describe_commit() == commit
    (tmp_path / "a").write_text("2")
    assert describe_commit() == f"{commit}+changes"


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_commit() == "unknown"


def test_versions_are_those_installed() -> None:
    assert describe_packages("numpy") == {"numpy": np.__version__}
    assert set(describe_environment()) == {"commit", "python", "system"}


def test_a_step_tells_when_on_what_and_with_which_versions() -> None:
    found = describe_step()
    assert datetime.fromisoformat(found["date"]).tzinfo == UTC
    assert datetime.now(UTC) - datetime.fromisoformat(found["date"]) < timedelta(minutes=5)
    assert found["device"] == describe_device() != ""
    assert found["numpy"] == np.__version__
    assert {"commit", "python", "system", "torch"} <= set(found)


def test_a_package_that_an_environment_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    assert "no-such-package" not in describe_step()
