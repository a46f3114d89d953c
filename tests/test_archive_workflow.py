"""The archive of real runs: what it says made the numbers did make them."""

import copy
import shutil
import subprocess
import sys
import zipfile
from typing import Any

import pytest
import yaml
from projects import ROOT, TINY, Project, copy_project

from iass.reporting.archive import ABOUT

pytestmark = pytest.mark.slow

UNUSED = {"kind": "command", "command": "cp '{mixture}' {output} # 100 % für $HOME"}
MARGIN = {"claims": {"margin_db": 0.25}}  # enters the page of claims, and little else


def _config(**changes: Any) -> dict[str, Any]:
    """Two methods that learn nothing, and estimates that are kept."""
    config = copy.deepcopy(TINY) | {"keep_estimates": True} | changes
    config["methods"]["copying"] = UNUSED
    config["experiments"]["tiny"]["methods"] = ["input_mixture", "ibm"]
    return config


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run with one figure; every test leaves it finished."""
    project = copy_project(tmp_path_factory.mktemp("archive") / "a project", _config())
    for name in ABOUT:
        shutil.copy(ROOT / name, project.folder / name)
    for figure in project.folder.glob("iass/reporting/figures/*/*.py"):
        if figure.name not in ("__init__.py", "sdr.py"):
            figure.unlink()
    project.run()
    return project


def _archive(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "iass", "archive", "-o", "a.zip", "--force", *words]
    return subprocess.run(
        command, cwd=project.folder, env={}, capture_output=True, text=True, check=False
    )


def _refuse(project: Project, *words: str) -> str:
    """Return the sentence with which the archive is refused."""
    done = _archive(project, *words)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    return sentence


def _read_config(project: Project) -> Any:
    """Return the config in an archive that is made now."""
    done = _archive(project)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(project.folder / "a.zip") as file:
        [name] = [name for name in file.namelist() if name.endswith("config.yaml")]
        return yaml.safe_load(file.read(name))


def test_a_second_run_does_nothing(project: Project) -> None:
    done = project.snakemake()
    assert "Nothing to be done" in done.stdout + done.stderr
    assert _read_config(project) == _config()


def test_a_key_given_to_snakemake_is_in_the_archive(project: Project) -> None:
    project.run("--config", "claims={margin_db: 0.25}")
    assert _read_config(project) == _config(**MARGIN)
    done = project.snakemake("--config", "claims={margin_db: 0.25}")
    assert "Nothing to be done" in done.stdout + done.stderr
    project.run()
    assert _read_config(project) == _config()


def test_an_edited_config_is_not_archived_before_it_has_run(project: Project) -> None:
    project.write_config(_config(**MARGIN))
    assert _read_config(project) == _config()
    project.run("reports/claims.md")  # a part of it: the other pages are of the config before
    assert "There is no finished run here" in _refuse(project)
    project.run()
    assert _read_config(project) == _config(**MARGIN)
    project.write_config(_config())
    project.run()


def test_a_run_that_fails_is_not_archived(project: Project) -> None:
    name = "iass/reporting/tables/published.py"
    code = project.read(name)
    project.write(name, f"{code}\nraise SystemExit(1)\n")
    project.write_config(_config(**MARGIN))
    claims = project.folder / "reports" / "claims.md"
    before_s = claims.stat().st_mtime
    assert project.snakemake().returncode != 0
    assert claims.stat().st_mtime > before_s
    assert "There is no finished run here" in _refuse(project)
    project.write(name, code)
    project.write_config(_config())
    project.run()
    assert _read_config(project) == _config()


def test_private_music_is_not_archived_whatever_the_config_says_now(project: Project) -> None:
    project.run("--config", "listen={private: true}")
    assert "private" in _refuse(project, "--listen")
    project.write_config(_config(listen={"private": True}))
    project.run()
    project.write_config(_config())
    assert "private" in _refuse(project, "--listen")
    assert _read_config(project) == _config(listen={"private": True})
    project.run()
    done = _archive(project, "--listen")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(project.folder / "a.zip") as file:
        assert "iass-bench/reports/listen/songs/1.js" in file.namelist()
