"""What every number rests on: a row per run, by the run id that stands beside each score.

Read from the sidecars of the step `score`: results/provenance/<run_id>.json says what decides the
scores, and <run_id>/shard<i>of<n>.json when, where and with which versions they were computed.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from iass.foundation.errors import UserError
from iass.foundation.files import hash_text, read_json, write_text
from iass.foundation.provenance import PACKAGES
from iass.reporting.document import Block, Bullets, Grid, Heading, Paragraph, write_page
from iass.reporting.style import label_name
from iass.scoring.table import read_scores

RUN = ["run_id", "experiment", "dataset", "method", "seed"]
SHOWN = {
    "run_id": "run",
    "experiment": "experiment",
    "dataset": "data set",
    "method": "method",
    "seed": "seed",
    "tracks": "tracks",
    "data": "data",
    "models": "models",
    "commit": "commit",
    "device": "device",
    "date": "date (UTC)",
}
DIGITS = 12  # of a hash: enough to tell apart, short enough to print
Step = Mapping[str, str]

WHAT = (
    "A run is one method, with one seed where it learns, on one data set. `data` is a hash of the "
    "test tracks' audio, targets and flags, alike on every machine; `models` one of all weights "
    "(empty: nothing is learned). `commit` ends in +changes where files differed from it; the date "
    "is that of the last score. The CSV beside this page has options, package versions, and the "
    "data, commit, device and date of each training as well."
)
WHERE = (
    "From a number to its run: the column `run_id` of `results/scores.csv`. From a run to all that "
    "decides it: `results/provenance/<run>.json`; to the machines: the files in "
    "`results/provenance/<run>/`. `results/data/<data set>/manifest.json` has the sha256 of every "
    "file."
)


def write_provenance(scores: Path, folder: Path, stem: Path) -> None:
    """Write `stem`.csv, and `stem`.md and .html with the columns that fit a page.

    `folder` holds the sidecars, results/provenance. UserError if one is missing or damaged.
    """
    runs = tabulate_runs(read_scores(scores), folder)
    csv = runs.to_csv(index=False, lineterminator="\n")
    write_text(stem.with_name(f"{stem.name}.csv"), str(csv))
    write_page(_list_blocks(runs), stem)


def tabulate_runs(scores: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return a row per run of a score table; `folder` and UserError as above."""
    runs = scores.groupby(RUN, dropna=False)["track"].nunique().reset_index(name="tracks")
    rows = [run | _describe_run(folder, str(run["run_id"])) for run in runs.to_dict("records")]
    table = pd.DataFrame(rows, columns=[*RUN, "tracks", *_COLUMNS]).astype({"seed": "Int64"})
    return table.sort_values(RUN[1:], kind="stable", ignore_index=True)


def _describe_run(folder: Path, run_id: str) -> dict[str, Any]:
    content = read_json(folder / f"{run_id}.json")
    shards = [read_json(path) for path in sorted((folder / run_id).glob("shard*.json"))]
    if not shards:
        raise UserError(f"{folder / run_id} holds no shard; score again.")
    try:
        return _describe_content(content) | _describe_shards(shards)
    except (KeyError, TypeError, AttributeError):
        raise UserError(
            f"{folder / run_id}.json is of another version of this program; score again."
        ) from None


def _describe_content(content: Mapping[str, Any]) -> dict[str, Any]:
    run, models = content["run"], content["run"]["models"]
    weights = json.dumps({name: model["sha256"] for name, model in models.items()}, sort_keys=True)
    trained = [model.get("provenance", {}) for model in models.values()]
    return {
        "data": run["data"][:DIGITS],
        "entry": json.dumps({k: v for k, v in run["entry"].items() if v}, sort_keys=True),
        "channels": run["channels"],
        "protocol": content["protocol"],
        "engine": content["scoring"]["engine"],
        "code": content["code"],
        "models": hash_text(weights)[:DIGITS] if models else "",
        "trained_data": _join(model.get("data", "")[:DIGITS] for model in trained),
    }


def _describe_shards(shards: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the steps of all shards say of themselves, each thing once."""
    shards = list(shards)
    separated = [shard["separated"] for shard in shards]
    scored = [shard["scored"] for shard in shards]
    trained = list({repr(t): t for s in shards for t in s["trained"].values()}.values())
    steps = [*separated, *scored]
    return {
        "commit": _join(step["commit"][:DIGITS] + _mark_changes(step) for step in steps),
        "device": _join(step["device"] for step in separated),
        "date": max(step["date"] for step in scored),
        "python": _join(step["python"] for step in steps),
        "system": _join(step["system"] for step in steps),
        "packages": _join(f"{p} {step[p]}" for p in PACKAGES for step in steps if p in step),
        "trained_commit": _join(step["commit"][:DIGITS] + _mark_changes(step) for step in trained),
        "trained_device": _join(step["device"] for step in trained),
        "trained_date": max((step["date"] for step in trained), default=""),
    }


def _mark_changes(step: Step) -> str:
    return "+changes" * step["commit"].endswith("+changes")


def _join(texts: Iterable[str]) -> str:
    """Return the texts that differ, in order."""
    return "; ".join(dict.fromkeys(text for text in texts if text))


_COLUMNS = [
    "data", "entry", "channels", "protocol", "engine", "code", "models", "trained_data",
    "commit", "device", "date", "python", "system", "packages", "trained_commit", "trained_device",
    "trained_date",
]  # fmt: skip


def _list_blocks(runs: pd.DataFrame) -> list[Block]:
    minutes = runs["date"].str.slice(0, len("2026-01-31T23:59")).str.replace("T", " ")
    shown = runs[list(SHOWN)].assign(method=runs["method"].map(label_name), date=minutes)
    rows = [["" if pd.isna(cell) else str(cell) for cell in row] for row in shown.to_numpy()]
    return [
        Heading(1, "Where the numbers come from"),
        Grid(list(SHOWN.values()), rows),
        Paragraph(WHAT),
        Paragraph(WHERE),
        Paragraph("Packages:"),
        Bullets(runs["packages"].drop_duplicates().tolist()),
    ]
