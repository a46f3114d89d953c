"""The listening page as the workflow makes it, and what makes it anew."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from projects import TINY, Project, copy_project

pytestmark = pytest.mark.slow
TARGETS = ("reports/listen/index.html", "results/scores.parquet")
PAGE = "Write the listening page"
CUT = {f"Cut what {m} made of synthband (unseeded, shard 0)" for m in ("input_mixture", "ibm")}
CHOOSE = "Choose what is heard of synthband in tiny"


def _config(**listen: Any) -> dict[str, Any]:
    """Two methods that learn nothing, and estimates that are kept."""
    config = copy.deepcopy(TINY) | {"keep_estimates": True, "listen": listen}
    config["experiments"]["tiny"]["methods"] = ["input_mixture", "ibm"]
    return config


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("listen") / "a project", _config())
    project.run(*TARGETS)
    return project


@pytest.fixture
def project(finished: Project) -> Project:
    finished.write_config(_config())
    return finished


def _read_call(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8")
    content: dict[str, Any] = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    return content


def test_the_workflow_writes_a_page_of_its_songs(finished: Project) -> None:
    folder = finished.folder / "reports" / "listen"
    index = _read_call(folder / "songs.js")
    [entry] = index["songs"]
    assert entry["id"] == "tiny/synthband/synthband-test-000"
    assert entry["licence"] == "CC0-1.0"
    song = _read_call(folder / entry["file"])
    keys = {"mixture", *(f"drums/{name}" for name in ("reference", "input_mixture", "ibm"))}
    assert set(song["clips"]) == keys
    assert song["clips"]["drums/input_mixture"]["audio"] == song["clips"]["mixture"]["audio"]
    assert len(song["sdr"]["drums/ibm"]) == 2  # two seconds
    assert finished.plan_jobs(*TARGETS) == set()


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("iass/reporting/figures/scores/sdr.py", set()),
        ("iass/reporting/listen/run.py", {PAGE}),
        ("iass/reporting/listen/estimates.py", {*CUT, PAGE}),
        ("iass/reporting/listen/choose.py", {CHOOSE, *CUT, PAGE}),
    ],
)
def test_changed_code_makes_anew_what_it_made(project: Project, name: str, jobs: set[str]) -> None:
    before = project.read(name)
    project.write(name, f"{before}\n\nANOTHER = 1\n")
    assert project.plan_jobs(*TARGETS) == jobs
    project.write(name, before)


def test_a_changed_script_of_the_page_writes_the_page_alone(project: Project) -> None:
    name = "iass/reporting/listen/static/style.css"
    before = project.read(name)
    project.write(name, f"{before}\n")
    assert project.plan_jobs(*TARGETS) == {PAGE}
    project.write(name, before)


def test_other_scores_of_kept_estimates_cut_nothing_anew(project: Project) -> None:
    name = "iass/scoring/frames.py"
    before = project.read(name)
    project.write(name, f"{before}\n\nANOTHER = 1\n")
    jobs = project.plan_jobs(*TARGETS)
    assert PAGE in jobs
    assert not jobs & {*CUT, CHOOSE}
    project.write(name, before)


@pytest.mark.parametrize(
    ("listen", "jobs"),
    [
        ({"max_mb": 9.0}, {PAGE}),
        ({"seconds": 1.0}, {CHOOSE, *CUT, PAGE}),
    ],
)
def test_a_changed_key_makes_anew_what_it_changes(
    project: Project, listen: dict[str, Any], jobs: set[str]
) -> None:
    project.write_config(_config(**listen))
    assert project.plan_jobs(*TARGETS) == jobs


def test_a_page_with_fewer_songs_keeps_no_file_of_the_others(project: Project) -> None:
    project.write_config(_config(max_mb=0.08))
    project.run(*TARGETS)
    folder = project.folder / "reports" / "listen"
    index = _read_call(folder / "songs.js")
    assert index["songs"] == []
    assert "listen.max_mb" in index["left_out"][0]["reason"]
    assert not list((folder / "songs").glob("*.js"))
