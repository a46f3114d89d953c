"""Every table in LaTeX, set by LaTeX itself: it fits the page of an article in one or two columns.

Where there is no LaTeX these tests are skipped: apt install texlive-latex-recommended.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from fake_results import DEMO, make_row, make_scores
from projects import ROOT

from iass.foundation.config import Kind
from iass.reporting.context import Context
from iass.reporting.job import MethodFacts, Page, ReportJob
from iass.reporting.tables.published import read_published, write_published
from iass.reporting.tables.results import render_tables
from iass.scoring.table import check_scores, empty_scores, write_scores

pytestmark = pytest.mark.slow
FILES = sorted((ROOT / "reports" / "published").glob("*.csv"))
PAGES = pytest.mark.parametrize("columns", ["onecolumn", "twocolumn"])
TOO_WIDE_PT = 1.0
TEXT = r"""\documentclass[%s]{article}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
\input{table}
\end{document}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if shutil.which("pdflatex") is None or not _has_packages():
        pytest.skip("no pdflatex with booktabs here: apt install texlive-latex-recommended")
    return tmp_path


def _has_packages() -> bool:
    packages = ["booktabs.sty", "graphicx.sty"]
    return (
        subprocess.run(["kpsewhich", *packages], capture_output=True, check=False).returncode == 0
    )


def _typeset(latex: str, columns: str, folder: Path) -> list[str]:
    """Return what LaTeX says of a table that does not fit; AssertionError if it sets none."""
    (folder / "table.tex").write_text(latex, "utf-8")
    (folder / "article.tex").write_text(TEXT % columns, "utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run(
        [*command, "article.tex"], cwd=folder, capture_output=True, check=False, timeout=120
    )
    log = (folder / "article.log").read_text("latin-1")
    assert done.returncode == 0, log[-2000:]
    return list(_list_faults(log))


def _list_faults(log: str) -> Iterator[str]:
    for fault in re.finditer(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log):
        if float(fault[1]) > TOO_WIDE_PT:
            yield fault[0]
    yield from re.findall(r"LaTeX Warning: Float too large for page by [\d.]+pt", log)


@PAGES
def test_a_table_that_is_too_wide_or_too_tall_is_found(folder: Path, columns: str) -> None:
    wide = r"\begin{table*}\begin{tabular}{l}\rule{600pt}{1pt}\end{tabular}\end{table*}"
    tall = r"\begin{table*}\rule{1pt}{800pt}\end{table*}"
    (fault,) = _typeset(wide, columns, folder)
    assert fault.startswith("Overfull")
    (fault,) = _typeset(tall, columns, folder)
    assert fault.startswith("LaTeX Warning: Float too large")


@PAGES
@pytest.mark.parametrize("tracks", [5, 8])
def test_a_result_table_of_seven_targets_fits(folder: Path, columns: str, tracks: int) -> None:
    scores = make_scores(tracks=tracks, frames=2)
    vocals = scores[scores["target"] == "vocals"]
    scores = pd.concat([scores, vocals.assign(target="other", value=vocals["value"] - 9)])
    context = replace(DEMO, targets=(*DEMO.targets, "other"))
    latex = render_tables(scores.assign(flags="trained_on erratum:bass"), context).latex
    assert ("[" in latex.split(r"\toprule")[1]) == (tracks == 8)
    assert _typeset(latex, columns, folder) == []


@PAGES
def test_a_result_table_of_31_methods_fits(folder: Path, columns: str) -> None:
    methods = tuple(f"method_{number}" for number in range(31))
    rows = [
        make_row(method=method, target=target, track=f"song {track}", value=-10.0 - track)
        for method in methods
        for target in DEMO.targets
        for track in range(7)
    ]
    context = replace(DEMO, methods=methods, kinds=dict.fromkeys(methods, "command"))
    latex = render_tables(check_scores(pd.DataFrame(rows), "the test's table"), context).latex
    assert _typeset(latex, columns, folder) == []


def _reproduce(
    tables: pd.DataFrame, experiments: tuple[str, ...]
) -> tuple[pd.DataFrame, ReportJob]:
    """Return scores of every published method that we have, and the job of their experiments."""
    ours = tables[tables["our_module"] != ""]
    named = {
        f"{module}_{number}": (module, options)
        for number, (module, options) in enumerate(
            ours.groupby(["our_module", "our_options"]).groups
        )
    }
    facts = {
        name: MethodFacts("pretrained", m, _read_options(o), {}) for name, (m, o) in named.items()
    }
    kinds: dict[str, Kind] = dict.fromkeys(named, "pretrained")
    pages, rows = [], []
    for experiment in experiments:
        for dataset in ours["our_dataset"].unique():
            targets = tuple(ours.loc[ours["our_dataset"] == dataset, "target"].unique())
            context = Context(experiment, dataset, tuple(named), kinds, targets, "made up")
            pages.append(_make_page(context))
            rows += [
                make_row(experiment=experiment, dataset=dataset, method=method, target=target,
                         metric=metric, track=f"song {track}", value=-10.0, flags="trained_on")
                for method in named
                for target in targets
                for metric in ours.loc[ours["our_dataset"] == dataset, "metric"].unique()
                for track in range(6)
            ]  # fmt: skip
    scores = check_scores(pd.DataFrame(rows), "the test's table")
    return scores, ReportJob(0.5, facts, tuple(pages))


def _read_options(text: str) -> dict[str, object]:
    pairs = (option.split("=") for option in text.split())
    return {name: yaml.safe_load(value) for name, value in pairs}


def _make_page(context: Context) -> Page:
    return Page(
        context=context,
        channels="stereo",
        hop_s=1.0,
        protocol="joint",
        card_protocol="joint",
        train_on=None,
        test_on=context.dataset,
        manifest=None,
        labels=Path("labels.parquet"),
    )


@PAGES
@pytest.mark.parametrize("experiments", [(), ("bounds",), ("bounds", "a_rather_long_name")])
def test_the_published_numbers_fit_with_and_without_ours(
    folder: Path, columns: str, experiments: tuple[str, ...]
) -> None:
    tables = pd.concat([read_published(path) for path in FILES])
    scores, job = empty_scores(), ReportJob(0.5, {}, ())
    if experiments:
        scores, job = _reproduce(tables, experiments)
    write_scores(folder / "scores.parquet", scores)
    write_published(FILES, folder / "scores.parquet", job, folder / "out")
    latex = (folder / "out.tex").read_text("utf-8")
    assert ("*: off by" in latex) == bool(experiments)
    assert latex.count("ours:") == len(experiments) * (7 + 3)  # per method, of one also 4 metrics
    assert _typeset(latex, columns, folder) == []
