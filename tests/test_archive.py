"""The archive of a run that a paper can cite."""

import hashlib
import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from fake_results import make_table
from test_plan import RAW
from typer.testing import CliRunner

from iass.cli.main import app
from iass.foundation.errors import UserError
from iass.plan.driver import CONFIG, make_plan, write_config
from iass.reporting.archive import ArchiveWish, archive_run, write_zip
from iass.scoring.table import write_scores

CARD = "results/models/synthband/mono/iass/vocals/seed7/model.json"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a run of RAW is finished: made-up files, and audio that stays out."""
    monkeypatch.chdir(tmp_path)
    _write_config()
    _write("lock.json")
    plan = make_plan(RAW, "x")
    for name in plan.files.final_files():
        _write(name)
    for dataset in ("synthband", "falcon69"):
        _write(f"results/data/{dataset}/manifest.json")
        _write(f"results/data/{dataset}/labels.parquet")
    for each in plan.cells.all_runs():
        for name in (*plan.files.models(each), *plan.files.cards_of(each)):
            _write(name)
        for name in plan.files.overlap(each):
            _write(name)
    _write(CARD.replace("model.json", "environment.json"))
    write_scores(Path("results/scores.parquet"), make_table({"run_id": "abc"}, {"run_id": "def"}))
    for name in ("abc", "def", "old"):
        _write(f"results/provenance/{name}.json")
    _write("results/provenance/abc/shard0of1.json")
    _write("results/provenance/old/shard0of1.json")
    _write("reports/report.html")
    _write("reports/figures/of_another_run.pdf")
    _write_index(private=False)
    _write("reports/listen/songs/1.js", "listen.addSong({})")
    _write("reports/listen/songs/2.js", "a song of an earlier page")
    _write("results/excerpts/demo/falcon69/ibm/unseeded/shard0/x/vocals.mp3")
    _write("data/falcon69/x/vocals.wav")
    return tmp_path


def _write(name: str, text: str | None = None) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text or f"content of {name}", "utf-8")


def _write_config(**changes: object) -> None:
    raw = RAW | {"checksums": str(Path("lock.json").resolve())} | changes
    _write(CONFIG, write_config(make_plan(raw, "x")))


def _write_index(*, private: bool) -> None:
    content = {"private": private, "songs": [{"file": "songs/1.js"}]}
    _write("reports/listen/songs.js", f"listen.addIndex({json.dumps(content)});\n")


def _list(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return [name.removeprefix("iass-bench/") for name in file.namelist()]


def test_an_archive_holds_the_results_and_what_they_came_from(run: Path) -> None:
    names = archive_run(ArchiveWish(), run / "a.zip")
    assert sorted(_list(run / "a.zip")) == names
    pages = [f for f in make_plan(RAW, "x").files.final_files() if "listen" not in f]
    assert set(names) == {
        *pages,
        *(f"results/data/{name}/manifest.json" for name in ("synthband", "falcon69")),
        *(
            f"results/models/synthband/mono/iass/{target}/seed{k}/model.json"
            for target in ("vocals", "piano")
            for k in (0, 7)
        ),
        CARD.replace("model.json", "environment.json"),
        *(f"results/overlap/demo/{name}.json" for name in ("synthband", "falcon69")),
        "results/provenance/abc.json",
        "results/provenance/abc/shard0of1.json",
        "results/provenance/def.json",
        "reports/report.html",
        CONFIG,
        "config/lock.json",
        "CITATION.cff",
        "LICENSE",
        "requirements.lock",
        "versions.json",
        "SHA256SUMS",
    }
    assert {"results/scores.parquet", "results/scores.csv"} <= set(names)


def test_audio_and_weights_come_only_when_asked_for(run: Path) -> None:
    plain = archive_run(ArchiveWish(), run / "plain.zip")
    endings = (".wav", ".mp3", ".js", ".safetensors")
    assert not [name for name in plain if name.endswith(endings)]
    full = archive_run(ArchiveWish(weights=True, listen=True), run / "full.zip")
    more = set(full) - set(plain)
    assert {Path(name).name for name in more if "models" in name} == {"model.safetensors"}
    assert len([name for name in more if "models" in name]) == 4
    listen = {name for name in more if "models" not in name}
    assert {"reports/listen/index.html", "reports/listen/songs/1.js"} <= listen
    assert all(name.startswith("reports/listen/") for name in listen)
    assert "reports/listen/songs/2.js" not in listen


def test_sums_are_those_that_sha256sum_finds(run: Path) -> None:
    archive_run(ArchiveWish(), run / "a.zip")
    with zipfile.ZipFile(run / "a.zip") as file:
        file.extractall(run / "out")
    folder = run / "out" / "iass-bench"
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    summed = {line.split("  ", 1)[1] for line in lines}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert summed == files - {"SHA256SUMS"}
    card = (folder / CARD).read_bytes()
    assert f"{hashlib.sha256(card).hexdigest()}  {CARD}" in lines


def test_equal_files_give_equal_bytes(run: Path) -> None:
    archive_run(ArchiveWish(), run / "a.zip")
    for path in Path("reports").rglob("*.*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o600)
    archive_run(ArchiveWish(), run / "b.zip")
    assert (run / "a.zip").read_bytes() == (run / "b.zip").read_bytes()
    Path(CARD).write_text("another")
    archive_run(ArchiveWish(), run / "c.zip")
    assert (run / "a.zip").read_bytes() != (run / "c.zip").read_bytes()


def test_versions_say_by_which_code_and_packages(run: Path) -> None:
    archive_run(ArchiveWish(), run / "a.zip")
    with zipfile.ZipFile(run / "a.zip") as file:
        versions = json.loads(file.read("iass-bench/versions.json"))
    assert set(versions["environment"]) == {"commit", "python", "system"}
    assert {"numpy", "snakemake", "torch"} <= set(versions["packages"])


@pytest.mark.parametrize(
    "name", ["reports/figures/demo_falcon69_sdr.pdf", CARD, "results/provenance/def.json"]
)
def test_an_incomplete_run_is_refused_in_one_sentence(run: Path, name: str) -> None:
    Path(name).unlink()
    with pytest.raises(UserError, match=r"The run is incomplete: 1 of \d+ files") as told:
        archive_run(ArchiveWish(), run / "a.zip")
    assert name in str(told.value)
    assert "finish it with Snakemake" in str(told.value)
    assert not (run / "a.zip").exists()


def test_an_archive_is_not_replaced_unless_it_is_asked_for(run: Path) -> None:
    (run / "a.zip").write_text("cited")
    with pytest.raises(UserError, match=r"a\.zip is there already; .*--force"):
        archive_run(ArchiveWish(), run / "a.zip")
    assert (run / "a.zip").read_text() == "cited"
    archive_run(ArchiveWish(), run / "a.zip", force=True)
    assert "SHA256SUMS" in _list(run / "a.zip")


def test_an_archive_that_fails_leaves_the_old_one(run: Path) -> None:
    (run / "a.zip").write_text("cited")
    with pytest.raises(FileNotFoundError):
        write_zip(run / "a.zip", {"a": b"1", "b": run / "nowhere"})
    assert (run / "a.zip").read_text() == "cited"
    assert sorted(path.name for path in run.glob("*.zip")) == ["a.zip"]
    assert not list(run.glob(".writing-*"))


@pytest.mark.parametrize(("config", "page"), [(True, True), (True, False), (False, True)])
def test_a_private_page_is_not_archived(run: Path, config: bool, page: bool) -> None:
    _write_config(listen={"private": config})
    _write_index(private=page)
    with pytest.raises(UserError, match=r"reports/listen is a private page .*without --listen"):
        archive_run(ArchiveWish(listen=True), run / "a.zip")
    archive_run(ArchiveWish(), run / "a.zip")


def test_a_page_is_not_archived_unless_it_says_whether_it_is_private(run: Path) -> None:
    _write("reports/listen/songs.js", "listen.addIndex({")
    with pytest.raises(UserError, match=r"songs\.js is not what the workflow writes"):
        archive_run(ArchiveWish(listen=True), run / "a.zip")


def test_a_folder_without_a_finished_run_is_refused(run: Path) -> None:
    Path(CONFIG).unlink()
    with pytest.raises(
        UserError, match=r"no finished run here, as results/config\.yaml is missing"
    ):
        archive_run(ArchiveWish(), run / "a.zip")


def test_a_large_member_is_copied_piece_by_piece(tmp_path: Path) -> None:
    large = os.urandom(3 * (1 << 20) + 1)
    (tmp_path / "large").write_bytes(large)
    names = write_zip(tmp_path / "a.zip", {"large": tmp_path / "large", "ünï": b"x"})
    assert names == ["SHA256SUMS", "large", "ünï"]
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert file.read("iass-bench/large") == large
        assert file.read("iass-bench/ünï") == b"x"


def test_the_command_tells_what_it_wrote(run: Path) -> None:
    Path("reports/report.html").unlink()
    done = CliRunner().invoke(app, ["archive", "-o", "a.zip"])
    assert done.exit_code == 0, done.output
    assert hashlib.sha256((run / "a.zip").read_bytes()).hexdigest() in done.output
    assert "Without reports/report.html" in done.output
