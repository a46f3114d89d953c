"""One file that a paper can cite: all results of a finished run, and what they came from.

The same files give the same bytes: names are sorted, and carry no date and no owner.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import pandas as pd

from iass.foundation.config import load_config
from iass.foundation.errors import UserError
from iass.foundation.files import replace_file
from iass.foundation.plugins import ROOT
from iass.foundation.provenance import ENVIRONMENT, describe_environment
from iass.plan.driver import CONFIG, REPORT, Plan, make_plan
from iass.plan.files import LISTEN
from iass.reporting.listen.page import read_index

TOP = "iass-bench"  # the folder that the archive unpacks to
SUMS = "SHA256SUMS"
VERSIONS = "versions.json"
ABOUT = ("CITATION.cff", "LICENSE", "requirements.lock")
SCORES = "results/scores.parquet"
PROVENANCE = "results/provenance"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip knows
_BLOCK = 1 << 20  # bytes read at a time

Members = Mapping[str, Path | bytes]
"""Files, or what they hold, by their names in an archive."""


@dataclass(frozen=True)
class ArchiveWish:
    """What to archive besides results: `weights` and `listen` add models and listening page."""

    weights: bool = False
    listen: bool = False


def archive_run(wish: ArchiveWish, output: Path, *, force: bool = False) -> list[str]:
    """Archive the finished run in this folder, and return the names of all files in the archive.

    UserError if none is finished, if `output` is there and is not to be replaced, or if the
    listening page is wished for and private.
    """
    if output.exists() and not force:
        raise UserError(f"{output} is there already; give another name, or --force to replace it.")
    plan = open_finished()
    results = sorted({CONFIG, *list_files(plan, wish)})
    _check_complete(results)
    sidecars = _list_sidecars()
    songs = _list_songs(plan) if f"{LISTEN}/index.html" in results else []
    _check_complete([*sidecars, *songs])
    paths = [*map(Path, [*results, *sidecars, *songs]), *_find_undeclared(results, sidecars)]
    about = _list_about(Path(plan.config.checksums))
    return write_zip(output, about | {path.as_posix(): path for path in paths})


def open_finished() -> Plan:
    """Return the plan of the run that has finished in this folder, by the config that it kept.

    UserError if none has.
    """
    if not Path(CONFIG).is_file():
        raise UserError(
            f"There is no finished run here, as {CONFIG} is missing; finish it with Snakemake, and "
            "with the --configfile and --config that it had."
        )
    return make_plan(load_config(Path(CONFIG)).model_dump(exclude_unset=True), CONFIG)


def list_files(plan: Plan, wish: ArchiveWish) -> Iterator[str]:
    """Yield the files that a finished run of a config has, as far as they are wished for."""
    for file in plan.files.final_files():
        if wish.listen or not file.startswith(f"{LISTEN}/"):
            yield file
    for entry in plan.config.experiments.values():
        for dataset in [*entry.test_on, *([entry.train_on] if entry.train_on else [])]:
            yield f"results/data/{dataset}/manifest.json"
    for run in plan.cells.all_runs():
        yield from plan.files.cards_of(run)
        yield from plan.files.weights(run)
        yield from plan.files.overlap(run)
        if wish.weights:
            yield from plan.files.models(run)


def write_zip(output: Path, members: Members) -> list[str]:
    """Write members and their SHA256SUMS to a zip, atomically; return all names, sorted."""
    with replace_file(output) as temporary, zipfile.ZipFile(temporary, "w") as file:
        sums = {name: _add(file, name, members[name]) for name in sorted(members)}
        lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
        _add(file, SUMS, "".join(lines).encode("utf-8"))
    return sorted([*members, SUMS])


def _check_complete(needed: Sequence[str]) -> None:
    missing = [name for name in needed if not Path(name).is_file()]
    if missing:
        raise UserError(
            f"The run is incomplete: {len(missing)} of {len(needed)} files are missing "
            f"({missing[0]} is one); finish it with Snakemake, and with the --configfile and "
            "--config that it had."
        )


def _list_about(checksums: Path) -> dict[str, Path | bytes]:
    """Return what says by which code, in which environment and from which archives it was made."""
    return {
        **{name: ROOT / name for name in ABOUT},
        **({f"config/{checksums.name}": checksums} if checksums.is_file() else {}),
        VERSIONS: _describe_versions(),
    }


def _list_sidecars() -> list[str]:
    """Return the files that say what decides the scores, by the run ids of the scores."""
    runs = pd.read_parquet(SCORES, columns=["run_id"])["run_id"].unique()
    return sorted(f"{PROVENANCE}/{run}.json" for run in runs)


def _list_songs(plan: Plan) -> list[str]:
    """Return the songs of the listening page. UserError if it may not be passed on."""
    index = read_index(Path(LISTEN))
    if plan.config.listen.private or index["private"]:
        raise UserError(
            f"{LISTEN} is a private page (listen.private) with music that may not be passed on; "
            "archive without --listen, or make the page anew with listen.private false."
        )
    return [f"{LISTEN}/{song['file']}" for song in index["songs"]]


def _find_undeclared(results: Sequence[str], sidecars: Sequence[str]) -> Iterator[Path]:
    """Yield what is there besides the files of rules: report, where and when it ran."""
    yield from filter(Path.is_file, [Path(REPORT)])
    for folder in {Path(name).parent for name in results}:
        yield from folder.glob(ENVIRONMENT)
    for sidecar in sidecars:
        yield from Path(sidecar).with_suffix("").glob("shard*.json")


def _describe_versions() -> bytes:
    """Return code and packages of the environment that archives; sidecars have those of runs."""
    packages = {str(one.metadata["Name"]).lower(): one.version for one in distributions()}
    content = {"environment": describe_environment(), "packages": packages}
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _add(file: zipfile.ZipFile, name: str, source: Path | bytes) -> str:
    """Add a member and return the sha256 of its bytes."""
    entry = zipfile.ZipInfo(f"{TOP}/{name}", _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    entry.file_size = len(source) if isinstance(source, bytes) else source.stat().st_size
    digest = hashlib.sha256()
    with file.open(entry, "w") as member:
        for block in _read_blocks(source):
            digest.update(block)
            member.write(block)
    return digest.hexdigest()


def _read_blocks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
