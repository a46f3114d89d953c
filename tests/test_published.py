"""Published numbers and ours: side by side, never mixed, and judged only where they are alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_results import make_row
from projects import ROOT

from iass.foundation.errors import UserError
from iass.foundation.plugins import list_datasets, module_file
from iass.plan.declared import find_defaults
from iass.plan.driver import make_plan
from iass.reporting.context import FAULTY, HEARD, HEARD_NOTE, Context
from iass.reporting.job import MethodFacts, Page, ReportJob, parse_job
from iass.reporting.tables.published import (
    AGGREGATION,
    PUBLISHED,
    compare_published,
    read_published,
    write_published,
)
from iass.scoring.table import check_scores, empty_scores, write_scores

FILES = sorted((ROOT / "reports" / "published").glob("*.csv"))
ROW = {
    "method": "IBM1",
    "dataset": "MUSDB18 test",
    "target": "vocals",
    "metric": "SDR",
    "aggregation": AGGREGATION,
    "tracks": "3",
    "channels": "stereo",
    "value_db": "7.67",
    "tolerance_db": "0.1",
    "tolerance_source": "chosen here",
    "our_module": "ibm",
    "our_options": "exponent=1.0",
    "our_dataset": "musdb18",
    "source": "somewhere",
}
PAGE = Page(
    context=Context(
        experiment="bounds",
        dataset="musdb18",
        methods=("ibm", "ibm2"),
        kinds={"ibm": "oracle", "ibm2": "oracle"},
        targets=("vocals",),
        data="MUSDB18",
    ),
    channels="stereo",
    hop_s=1.0,
    protocol="joint",
    card_protocol="joint",
    train_on=None,
    test_on="musdb18",
    manifest=None,
    labels=Path("labels.parquet"),
)
METHODS = {
    "ibm": MethodFacts("oracle", "ibm", {"exponent": 1.0, "n_fft": 2048}, {}),
    "ibm2": MethodFacts("oracle", "ibm", {"exponent": 2.0, "n_fft": 2048}, {}),
}


def _published(tmp_path: Path, **changes: str) -> pd.DataFrame:
    path = tmp_path / "published.csv"
    pd.DataFrame([ROW | changes]).to_csv(path, index=False)
    return read_published(path)


def _score(values: dict[str, list[float]], **changes: object) -> pd.DataFrame:
    rows = [
        make_row(
            experiment="bounds",
            dataset="musdb18",
            method=method,
            track=f"song{number}",
            value=value,
            **changes,
        )
        for method, numbers in values.items()
        for number, value in enumerate(numbers)
    ]
    return check_scores(pd.DataFrame(rows), "the test's table")


def _compare(tmp_path: Path, median_db: float, page: Page = PAGE, **changes: str) -> dict:
    scores = _score({"ibm": [median_db - 1, median_db, median_db + 5], "ibm2": [0.0] * 3})
    job = ReportJob(0.5, METHODS, (page,))
    (row,) = compare_published(_published(tmp_path, **changes), scores, job).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("ours_db", "status"),
    [
        (7.67, "within tolerance"),
        (7.5651, "within tolerance"),  # 7.67 stands for 7.665 to 7.675
        (7.56, "off by -0.11 dB"),
        (8.67, "off by +1.00 dB"),
    ],
)
def test_ours_is_judged_by_the_tolerance(tmp_path: Path, ours_db: float, status: str) -> None:
    row = _compare(tmp_path, ours_db)
    assert row["status"] == status
    assert (row["value_db"], row["ours_db"]) == (7.67, pytest.approx(ours_db))
    assert (row["our_method"], row["experiment"], row["ours_tracks"]) == ("ibm", "bounds", 3)


def test_options_decide_which_method_it_is(tmp_path: Path) -> None:
    row = _compare(tmp_path, 7.6, our_options="exponent=2.0 n_fft=2048")
    assert (row["our_method"], row["status"]) == ("ibm2", "off by -7.67 dB")
    assert _compare(tmp_path, 7.6, our_options="exponent=3.0")["status"] == "not run"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"our_dataset": "musdb18hq"}, "not run"),
        ({"target": "drums"}, "not run"),
        ({"metric": "SIR"}, "not run"),
        ({"our_module": "", "our_options": ""}, "not run: no such method here"),
        ({"aggregation": "mean of songs"}, "not run: another statistic than ours"),
    ],
)
def test_what_was_not_run_has_nothing_beside_it(
    tmp_path: Path, change: dict[str, str], status: str
) -> None:
    row = _compare(tmp_path, 7.67, **change)
    assert row["status"] == status
    assert np.isnan(row["ours_db"])


@pytest.mark.parametrize(
    ("page", "tracks", "status"),
    [
        (replace(PAGE, channels="mono"), "3", "not comparable: mono here"),
        (PAGE, "50", "not comparable: 3 tracks here"),
        (
            replace(PAGE, context=replace(PAGE.context, window_s=2.0)),
            "50",
            "not comparable: 2-s frames here, 3 tracks here",
        ),
        (replace(PAGE, hop_s=0.5), "3", "not comparable: a frame every 0.5 s here"),
        (replace(PAGE, protocol="per_target"), "3", "not comparable: protocol per_target here"),
    ],
)
def test_other_conditions_are_shown_and_not_judged(
    tmp_path: Path, page: Page, tracks: str, status: str
) -> None:
    row = _compare(tmp_path, 7.67, page, tracks=tracks)
    assert (row["status"], row["ours_db"]) == (status, pytest.approx(7.67))


@pytest.mark.parametrize(
    ("scoring", "experiment", "status"),
    [
        ({}, {}, "within tolerance"),
        ({"hop_s": 0.5}, {}, "not comparable: a frame every 0.5 s here"),
        ({}, {"protocol": "per_target"}, "not comparable: protocol per_target here"),
        ({}, {"protocol": "joint"}, "within tolerance"),
    ],
)
def test_hop_and_protocol_come_from_the_config_and_the_card(
    tmp_path: Path, scoring: dict[str, float], experiment: dict[str, str], status: str
) -> None:
    entry = {"test_on": ["musdb18"], "targets": ["vocals"], "methods": ["ibm"]}
    config = {
        "datasets": {"musdb18": {}},
        "methods": {"ibm": {"kind": "oracle"}},
        "experiments": {"bounds": entry | {"channels": "stereo"} | experiment},
        "scoring": scoring,
    }
    job = parse_job(make_plan(config, "x").params.report_job(None))  # type: ignore[arg-type]
    (row,) = compare_published(_published(tmp_path), _score({"ibm": [7.67] * 3}), job).to_dict(
        "records"
    )
    assert row["status"] == status


def test_without_a_tolerance_the_difference_is_told(tmp_path: Path) -> None:
    row = _compare(tmp_path, 7.0, tolerance_db="", tolerance_source="")
    assert row["status"] == "differs by -0.67 dB, no tolerance known"


@pytest.mark.parametrize(
    ("ours_db", "tracks", "cell"),
    [(7.6, "3", "7.60"), (7.0, "3", "7.00*"), (-7.0, "3", "$-$7.00*"), (7.6, "50", "(7.60)")],
)
def test_the_latex_table_marks_what_is_off_and_what_is_not_judged(
    tmp_path: Path, ours_db: float, tracks: str, cell: str
) -> None:
    _published(tmp_path, tracks=tracks)
    write_scores(tmp_path / "scores.parquet", _score({"ibm": [ours_db] * 3}))
    job = ReportJob(0.5, METHODS, (PAGE,))
    files = [tmp_path / "published.csv"]
    write_published(files, tmp_path / "scores.parquet", job, tmp_path / "out")
    latex = (tmp_path / "out.tex").read_text("utf-8")
    assert f"IBM1 [1] & SDR & {tracks} & 7.67 \\\\\n" in latex
    assert f"\\quad ours: IBM (bounds) &  & 3 & {cell} \\\\\n" in latex


def test_several_of_our_runs_take_a_line_each_and_frames_count_once(tmp_path: Path) -> None:
    pages = (PAGE, replace(PAGE, context=replace(PAGE.context, experiment="again")))
    scores = _score({"ibm": [7.0] * 3})
    gated = scores.assign(mask="target", value=0.0)
    scores = pd.concat([scores, scores.assign(experiment="again"), gated])
    found = compare_published(_published(tmp_path), scores, ReportJob(0.5, METHODS, pages))
    assert found["experiment"].tolist() == ["bounds", "again"]
    assert found["ours_db"].tolist() == [7.0, 7.0]


def test_marks_stand_beside_our_number_in_every_format(tmp_path: Path) -> None:
    _published(tmp_path)
    scores = _score({"ibm": [7.6] * 3}, flags="trained_on erratum:vocals")
    write_scores(tmp_path / "scores.parquet", scores)
    job = ReportJob(0.5, METHODS, (PAGE,))
    write_published(
        [tmp_path / "published.csv"], tmp_path / "scores.parquet", job, tmp_path / "out"
    )
    for suffix, text in {
        "md": f"| 7.67 | 3, stereo | 1 | 7.60{HEARD}{FAULTY} | 3 | bounds, ibm | 0.1 |",
        "html": f"<td>7.60{HEARD}{FAULTY}</td>",
        "csv": f",{HEARD}{FAULTY},within tolerance",
        "tex": r"\quad ours: IBM (bounds) &  & 3 & 7.60$^\dagger$$^\ddagger$ \\",
    }.items():
        assert text in (tmp_path / f"out.{suffix}").read_text("utf-8"), suffix
    page = (tmp_path / "out.md").read_text("utf-8")
    assert HEARD_NOTE in page
    assert "- 1: somewhere" in page
    assert "**Of 1 lines: 1 within tolerance, 0 off, 0 not run, 0 not judged.**" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value_db": "7,67"}, "column 'value_db' has an entry that is no number"),
        ({"tracks": ""}, "column 'tracks'"),
        ({"tolerance_db": "small"}, "column 'tolerance_db'"),
        ({"extra": "x"}, "must have the columns: method, dataset"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError, match=rf"published\.csv.*{message}"):
        _published(tmp_path, **change)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_committed_numbers_name_methods_options_and_data_that_exist(path: Path) -> None:
    table = read_published(path)
    assert list(table.columns) == PUBLISHED
    assert (table["source"] != "").all()
    assert ((table["tolerance_source"] != "") == table["tolerance_db"].notna()).all()
    assert set(table["our_dataset"]) <= {"", *list_datasets()}
    for _, row in table[table["our_module"] != ""].iterrows():
        assert row["aggregation"] == AGGREGATION
        module = f"baselines.{row['our_module']}"
        assert module_file(module).is_file()
        options = {option.split("=")[0] for option in row["our_options"].split()}
        assert options <= set(find_defaults(module, "Method"))


def test_the_committed_numbers_are_those_of_their_source() -> None:
    table = pd.concat([read_published(path) for path in FILES])
    values = table.set_index(["method", "target", "metric"])["value_db"]
    assert values["IBM1", "vocals", "SDR"] == 7.67
    assert values["input", "bass", "SDR"] == -6.72
    assert values["UMXHQ", "drums", "SDR"] == 6.04
    assert len(table) == 50


def test_published_systems_have_all_four_targets_once_or_an_average() -> None:
    table = read_published(ROOT / "reports" / "published" / "musdb18.csv")
    targets = table.groupby("method")["target"].agg(list)
    is_average = targets.map(lambda found: found == ["average"])
    is_full = targets.map(lambda found: found == ["vocals", "drums", "bass", "other"])
    assert (is_full | is_average).all()
    assert (is_full.sum(), is_average.sum()) == (10, 4)
    bass = table[table["target"] == "bass"].set_index("method")["value_db"]
    assert bass["input"] < bass["IBM1"] < bass["IBM2"] < bass["IRM1"] < bass["IRM2"]
    assert bass["UMX"] > bass["IBM1"], "IBM1 is no strict upper bound on bass"


def test_the_authors_acoustic_guitar_has_all_four_metrics_and_both_outliers() -> None:
    table = read_published(ROOT / "reports" / "published" / "authors_acoustic_guitar.csv")
    medians = table[table["aggregation"] == AGGREGATION].set_index("metric")["value_db"]
    assert medians.to_dict() == {"SDR": 1.149, "SIR": 0.477, "SAR": 2.517, "ISR": 4.433}
    assert table.loc[table["aggregation"] != AGGREGATION, "value_db"].tolist() == [-48.4, -15.4]


def test_an_empty_score_table_gives_a_page_of_not_run(tmp_path: Path) -> None:
    write_scores(tmp_path / "scores.parquet", empty_scores())
    job = ReportJob(0.5, METHODS, (PAGE,))
    write_published(FILES, tmp_path / "scores.parquet", job, tmp_path / "out")
    statuses = pd.read_csv(tmp_path / "out.csv")["status"]
    assert len(statuses) == 50
    assert statuses.str.startswith("not run").all()
