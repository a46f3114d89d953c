"""Made-up results whose verdicts are known: SDR per track, and the job that a plan would write."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fake_results import make_row

from iass.foundation.config import Kind
from iass.preparation.activity import write_labels
from iass.preparation.manifest import Manifest, Stem, Track, write_manifest
from iass.reporting.claims.claim import Claim, read_claims
from iass.reporting.claims.results import Results, gather_results
from iass.reporting.context import Context
from iass.reporting.job import MethodFacts, Page, ReportJob
from iass.scoring.table import check_scores

KINDS: dict[str, Kind] = {
    "input_mixture": "bound",
    "open_unmix": "trained",
    "iass": "trained",
    "ungated": "trained",
    "ibm": "oracle",
}
FACTS = {
    name: MethodFacts(kind, name, {}, {}) for name, kind in KINDS.items() if kind != "trained"
} | {
    "open_unmix": MethodFacts("trained", "open_unmix", {}, {"steps": 5}),
    "iass": MethodFacts("trained", "iass", {"gate": "hard", "hop": 1024}, {"steps": 9}),
    "ungated": MethodFacts("trained", "iass", {"gate": "none", "hop": 1024}, {"steps": 9}),
}
Values = Mapping[tuple[str, str], Sequence[float]]
"""SDR of the tracks song00, song01, ... in dB, by method and target; NaN: not scored."""


def make_page(
    targets: Sequence[str],
    dataset: str = "musdb18hq",
    train_on: str | None = "musdb18hq",
    methods: Sequence[str] = ("input_mixture", "open_unmix", "iass", "ibm"),
    folder: Path = Path("nowhere"),
) -> Page:
    """Return a page of the experiment `demo`, by default on data of the paper."""
    context = Context(
        experiment="demo",
        dataset=dataset,
        methods=tuple(methods),
        kinds={name: KINDS[name] for name in methods},
        targets=tuple(targets),
        data=f"{dataset}: made up",
    )
    return Page(
        context=context,
        channels="mono",
        hop_s=1.0,
        protocol="joint",
        card_protocol="joint",
        train_on=train_on,
        test_on=dataset,
        manifest=folder / "manifest.json",
        labels=folder / "labels.parquet",
    )


def make_job(*pages: Page, margin_db: float = 0.5) -> ReportJob:
    """Return a job of pages."""
    return ReportJob(margin_db, FACTS, pages)


def tabulate(values: Values, dataset: str = "musdb18hq", **changes: Any) -> pd.DataFrame:
    """Return a score table with one frame per track, under both masks."""
    rows = [
        make_row(
            dataset=dataset,
            method=method,
            target=target,
            track=f"song{number:02}",
            mask=mask,
            value=value,
            **changes,
        )
        for (method, target), series in values.items()
        for number, value in enumerate(series)
        for mask in ("museval", "target")
    ]
    return check_scores(pd.DataFrame(rows), "the test's table")


def make_results(values: Values, page: Page | None = None, margin_db: float = 0.5) -> Results:
    """Return the results of one page."""
    targets = list(dict.fromkeys(target for _, target in values))
    page = page or make_page(targets)
    (results,) = gather_results(
        tabulate(values, page.context.dataset), make_job(page, margin_db=margin_db), read_claims()
    )
    return results


def find_claim(name: str, **changes: Any) -> Claim:
    """Return a claim of claims.yaml."""
    claim = next(claim for claim in read_claims().claims if claim.id == name)
    return claim.model_copy(update=changes)


def spread(tracks: int, centre: float = 0.0, seed: int = 0, scale: float = 0.1) -> list[float]:
    """Return values around a centre, none alike."""
    return list(np.random.default_rng(seed).normal(centre, scale, tracks))


def add(values: Sequence[float], *others: Sequence[float] | float) -> list[float]:
    """Return the sums, track by track."""
    return [float(total) for total in np.sum(np.broadcast_arrays(values, *others), axis=0)]


def write_songs(folder: Path, songs: Mapping[str, Sequence[str]]) -> None:
    """Write a manifest of training songs and the targets that sound in each."""
    stem = Stem(path="x.wav", sha256="", rate_hz=44100, samples=1, channels=1)
    tracks = [
        Track(
            id=name,
            title=name,
            artist="",
            split="train",
            targets=list(targets),
            stems={"x": stem},
            mixture=None,
            store=None,
            extras={},
            licence="",
            flags=[],
        )
        for name, targets in songs.items()
    ]
    write_manifest(
        folder / "manifest.json",
        Manifest(dataset="d", protocol="joint", targets={}, mixture_rule="sum", tracks=tracks),
    )


def write_shares(folder: Path, shares: Mapping[tuple[str, str], float]) -> None:
    """Write labels in which a target plays for a share of 100 frames, by track and target."""
    frames = np.arange(100)
    write_labels(
        folder / "labels.parquet",
        {key: (frames < 100 * share).astype(np.float32) for key, share in shares.items()},
    )
