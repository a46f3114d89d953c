"""Packages, licences and files of the repository: one truth, told in several places alike."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from iass.foundation.plugins import ROOT

ENVS = sorted((ROOT / "workflow" / "envs").glob("*.yaml"))
CONDA_NAMES = {"pytorch": "torch", "pysoundfile": "soundfile", "soxr-python": "soxr"}
CONDA_ONLY = {"python", "pip", "ffmpeg", "torchaudio", "pyaudio"}  # environment.yml says why
UNNEEDED = {"torchaudio", "pyaudio"}  # declared by others; requirements.lock says why
CUDA = re.compile(r"nvidia-|cuda-|triton")  # torch's CUDA build brings these itself
# What each rule environment runs: modules, or packages with all that lies in them.
ROOTS = {
    "prepare": ["iass.preparation.run", "iass.datasets"],
    "method": [
        "iass.training.run",
        "iass.separation.run",
        "iass.preparation.fetch_weights",
        "baselines",
    ],
    "score": ["iass.scoring.run", "iass.scoring.collect"],
    "report": ["iass.reporting"],
}
# What runs there without an import statement of ours.
UNSEEN = {
    "prepare": {"typer", "pyarrow", "pretty-midi", "stempeg"},
    "method": {"typer", "pyarrow", "openunmix", "tensorboard"},
    "score": {"typer", "pyarrow", "museval"},
    "report": {"typer", "pyarrow"},
}


def _project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"])


def _bounds(lines: list[str]) -> dict[str, str]:
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(item.name): str(item.specifier) for item in found}


def _pins(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def _versions(*names: str) -> dict[str, str]:
    pins = [pin for name in names for pin in _pins(name)]
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}


def _conda_bounds(path: Path) -> dict[str, str]:
    entries = yaml.safe_load(path.read_text("utf-8"))["dependencies"]
    nested = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"]]
    bounds = _bounds([entry for entry in entries if isinstance(entry, str)] + nested)
    return {CONDA_NAMES.get(name, name): specifier for name, specifier in bounds.items()}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_pins_each_package_once_and_exactly(name: str) -> None:
    pins = _pins(name)
    assert all(re.fullmatch(r"==[^*,]+", str(pin.specifier)) for pin in pins)
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(names) == len(set(names))


def test_every_declared_package_is_pinned_within_its_bounds() -> None:
    project = _project()
    run, both = (
        _versions("requirements.lock"),
        _versions("requirements.lock", "requirements-test.lock"),
    )
    for lines, versions in (
        (project["dependencies"], run),
        (project["optional-dependencies"]["test"], both),
    ):
        for wanted in map(Requirement, lines):
            assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted


def test_every_declared_package_has_a_lower_and_an_upper_bound() -> None:
    project = _project()
    for line in project["dependencies"] + project["optional-dependencies"]["test"]:
        operators = {item.operator for item in Requirement(line).specifier}
        assert operators == {">=", "<"}, line


def test_every_direct_dependency_says_why_it_was_chosen() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for line in re.findall(r'^    "[a-zA-Z_-]+>=.*$', text, re.MULTILINE):
        assert re.search(r"# \w+", line), line


def _requirements(name: str) -> Iterator[str]:
    """Yield what an installed package requires here, without extras and CUDA libraries."""
    for wanted in map(Requirement, requires(name) or []):
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if applies and not CUDA.match(wanted.name):
            yield canonicalize_name(wanted.name)


def test_the_locks_pin_all_that_pinned_packages_need_but_the_two_that_are_not_needed() -> None:
    versions = _versions("requirements.lock", "requirements-test.lock")
    needed = {wanted for name in versions for wanted in _requirements(name)}
    assert needed - set(versions) == UNNEEDED


def test_the_conda_environment_is_the_declared_dependencies_with_the_same_bounds() -> None:
    conda = _conda_bounds(ROOT / "environment.yml")
    shared = {name: bounds for name, bounds in conda.items() if name not in CONDA_ONLY}
    assert shared == _bounds(_project()["dependencies"])


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)
def test_a_rule_environment_has_the_bounds_of_the_whole(path: Path) -> None:
    whole = _conda_bounds(ROOT / "environment.yml")
    own = {name: bounds for name, bounds in _conda_bounds(path).items() if name in whole}
    assert own.items() <= whole.items()


@pytest.mark.parametrize("path", [ROOT / "environment.yml", *ENVS], ids=lambda path: path.stem)
def test_conda_packages_come_from_community_channels_alone(path: Path) -> None:
    channels = yaml.safe_load(path.read_text("utf-8"))["channels"]
    assert channels == ["conda-forge"] or (
        path.stem == "environment" and channels == ["conda-forge", "bioconda"]
    )


def _root_files(dotted: str) -> list[Path]:
    """Return the file of a module, or all files of a package."""
    base = ROOT / dotted.replace(".", "/")
    return sorted(base.rglob("*.py")) if base.is_dir() else [base.with_suffix(".py")]


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _third_party(roots: list[str]) -> set[str]:
    """Return the packages that `roots` import, through all modules of ours."""
    waiting = [path for root in roots for path in _root_files(root)]
    seen: set[Path] = set()
    outside: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in _imported(path):
            if name.split(".")[0] in ("iass", "baselines"):
                file = ROOT / f"{name.replace('.', '/')}.py"
                waiting += [file] if file.is_file() else []
            else:
                outside.add(name.split(".")[0])
    return outside - sys.stdlib_module_names


@pytest.mark.parametrize("step", ROOTS)
def test_a_rule_environment_has_what_its_code_imports(step: str) -> None:
    owners = packages_distributions()
    imported = {owners[name][0] for name in _third_party(ROOTS[step])}
    needed = {canonicalize_name(name) for name in imported} | UNSEEN[step]
    assert needed <= set(_conda_bounds(ROOT / "workflow" / "envs" / f"{step}.yaml"))


def test_no_rule_names_a_directory_or_a_missing_file_as_its_environment() -> None:
    rules = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    named = [
        (rule, value)
        for rule in rules
        for value in re.findall(r"^ +conda:\s+(\S+)", rule.read_text("utf-8"), re.MULTILINE)
    ]
    assert named
    for rule, value in named:
        if value.startswith('"'):
            assert (rule.parent / value.strip('",')).is_file()
            assert value.strip('",').endswith(".yaml")
        else:
            assert value.strip(",") == "plan.params.method_env"


def test_every_rule_that_runs_a_command_has_an_environment() -> None:
    for rule in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for block in re.split(r"^rule ", rule.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            assert "shell:" not in block or "conda:" in block, block.splitlines()[0]


def test_the_citation_names_this_software_and_the_paper() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = _project()
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"] == "MIT"
    paper = citation["references"][0]
    assert paper["title"].startswith("Multitask Learning for Instrument Activation Aware")
    assert [author["family-names"] for author in paper["authors"]] == ["Hung", "Lerch"]
    assert paper["identifiers"][0]["value"] == "arXiv:2008.00616"


def test_the_licence_is_mit_by_the_authors() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License\n")
    assert "the iass-bench authors" in text


def _committed_texts() -> Iterator[tuple[str, str]]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".pdf", ".wav", ".gz"):
            yield name, path.read_text("utf-8")


def test_no_committed_file_holds_a_path_of_one_machine() -> None:
    absolute = re.compile(r"(?<![\w.}/-])/(root|home|Users|work|opt|mnt|scratch)/\w")
    found = [name for name, text in _committed_texts() if absolute.search(text)]
    assert found == []
