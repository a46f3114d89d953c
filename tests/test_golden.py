"""Committed scores of what nobody trains: a change of any step that moves a number shows here."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden_scores import KEYS, METHODS, METRICS, SETS, compute_scores, read_golden

TOLERANCE_DB = 0.01  # decoders and FFTs round differently; the files have four decimals


def _find_drift(found: pd.DataFrame, golden: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that differ by more than the tolerance, or are missing on one side."""
    both = golden.merge(found, on=KEYS, how="outer", suffixes=("_golden", "_found"))
    drift = (both["value_db_found"] - both["value_db_golden"]).abs()
    return both[~(drift <= TOLERANCE_DB)]


@pytest.mark.parametrize("dataset", SETS)
def test_no_number_has_drifted(dataset: str, tmp_path: Path) -> None:
    drift = _find_drift(compute_scores(dataset, tmp_path), read_golden(dataset))
    assert drift.empty, f"meant? then: python tests/golden_scores.py\n{drift}"


@pytest.mark.parametrize("dataset", SETS)
def test_the_golden_files_are_complete_and_say_what_they_must(dataset: str) -> None:
    golden = read_golden(dataset)
    assert set(golden["method"]) == set(METHODS)
    assert set(golden["metric"]) == set(METRICS)
    assert np.isfinite(golden["value_db"]).all()
    by_method = golden.groupby("method")["value_db"].median()
    assert by_method["input_mixture"] < by_method["silence"] < by_method["ibm"]
    silence = golden.loc[golden["method"] == "silence", "value_db"]
    assert silence.between(0, 0.001).all()  # 20 log10(1 / (1 - 1e-4)): the mixture at -80 dB


def test_a_drift_a_missing_and_an_undefined_value_are_found() -> None:
    golden = read_golden("falcon69")
    assert _find_drift(golden, golden).empty
    moved = golden.assign(value_db=golden["value_db"] + 0.011 * (golden.index == 3))
    assert _find_drift(moved, golden).index.tolist() == [3]
    assert len(_find_drift(golden[1:], golden)) == len(_find_drift(golden, golden[1:])) == 1
    undefined = golden.assign(value_db=golden["value_db"].mask(golden.index == 5))
    assert len(_find_drift(undefined, golden)) == 1
