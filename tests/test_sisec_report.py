"""The report of a campaign that others ran: SiSEC 2018, 31 methods, 50 songs."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figure_checks import find_cut, find_overlaps
from shared_data import find_shared
from sisec18 import MEDIANS, read_sisec

from iass.reporting.context import Context
from iass.reporting.figures.scores import (
    critical_difference,
    dialects,
    forest,
    gap_closed,
    heat_map,
    metrics,
    sdr,
)
from iass.reporting.style import PRINT_STYLE
from iass.reporting.tables.results import render_tables

ALL = (critical_difference, dialects, forest, gap_closed, heat_map, metrics, sdr)
FIGURES = pytest.mark.parametrize("module", ALL, ids=lambda module: module.__name__.split(".")[-1])
METHODS_OF = {"vocals": 31, "drums": 21, "bass": 21, "other": 21, "accompaniment": 27}


@pytest.fixture(scope="module")
def sisec() -> tuple[pd.DataFrame, Context]:
    return read_sisec(find_shared(MEDIANS))


@FIGURES
def test_every_word_of_a_figure_with_31_methods_can_be_read(sisec, module) -> None:
    scores, context = sisec
    with mpl.rc_context(PRINT_STYLE):
        figure = module.render(module.tabulate(scores, context), context)
        assert find_overlaps(figure) == []
        assert find_cut(figure) == []
    assert figure.get_figwidth() == 7.0


def test_medians_are_those_that_the_campaign_published(sisec) -> None:
    """METHOD section 4, from the campaign's own files."""
    data = heat_map.tabulate(*sisec)
    medians = data.groupby(["method", "target"])["sdr_db"].median()
    assert medians["IBM1"][["vocals", "drums", "bass", "other"]].tolist() == pytest.approx(
        [7.67, 7.09, 5.19, 5.89], abs=0.005
    )
    assert medians["IRM2", "vocals"] == pytest.approx(9.43, abs=0.005)


def test_the_result_table_says_what_was_not_run(sisec) -> None:
    scores, context = sisec
    lines = render_tables(scores, context).markdown.splitlines()
    assert len([line for line in lines if line.startswith("| ")]) == 31 + 2  # head and rule
    twod = next(line for line in lines if line.startswith("| 2DFT |"))
    assert twod.count("not run") == 3
    assert "n=50" in twod


def test_each_target_is_ranked_among_its_own_methods(sisec) -> None:
    data = critical_difference.tabulate(*sisec)
    assert data.groupby("target")["method"].count().to_dict() == METHODS_OF
    assert set(data["tracks"]) == {50}
    for _, rows in data.groupby("target"):
        ranks = len(rows) * (len(rows) + 1) / 2  # every track gives the ranks from 1 up
        assert rows["mean_rank"].sum() == pytest.approx(ranks)
        assert rows["mean_rank"].is_monotonic_increasing
        assert rows["method"].iloc[0] == "IRM2"


def test_the_baseline_is_a_system_that_did_all_targets_and_no_bound_beats_it(sisec) -> None:
    data = forest.tabulate(*sisec)
    assert set(data["baseline"]) == {"JY1"}
    rows = data.set_index(["target", "method"])
    assert (rows["tracks"].drop(index=("vocals", "STL1")) % 50 == 0).all()
    for target in ("vocals", "drums", "bass", "other", "accompaniment"):
        assert rows.loc[(target, "MIX"), "high"] < 0
        assert rows.loc[(target, "MIX"), "is_significant"]
    assert rows.loc[("drums", "2DFT"), "note"] == "no track in common"
    assert np.isnan(rows.loc[("drums", "2DFT"), "difference"])
