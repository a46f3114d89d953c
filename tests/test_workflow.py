"""The workflow as its users meet it: run, run again, change a line, add a method, err."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from projects import ROOT, TINY, TINY_TRAINING, Project, copy_project

from iass.plan.files import list_figures

METHOD = '''"""Half of the mixture."""

from collections.abc import Sequence
from dataclasses import dataclass

from iass.foundation.audio import FloatArray
from iass.foundation.method import Bound, Estimate


@dataclass(frozen=True)
class Method(Bound):
    """Half of the mixture; gain: factor."""

    gain: float = 0.5

    def separate(self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]):
        return {target: Estimate(mixture * self.gain) for target in targets}
'''

CARD = '''"""The tiny band once more, as another data set."""

from dataclasses import dataclass

from iass.datasets import synthband


@dataclass(frozen=True)
class DataSet(synthband.DataSet):
    """Another band."""

    seed: int = 9
'''

REHEARD = (
    CARD
    + '''
    def prepare(self, tools):
        """Test on the songs that synthband trains on."""
        swap = {"train": "test", "valid": "valid", "test": "train"}
        band = synthband.DataSet(songs=self.songs, seconds=self.seconds).prepare(tools)
        return [replace(track, split=swap[track.split]) for track in band]
'''
)

SCORED = ("scores", "costs", "activity")  # folders of the figures that scores enter
REPORTS = {
    *(f"Draw {name} of tiny on synthband" for reads, name in list_figures() if reads in SCORED),
    "Collect all scores in one table",
    "Write the result table of tiny on synthband",
    "Write the listening page",
    "Check the paper's claims",
    "Set published numbers beside ours",
    "List the runs that the numbers rest on",
}


def _own_jobs(method: str, dataset: str = "synthband") -> set[str]:
    return {
        f"Separate {dataset} with {method} (unseeded, shard 0)",
        f"Score {method} on {dataset} (unseeded, shard 0)",
        f"Cut what {method} made of {dataset} (unseeded, shard 0)",
        f"Collect the scores of {method} in tiny",
    }


def _changed(**sections: dict[str, Any]) -> dict[str, Any]:
    raw = copy.deepcopy(TINY)
    for name, section in sections.items():
        raw[name] |= section
    return raw


def _with_method(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    config = _changed(methods={name: entry})
    config["experiments"]["tiny"]["methods"] = [*TINY["experiments"]["tiny"]["methods"], name]
    return config


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("finished") / "a project")
    project.run()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A finished run of its own, free to be changed."""
    shutil.copytree(finished.folder, tmp_path / "a project", symlinks=True)
    return Project(tmp_path / "a project", TINY)


def test_one_command_goes_from_nothing_to_figures(finished: Project) -> None:
    table = pd.read_parquet(finished.folder / "results" / "scores.parquet")
    assert set(table["method"]) == set(TINY["methods"])
    assert table["value"].notna().any()
    for _, name in list_figures():
        for suffix in ("pdf", "svg", "png", "csv"):
            path = finished.folder / "reports" / "figures" / f"tiny_synthband_{name}.{suffix}"
            assert path.stat().st_size > 50
    assert "input mixture" in finished.read("reports/tables/tiny_synthband_sdr.md")
    assert "<html" in finished.read("reports/report.html")


def test_estimates_are_removed_and_nothing_lies_outside_the_known_folders(
    finished: Project,
) -> None:
    assert not list(finished.folder.glob("results/estimates/**/*.wav"))
    known = {"Snakefile", "iass", "baselines", "workflow", "config", "profiles"}
    made = {"data", "results", "reports", ".snakemake", ".cache"}
    assert {path.name for path in finished.folder.iterdir()} == known | made


def test_a_second_run_runs_nothing(finished: Project) -> None:
    assert finished.plan_jobs() == set()


def test_touched_files_rerun_nothing(project: Project) -> None:
    for path in (*project.folder.glob("iass/**/*.py"), *project.folder.glob("baselines/*.py")):
        path.touch()
    assert project.plan_jobs() == set()


def test_a_comment_in_a_method_reruns_nothing(project: Project) -> None:
    project.replace("baselines/ibm.py", "import torch\n", "import torch  # for the STFT\n")
    assert project.plan_jobs() == set()


def test_a_changed_line_of_a_method_reruns_its_jobs_and_the_reports(project: Project) -> None:
    project.replace("baselines/ibm.py", "threshold: float = 0.5", "threshold: float = 0.6")
    assert project.plan_jobs() == _own_jobs("ibm") | REPORTS


def test_a_changed_option_reruns_its_method_and_the_reports(project: Project) -> None:
    config = _changed(methods={"ibm": {"kind": "oracle", "options": {"exponent": 2.0}}})
    project.write_config(config)
    assert project.plan_jobs() == _own_jobs("ibm") | REPORTS


def test_a_changed_figure_is_drawn_again_alone(project: Project) -> None:
    name = "iass/reporting/figures/scores/sdr.py"
    project.write(name, project.read(name) + "\n\nANOTHER = 1\n")
    assert project.plan_jobs() == {"Draw sdr of tiny on synthband"}


def test_a_changed_training_setting_trains_that_method_again(project: Project) -> None:
    config = copy.deepcopy(TINY)
    config["methods"]["iass"]["train"] = TINY_TRAINING | {"steps": 4}
    project.write_config(config)
    jobs = project.plan_jobs()
    assert "Train iass on drums of synthband (seed0)" in jobs
    assert not {job for job in jobs if "ibm" in job or "open_unmix" in job}


def test_a_changed_data_set_is_prepared_and_all_that_follows_done_in_one_run(
    project: Project,
) -> None:
    options = TINY["datasets"]["synthband"]["options"] | {"seed": 9}
    project.write_config(_changed(datasets={"synthband": {"options": options}}))
    jobs = project.plan_jobs()
    assert any(job.startswith("Fetch synthband") for job in jobs)
    assert "Prepare synthband: stems, manifest, activity labels" in jobs
    assert "Train iass on drums of synthband (seed0)" in jobs
    assert _own_jobs("ibm") | REPORTS <= jobs


def test_how_a_data_set_is_got_reruns_nothing(project: Project) -> None:
    project.write_config(TINY | {"accept_licences": ["musdb18hq"], "mirror": "http://localhost"})
    assert project.plan_jobs() == set()


@pytest.mark.slow
def test_a_method_is_one_file_and_one_config_entry(project: Project) -> None:
    project.write("baselines/half.py", METHOD)
    project.write_config(_with_method("half", {"kind": "bound"}))
    jobs = project.plan_jobs()
    assert _own_jobs("half") <= jobs
    assert not {j for j in jobs if "Train" in j or ("Score" in j and "half" not in j)}
    project.run()
    table = pd.read_csv(project.folder / "results" / "scores.csv")
    assert table.loc[table["method"] == "half", "value"].notna().any()


def test_a_variant_is_one_config_entry(project: Project) -> None:
    project.write_config(
        _with_method("ibm2", {"kind": "oracle", "module": "ibm", "options": {"exponent": 2.0}})
    )
    jobs = project.plan_jobs()
    assert _own_jobs("ibm2") <= jobs
    assert not {j for j in jobs if "Train" in j or ("Separate" in j and "ibm2" not in j)}


def test_a_command_line_is_one_config_entry_with_its_own_environment(project: Project) -> None:
    shutil.copy(ROOT / "tests" / "copy_mixture.py", project.folder / "copy_mixture.py")
    project.write("workflow/envs/copying.yaml", "channels: [conda-forge]\ndependencies: [python]\n")
    command = "{python} copy_mixture.py {mixture} {output} {targets}"
    entry = {"kind": "command", "command": command, "env": "copying"}
    project.write_config(_with_method("copying", entry))
    jobs = project.plan_jobs()
    assert _own_jobs("copying") <= jobs
    assert not {j for j in jobs if "Train" in j or ("Separate" in j and "copying" not in j)}
    project.run("results/scores/tiny/copying.parquet")
    scores = pd.read_parquet(project.folder / "results/scores/tiny/copying.parquet")
    mixture = pd.read_parquet(project.folder / "results/scores/tiny/input_mixture.parquet")
    pd.testing.assert_series_equal(scores["value"], mixture["value"])


def test_a_data_set_is_one_file_and_one_config_entry(project: Project) -> None:
    project.write("iass/datasets/otherband.py", CARD)
    config = _changed(datasets={"otherband": TINY["datasets"]["synthband"]})
    config["experiments"]["tiny"]["test_on"] = ["synthband", "otherband"]
    project.write_config(config)
    jobs = project.plan_jobs()
    assert "Prepare otherband: stems, manifest, activity labels" in jobs
    assert _own_jobs("ibm", "otherband") <= jobs
    assert "Separate otherband with iass (seed0, shard 0)" in jobs
    steps = {job for job in jobs if job.startswith(("Prepare", "Train", "Separate", "Score"))}
    assert all("otherband" in job for job in steps)


@pytest.mark.slow
def test_nothing_is_trained_for_songs_that_it_has_heard_unless_every_number_says_so(
    tmp_path: Path,
) -> None:
    config = _changed(datasets={"reheard": TINY["datasets"]["synthband"]})
    experiment = config["experiments"]["tiny"]
    experiment |= {"test_on": ["reheard"], "methods": ["ibm", "open_unmix"]}
    project = copy_project(tmp_path / "a project", config)
    card = REHEARD.replace("import dataclass", "import dataclass, replace")
    project.write("iass/datasets/reheard.py", card)
    done = project.snakemake()
    assert done.returncode != 0
    assert "experiments.tiny: 1 song(s) of the test tracks are also trained on" in done.stderr
    assert "results/overlap/tiny/reheard_refused.json lists all" in done.stderr
    assert not (project.folder / "results" / "models").exists()
    experiment["allow_overlap"] = True
    project.write_config(config)
    project.run()
    rows = project.read("reports/tables/tiny_reheard_sdr.md").splitlines()
    assert ["†" in row for row in rows[2:4]] == [False, True]  # ibm, Open-Unmix


def test_our_engine_and_museval_give_the_same_table(project: Project) -> None:
    ours = pd.read_parquet(project.folder / "results" / "scores.parquet")
    project.write_config(TINY | {"scoring": {"engine": "museval"}})
    project.run("results/scores.parquet")
    theirs = pd.read_parquet(project.folder / "results" / "scores.parquet")
    assert (ours["run_id"] != theirs["run_id"]).all()
    keys = [column for column in ours.columns if column not in ("value", "reason", "run_id")]
    pd.testing.assert_frame_equal(ours[keys], theirs[keys])
    # museval scores less than the mask `target` lets through; elsewhere reasons are the same.
    is_scored = theirs["value"].notna() | (theirs["mask"] != "target")
    ours, theirs = ours[is_scored], theirs[is_scored]
    pd.testing.assert_series_equal(ours["reason"], theirs["reason"])
    # Above 100 dB (the mixture's SAR against itself) both report rounding noise.
    ours_db, theirs_db = (table["value"].clip(upper=100.0) for table in (ours, theirs))
    assert ours_db[ours["mask"] == "museval"].notna().any()
    pd.testing.assert_series_equal(ours_db, theirs_db, rtol=0, atol=1e-5)


def test_a_broken_stem_stops_with_its_name_and_nothing_is_lost(project: Project) -> None:
    scores = project.read("results/scores.csv")
    stem = next(project.folder.glob("data/synthband/*test*/drums.wav"))
    stem.write_bytes(stem.read_bytes()[:10])
    project.replace("baselines/ibm.py", "threshold: float = 0.5", "threshold: float = 0.6")
    done = project.snakemake()
    assert done.returncode != 0
    assert f"iass: {stem} cannot be read as audio" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert project.read("results/scores.csv") == scores


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("colour", "red", "unknown key 'colour'"),
        ("methods.ghost", {"kind": "bound"}, "methods.ghost: there is no file baselines/ghost.py"),
        ("datasets.ghost", {}, "datasets.ghost: there is no file iass/datasets/ghost.py"),
        ("methods.ibm.options", {"n_fft": "big"}, "methods.ibm.options.n_fft"),
        ("experiments.tiny.methods", ["nothing"], "method 'nothing', which 'methods'"),
    ],
)
def test_a_wrong_config_stops_at_once_with_one_sentence(
    finished: Project, tmp_path: Path, path: str, value: object, named: str
) -> None:
    config = copy.deepcopy(TINY)
    *parents, last = path.split(".")
    section: dict[str, Any] = config
    for key in parents:
        section = section[key]
    section[last] = value
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
    done = finished.snakemake("--dry-run", "--configfile", str(tmp_path / "mine.yaml"))
    assert done.returncode != 0
    message = [line for line in (done.stdout + done.stderr).splitlines() if "iass:" in line]
    assert len(message) == 1
    assert named in message[0]
    assert "mine.yaml" in message[0]
    assert "Traceback" not in done.stdout + done.stderr


def test_the_paper_can_be_planned_and_its_data_sets_say_what_is_missing(
    finished: Project,
) -> None:
    shutil.copy(ROOT / "config" / "paper.yaml", finished.folder / "config" / "paper.yaml")
    paper = ("--configfile", "config/paper.yaml")
    jobs = finished.plan_jobs(*paper)
    assert "Train iass on piano of mm (seed42)" in jobs
    assert "Train open_unmix on vocals of musdb18hq (seed42)" in jobs
    done = finished.snakemake("results/data/musdb18hq/manifest.json", *paper)
    message = [line for line in (done.stdout + done.stderr).splitlines() if "iass:" in line]
    assert done.returncode != 0
    assert "MUSDB18-HQ has terms" in message[0]
    assert "add 'musdb18hq' to 'accept_licences'" in message[0]


def test_a_given_config_replaces_the_default(finished: Project, tmp_path: Path) -> None:
    config = copy.deepcopy(TINY)
    config["experiments"] = {"other": TINY["experiments"]["tiny"] | {"methods": ["ibm"]}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
    jobs = finished.plan_jobs("--configfile", str(tmp_path / "mine.yaml"))
    assert "Collect the scores of ibm in other" in jobs
    assert not {job for job in jobs if "tiny" in job}


def test_accepting_another_licence_prepares_and_trains_nothing_again(project: Project) -> None:
    project.write_config(TINY | {"accept_licences": ["musdb18hq"], "mirror": "http://lab.example"})
    steps = ("Prepare", "Train", "Separate", "Score")
    assert not [job for job in project.plan_jobs() if job.startswith(steps)]
