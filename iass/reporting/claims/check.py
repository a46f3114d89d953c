"""The step `claims`: every claim against every data set of the config, as one table and one page.

A claim's `test` names a file in checks/. A verdict on other data than the paper's is one by
analogy: it stands apart and says nothing about the paper.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from iass.foundation.files import write_text
from iass.reporting.claims.claim import Claim, Claims, read_claims
from iass.reporting.claims.page import list_blocks
from iass.reporting.claims.results import Results, gather_results
from iass.reporting.claims.verdict import NOT_RUN, Finding, NotRunError, combine
from iass.reporting.document import write_page
from iass.reporting.job import ReportJob
from iass.scoring.table import read_scores

NAMES = ["claim", "text", "papers_data", "data", "experiment", "dataset", "test", "verdict"]
COLUMNS = [
    *NAMES, "finding", "first", "second", "target", "n", "estimate", "low", "high", "unit", "p",
    "p_corrected", "marks", "note",
]  # fmt: skip


def write_claims(scores: Path, job: ReportJob, stem: Path) -> None:
    """Write `stem`.csv, a row per comparison, and `stem`.md and .html, for a reader."""
    claims = read_claims()
    table = check_claims(read_scores(scores), job, claims)
    csv = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_text(stem.with_name(f"{stem.name}.csv"), str(csv))
    write_page(list_blocks(table, claims), stem)


def check_claims(scores: pd.DataFrame, job: ReportJob, claims: Claims) -> pd.DataFrame:
    """Return a row per claim, data set and comparison, with COLUMNS.

    First the claims on their own data, whether it was run or not, then the others by analogy.
    `verdict` is that on the claim, `finding` that of the comparison.
    """
    results = gather_results(scores, job, claims)
    own = [row for claim in claims.claims for row in _check_own(claim, results, claims)]
    others = [
        row
        for found in results
        for claim in claims.claims
        if found.page.papers_data not in claim.data
        for row in _list_rows(claim, _find(claim, found), _place(found))
    ]
    return pd.DataFrame([*own, *others], columns=COLUMNS)


def _check_own(
    claim: Claim, results: Sequence[Results], claims: Claims
) -> Iterator[dict[str, object]]:
    """Yield the rows of a claim on each data set that it is about, run or not."""
    for module in claim.data:
        pages = [found for found in results if found.page.papers_data == module]
        for found in pages:
            place = _place(found) | {"papers_data": True}
            yield from _list_rows(claim, _find(claim, found), place)
        if not pages:
            reason = f"no experiment of this run trains and tests on {claims.data[module]}"
            place = {"papers_data": True, "data": claims.data[module], "dataset": module}
            yield from _list_rows(claim, [Finding(NOT_RUN, note=reason)], place)


def _place(results: Results) -> dict[str, object]:
    context = results.context
    return {
        "papers_data": False,
        "data": context.data,
        "experiment": context.experiment,
        "dataset": context.dataset,
    }


def _find(claim: Claim, results: Results) -> list[Finding]:
    module = importlib.import_module(f"iass.reporting.claims.checks.{claim.test}")
    try:
        findings: list[Finding] = module.check(claim, results)
    except NotRunError as error:
        return [Finding(NOT_RUN, note=str(error))]
    return findings


def _list_rows(
    claim: Claim, findings: Sequence[Finding], place: dict[str, object]
) -> Iterator[dict[str, object]]:
    names = {"claim": claim.id, "text": claim.text, "test": claim.test}
    known = {"experiment": "", "verdict": combine(findings)} | names | place
    for finding in findings:
        row = asdict(finding)
        yield {"finding": row.pop("verdict")} | row | known
