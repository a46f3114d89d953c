import numpy as np
import pandas as pd
import pytest
from fake_results import make_row, make_table

from iass.foundation.errors import UserError
from iass.scoring.table import (
    COLUMNS,
    DTYPES,
    check_scores,
    concatenate,
    empty_scores,
    read_scores,
    write_scores,
    write_scores_csv,
)


def test_a_written_table_is_read_back_with_the_same_types(tmp_path):
    table = make_table({"seed": None, "value": np.nan, "reason": "silent"}, {"seed": 3})
    write_scores(tmp_path / "a.parquet", table)
    pd.testing.assert_frame_equal(read_scores(tmp_path / "a.parquet"), table)


def test_the_empty_table_keeps_columns_and_types(tmp_path):
    write_scores(tmp_path / "empty.parquet", empty_scores())
    found = read_scores(tmp_path / "empty.parquet")
    assert list(found.columns) == COLUMNS
    assert [str(dtype) for dtype in found.dtypes] == list(DTYPES.values())


def test_rows_in_any_order_give_the_same_bytes(tmp_path):
    table = make_table(
        *(
            {"track": t, "seed": s, "frame_s": f}
            for t in "ba"
            for s in (1, None)
            for f in (1.0, 0.0)
        )
    )
    for suffix, write in (("parquet", write_scores), ("csv", write_scores_csv)):
        write(tmp_path / f"a.{suffix}", table)
        write(tmp_path / f"b.{suffix}", table[::-1])
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_rows_are_sorted_with_missing_seeds_and_whole_songs_first(tmp_path):
    table = make_table(
        {"seed": 1}, {"seed": 0}, {"frame_s": 1.0}, {"frame_s": 0.0}, {"frame_s": np.nan}
    )
    write_scores(tmp_path / "a.parquet", table)
    found = read_scores(tmp_path / "a.parquet")
    assert found["seed"].fillna(-1).tolist() == [-1, -1, -1, 0, 1]
    assert found["frame_s"].fillna(-1).tolist() == [-1, 0, 1, 0, 0]


def test_a_csv_has_empty_fields_for_missing_values(tmp_path):
    write_scores_csv(tmp_path / "a.csv", make_table({"seed": None, "value": np.nan}))
    header, row = (tmp_path / "a.csv").read_text().splitlines()
    assert header == ",".join(COLUMNS)
    assert row == "demo,synthband,iass,,t,vocals,SDR,museval,per_target,0.0,,,,0"


def test_several_files_are_read_as_one_table_in_their_order(tmp_path):
    for name in ("b", "a"):
        write_scores(tmp_path / f"{name}.parquet", make_table({"track": name}))
    write_scores(tmp_path / "none.parquet", empty_scores())
    paths = [tmp_path / "b.parquet", tmp_path / "none.parquet", tmp_path / "a.parquet"]
    assert read_scores(paths)["track"].tolist() == ["b", "a"]


def test_no_tables_concatenate_to_the_empty_table():
    pd.testing.assert_frame_equal(concatenate([]), empty_scores())


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (pd.DataFrame([make_row()]).drop(columns="metric"), "no column 'metric'"),
        (pd.DataFrame([make_row() | {"extra": 1}]), "unknown column 'extra'"),
        (pd.DataFrame([make_row(value="loud")]), "'value' is not float64"),
        (pd.DataFrame([make_row(seed=0.5)]), "'seed' is not Int64"),
        (pd.DataFrame([make_row(track=None)]), "'track' has missing values"),
    ],
)
def test_a_wrong_column_is_named_with_its_file(tmp_path, table, named):
    path = tmp_path / "wrong.parquet"
    table.to_parquet(path, index=False)
    with pytest.raises(UserError, match=named) as error:
        read_scores(path)
    assert str(path) in str(error.value)


def test_columns_in_another_order_are_accepted():
    shuffled = make_table({}).loc[:, COLUMNS[::-1]]
    assert list(check_scores(shuffled, "x").columns) == COLUMNS


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.parquet does not exist"):
        read_scores(tmp_path / "none.parquet")
    (tmp_path / "junk.parquet").write_text("junk")
    with pytest.raises(UserError, match=r"junk\.parquet is not a score table"):
        read_scores(tmp_path / "junk.parquet")
