"""Published weights in the workflow: fetched once, verified, and kept from songs they learned."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from file_server import FileServer, Route, serve
from projects import TINY, copy_project
from released import TARGETS, Replica, save_replica
from test_overlap_guard import _write as write_songs
from typer.testing import CliRunner

from baselines import umx
from iass.cli.main import app
from iass.datasets.musdb.layout import list_published
from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json
from iass.plan.driver import make_plan
from iass.preparation.fetch_weights import fetch_weights
from iass.preparation.overlap import check_weights, read_heard_tracks
from iass.preparation.weights import locate_weights, read_receipt, write_receipt


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return save_replica(tmp_path_factory.mktemp("replica"))


@pytest.fixture
def server(files: Mapping[str, Path]) -> Iterator[FileServer]:
    with serve(**{path.name: Route(path.read_bytes()) for path in files.values()}) as found:
        yield found


@pytest.fixture
def replica(server: FileServer, files: Mapping[str, Path]) -> Replica:
    return Replica(url=server.url, names=tuple(path.name for path in files.values()))


def test_weights_come_once_and_the_lock_keeps_their_whole_checksum(
    replica: Replica, server: FileServer, files: Mapping[str, Path], tmp_path: Path
) -> None:
    lock = tmp_path / "checksums.json"
    for _ in range(2):
        fetch_weights(replica, tmp_path, lock)
    assert len(server.requests) == 4
    found = locate_weights(replica, tmp_path)
    assert found["bass"] == tmp_path / "weights" / "replica" / files["bass"].name
    assert found["bass"].read_bytes() == files["bass"].read_bytes()
    sha256 = hashlib.sha256(files["bass"].read_bytes()).hexdigest()
    assert read_json(lock)[f"replica/{files['bass'].name}"]["sha256"] == sha256


def test_a_file_that_breaks_the_promise_of_its_name_is_thrown_away_and_not_locked(
    replica: Replica, server: FileServer, files: Mapping[str, Path], tmp_path: Path
) -> None:
    name = files["vocals"].name
    server.routes[f"/{name}"].content = b"another file"
    promised = name.removeprefix("vocals-").removesuffix(".pth")
    with pytest.raises(UserError, match=f"does not begin with the {promised} of its name"):
        fetch_weights(replica, tmp_path, tmp_path / "lock.json")
    assert not (tmp_path / "lock.json").exists()
    assert not (tmp_path / "weights" / "replica" / name).exists()
    assert not list((tmp_path / "weights").rglob("*.part"))
    server.routes[f"/{name}"].content = files["vocals"].read_bytes()
    fetch_weights(replica, tmp_path, tmp_path / "lock.json")
    assert len(locate_weights(replica, tmp_path)) == 4


def test_weights_come_from_a_mirror_by_their_names(
    replica: Replica, files: Mapping[str, Path], tmp_path: Path
) -> None:
    routes = {f"replica/{path.name}": Route(path.read_bytes()) for path in files.values()}
    with serve(**routes) as mirror:
        fetch_weights(Replica(names=replica.names, url="http://x.invalid"), tmp_path,
                      tmp_path / "lock.json", mirror.url)  # fmt: skip
        assert len(mirror.bodies()) == 4


def test_missing_or_damaged_weights_are_named(
    replica: Replica, files: Mapping[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"vocals-\w+\.pth is missing; `iass weights` downloads"):
        locate_weights(replica, tmp_path)
    fetch_weights(replica, tmp_path, tmp_path / "lock.json")
    receipt = tmp_path / "receipt.json"
    write_receipt(replica, tmp_path, receipt)
    assert set(read_receipt(receipt).files) == set(TARGETS)
    damaged = locate_weights(replica, tmp_path)["drums"]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"drums-\w+\.pth has the sha256"):
        locate_weights(replica, tmp_path)
    with pytest.raises(UserError, match=r"drums-\w+\.pth is gone or has changed since"):
        read_receipt(receipt)
    write_json(receipt, {"files": []})
    with pytest.raises(UserError, match=r"receipt\.json is not a receipt of weights"):
        read_receipt(receipt)


def test_only_the_filter_needs_weights_of_targets_that_nobody_asks_for(
    files: Mapping[str, Path], tmp_path: Path
) -> None:
    names = tuple(path.name for path in files.values())
    place = tmp_path / "weights" / "replica" / files["bass"].name
    place.parent.mkdir(parents=True)
    place.write_bytes(files["bass"].read_bytes())
    unfiltered = Replica(names=names, wiener=0)
    assert locate_weights(unfiltered, tmp_path, ["bass"]) == {"bass": place}
    for method, targets in ((Replica(names=names), ["bass"]), (unfiltered, None)):
        with pytest.raises(UserError, match=r"vocals-\w+\.pth is missing"):
            locate_weights(method, tmp_path, targets)


def _plan(**experiment: Any) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(yaml.safe_dump(TINY))
    raw["methods"]["umx"] = {"kind": "pretrained", "options": {"release": "umx"}}
    raw["experiments"]["tiny"] |= {"methods": ["ibm", "umx"]} | experiment
    return raw


class _Run:
    experiment, dataset, method, seed = "tiny", "synthband", "umx", "unseeded"


def test_a_target_that_the_weights_lack_is_skipped_with_a_reason() -> None:
    raw = _plan(targets=["drums", "piano"], protocol="per_target")
    assert make_plan(raw, "here").cells.method_targets("tiny", "synthband", "umx") == ["drums"]
    joint = make_plan(_plan(targets=["drums", "piano"], protocol="joint"), "here")
    assert [run.method for run in joint.cells.runs("tiny")] == ["ibm"]
    assert {(cell.method, cell.target, cell.reason) for cell in joint.cells.skipped()} == {
        ("umx", target, "no weights: umx was not trained for piano")
        for target in ("drums", "piano")
    }


def test_a_run_waits_for_its_weights_and_for_its_own_receipt_of_the_guard() -> None:
    plan = make_plan(_plan(), "here")
    assert plan.files.weights(_Run()) == ["results/weights/umx.json"]
    assert plan.files.overlap(_Run()) == ["results/overlap/tiny/synthband/umx.json"]
    assert plan.params.weights_receipt(_Run()) == "--weights results/weights/umx.json"
    assert plan.files.models(_Run()) == []


def test_weights_are_refused_where_published_lists_show_that_they_learned_the_test_songs() -> None:
    raw = _plan(test_on=["mm"], train_on=None)
    raw["datasets"]["mm"] = {}
    with pytest.raises(UserError, match=r"experiments\.tiny: weights of umx: \d+ song.*musdb18"):
        make_plan(raw, "here")
    raw["experiments"]["tiny"]["allow_overlap"] = True
    make_plan(raw, "here")
    fair = _plan(test_on=["musdb18hq"], train_on=None)
    fair["datasets"]["musdb18hq"] = {}
    make_plan(fair, "here")
    fair["methods"]["umx"] = {"kind": "pretrained", "module": "iass_released"}
    with pytest.raises(UserError, match=r"weights of umx: \d+ song.*songs of mm"):
        make_plan(fair, "here")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("targets = TARGETS", "has no literal `targets`"),
        ("targets = ('a',)", "has no literal `trained_on`"),
        ("targets = ('a',)\n    trained_on = {'moon': ()}", "names 'moon', which is no data set"),
    ],
)
def test_a_method_must_tell_what_its_weights_have_learned(tmp_path, text: str, named: str) -> None:
    project = copy_project(tmp_path, _plan())
    source = "from iass.foundation.method import Pretrained\n\n\nclass Method(Pretrained):\n    "
    project.write("baselines/umx.py", f"{source}{text}\n    release: str = ''\n")
    done = project.snakemake("--dry-run")
    assert done.returncode != 0
    assert named in done.stderr


def test_songs_that_weights_learned_are_refused_or_marked(tmp_path: Path) -> None:
    heard, fair = (
        next(song for song in list_published() if song.split == split)
        for split in ("train", "test")
    )
    songs = [("test", song.artist, song.title) for song in (heard, fair)]
    manifest, output = write_songs(tmp_path / "a.json", *songs), tmp_path / "umx.json"
    learned = umx.Method.trained_on
    with pytest.raises(UserError, match=r"experiments\.demo: weights of umx: 1 song"):
        check_weights("demo", "umx", learned, manifest, False, output)
    check_weights("demo", "umx", learned, manifest, True, output)
    assert read_heard_tracks(output) == {heard.id}


def test_the_config_of_the_documentation_plans(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "docs" / "WEIGHTS.md").read_text("utf-8")
    config = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    jobs = copy_project(tmp_path, config).plan_jobs()
    assert {f"Fetch the weights of {name}" for name in ("umx", "umxhq", "umxl")} <= jobs
    assert "Compare musdb18hq with the songs that the weights of umxl learned" in jobs


REPLICA = """
from dataclasses import dataclass

from baselines import umx
from iass.foundation.card import Archive

NAMES = {names}


@dataclass(frozen=True)
class Method(umx.Method):
    url: str = ""

    @property
    def published(self):
        return umx.Release(record=1, files={{}}, licence="none", hidden_size=8)

    @property
    def archives(self):
        return {{t: Archive(f"replica/{{n}}", f"{{self.url}}/{{n}}") for t, n in NAMES.items()}}
"""


@pytest.fixture
def config(server: FileServer) -> dict[str, Any]:
    raw = _plan(methods=["input_mixture", "replica"], train_on=None)
    raw["methods"] = {
        "input_mixture": {"kind": "bound"},
        "replica": {"kind": "pretrained", "options": {"url": server.url}},
    }
    return raw


@pytest.mark.slow
def test_the_workflow_fetches_weights_once_and_scores_them(
    config: dict[str, Any], server: FileServer, files: Mapping[str, Path], tmp_path: Path
) -> None:
    project = copy_project(tmp_path, config)
    names = {target: path.name for target, path in files.items()}
    project.write("baselines/replica.py", REPLICA.format(names=names))
    project.run("results/scores/tiny/replica.parquet", "--notemp")
    assert len(server.requests) == 4
    (run,) = tmp_path.glob("results/estimates/tiny/synthband/replica/unseeded/shard0/run.json")
    receipt = read_json(tmp_path / "results" / "weights" / "replica.json")
    hashes = {name: file["sha256"] for name, file in receipt["files"].items()}
    models = read_json(run)["models"]
    assert {name: model["sha256"] for name, model in models.items()} == hashes
    assert read_json(tmp_path / "results/overlap/tiny/synthband/replica.json")["pairs"] == []
    assert project.plan_jobs("results/scores/tiny/replica.parquet", "--notemp") == set()
    command = [sys.executable, "-m", "iass", "weights", "replica", "--configfile"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "config/config.yaml"], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    folder = Path("data/weights/replica")
    assert done.stdout.splitlines()[:4] == [str(folder / name) for name in names.values()]
    assert umx.Method.citation in done.stdout
    assert len(server.requests) == 4


def test_the_command_names_a_wrong_option_or_method(config: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump(config))
    for words, named in (
        (["umx", "--option", "release=um"], "options.release is 'um'"),
        (["umx", "--option", "size=1"], "umx.options.size: unknown option"),
        (["umx", "--option", "release=["], "--option release=[ is not of the form name=value"),
        (["umx", "--option", "wiener=2024-13-45"], "--option wiener=2024-13-45 is not of the"),
        (["umx", "--option", "release"], "--option release is not of the form name=value"),
        (["ibm"], "is of kind 'oracle'; only `pretrained` ones have weights"),
        (["nothing"], "There is no method baselines/nothing.py"),
        (["nothing", "--configfile", str(file)], f"and {file} defines none of that name"),
        (["input_mixture", "--configfile", str(file)], "only `pretrained` ones have weights"),
        (["replica", "--option", "wiener=0", "--configfile", str(file)], "exclude each other"),
    ):
        done = CliRunner().invoke(app, ["weights", *words])
        assert isinstance(done.exception, UserError)
        assert named in str(done.exception)
