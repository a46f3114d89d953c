"""Every figure of scores at its edges: nothing, little, much, and names that nobody expects."""

import importlib
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_row, make_scores, make_table
from figure_checks import find_cut, find_overlaps, read_texts

from iass.plan.files import list_figures
from iass.reporting.context import Context
from iass.reporting.figures.output import save_figure
from iass.reporting.style import PRINT_STYLE
from iass.scoring.table import check_scores, empty_scores

NAMES = [name for reads, name in list_figures() if reads == "scores"]
EVERY = pytest.mark.parametrize("name", NAMES)
SMALL = replace(DEMO, methods=("input_mixture", "iass", "ibm"), targets=("vocals", "drums"))
SONG_METRICS = ("uSDR", "leakage", "coverage")


def draw(name: str, scores: pd.DataFrame, context: Context):
    module = importlib.import_module(f"iass.reporting.figures.scores.{name}")
    with mpl.rc_context(PRINT_STYLE):
        return module.render(module.tabulate(scores, context), context)


def add_songs(scores: pd.DataFrame) -> pd.DataFrame:
    """Add rows of whole songs, and coverage under both rules."""
    first = scores[(scores["metric"] == "SDR") & (scores["frame_s"] == 0)]
    whole = first.assign(frame_s=np.nan, mask="none")
    parts = [
        whole.assign(metric="uSDR"),
        whole.assign(metric="leakage", value=-np.inf),
        *(whole.assign(metric="coverage", mask=mask, value=0.8) for mask in ("museval", "target")),
    ]
    return check_scores(pd.concat([scores, *parts]), "the test's table")


def rename(scores: pd.DataFrame, context: Context, names: dict[str, str]) -> tuple:
    scores = scores.assign(method=scores["method"].replace(names))
    methods = tuple(names.get(method, method) for method in context.methods)
    kinds = {names.get(method, method): kind for method, kind in context.kinds.items()}
    return scores, replace(context, methods=methods, kinds=kinds)


@EVERY
def test_nothing_scored_is_said_in_words(name) -> None:
    unscored = make_table(make_row(value=np.nan, reason="silent"))
    for scores in (empty_scores(), unscored):
        (text,) = read_texts(draw(name, scores, SMALL))
        assert text.startswith("demo on synthband: n")


@EVERY
@pytest.mark.parametrize("tracks", [1, 2, 7])
def test_few_songs_are_drawn_without_a_warning_and_legibly(name, tracks) -> None:
    scores = add_songs(make_scores(SMALL, tracks=tracks, frames=2))
    figure = draw(name, scores, SMALL)
    assert find_overlaps(figure) == []
    assert find_cut(figure) == []


@EVERY
def test_one_method_alone_is_drawn_or_said_to_be_too_little(name) -> None:
    scores = add_songs(make_scores(replace(DEMO, methods=("iass",)), tracks=3, frames=2))
    figure = draw(name, scores, replace(DEMO, methods=("iass",)))
    assert find_overlaps(figure) == []
    assert find_cut(figure) == []


@EVERY
def test_strange_names_are_written_as_they_stand(name) -> None:
    names = {"iass": "Ünmix $\\a$ ß_Ω_№ {x}", "ibm": "маска %s \\frac"}
    scores, context = rename(add_songs(make_scores(SMALL, tracks=7, frames=2)), SMALL, names)
    scores["track"] = scores["track"].str.replace("song 1", "A$\\AP{$ - ång № {1} %s")
    words = " ".join(read_texts(draw(name, scores, context)))
    assert "Ünmix $\\a$ ß Ω № {x}" in words
    if name == "heat_map":
        assert "A$\\AP{$ - ång № {1} %s" in words


@EVERY
def test_methods_that_were_not_run_change_no_other_and_are_not_drawn_as_zero(name) -> None:
    scores = add_songs(make_scores(SMALL, tracks=7, frames=2))
    missing = replace(
        SMALL, methods=(*SMALL.methods, "copy"), kinds={**SMALL.kinds, "copy": "command"}
    )
    module = importlib.import_module(f"iass.reporting.figures.scores.{name}")
    with_it, without = (module.tabulate(scores, context) for context in (missing, SMALL))
    rows = with_it[with_it["method"] != "copy"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, without)
    values = with_it[with_it["method"] == "copy"].select_dtypes("float")
    assert values.drop(columns="p_holm", errors="ignore").isna().all(axis=None)
    assert find_overlaps(draw(name, scores, missing)) == []


@EVERY
def test_marks_reach_the_figure_and_its_note(name) -> None:
    scores = add_songs(make_scores(SMALL, tracks=7, frames=2))
    scores["flags"] = np.where(scores["method"] == "iass", "trained_on erratum:bass", "")
    words = " ".join(" ".join(read_texts(draw(name, scores, SMALL))).split())
    assert "IASS†‡" in words
    assert "†: was trained on some of these songs." in words
    assert "‡: some of these songs have known faults" in words


@EVERY
def test_the_same_scores_give_the_same_bytes_with_fonts_and_without_a_date(name, tmp_path) -> None:
    scores = add_songs(make_scores(SMALL, tracks=3, frames=2))
    module = importlib.import_module(f"iass.reporting.figures.scores.{name}")
    for folder, rows in (("a", scores), ("b", scores)):
        data = module.tabulate(rows, SMALL)
        with mpl.rc_context({**PRINT_STYLE, "pdf.compression": 0}):
            save_figure(module.render(data, SMALL), data, tmp_path / folder / name)
    for suffix in ("pdf", "svg", "png", "csv"):
        first, second = (tmp_path / folder / f"{name}.{suffix}" for folder in "ab")
        assert first.read_bytes() == second.read_bytes()
    pdf = (tmp_path / "a" / f"{name}.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
