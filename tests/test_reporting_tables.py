from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_scores, make_table

from iass.reporting.context import select_scores
from iass.reporting.latex import escape_latex
from iass.reporting.tables.results import format_summary, render_tables, write_result_tables
from iass.scoring.table import empty_scores
from iass.statistics.intervals import ROUGH, median_interval

SMALL = replace(
    DEMO,
    methods=("silence", "iass", "open_unmix", "ibm"),
    targets=("vocals", "acoustic_guitar"),
)


def score(method, target, values, **changes):
    return [
        {"method": method, "target": target, "track": f"song {index}", "value": value, **changes}
        for index, value in enumerate(values)
    ]


@pytest.fixture
def tables():
    failed = score("silence", "vocals", [np.nan], frame_s=np.nan, reason="a & b_c")
    scores = make_table(
        *failed,
        *score("iass", "vocals", [1.0, 2.0, 4.0, 8.0]),
        *score("open_unmix", "vocals", [-0.001]),
        *score("ibm", "vocals", [12.0]),
        *score("iass", "vocals", [5.0], metric="SIR"),
    )
    return render_tables(scores, SMALL)


def read_cell(tables, method, target):
    header, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in tables.markdown.split("\n\n")[0].splitlines()
    ]
    row = next(row for row in rows if row[0] == method)
    return row[header.index(target)]


def test_a_cell_has_median_bootstrap_interval_and_n():
    values = [1.0, 2.0, 2.5, 4.0, 5.0, 6.5, 8.0]
    interval = median_interval(values)
    tables = render_tables(make_table(*score("iass", "vocals", values)), SMALL)
    bounds = f"[{interval.low:.1f}, {interval.high:.1f}]"
    assert interval.low < 4.0 < interval.high
    assert read_cell(tables, "IASS", "vocals") == f"**4.00** {bounds} n=7"
    assert rf"{{\scriptsize {bounds}}}" in tables.latex
    assert f"{ROUGH}." in tables.markdown
    sdr = tables.metrics.set_index(["metric", "method", "target"]).loc[("SDR", "iass", "vocals")]
    assert sdr[["low", "high"]].tolist() == [interval.low, interval.high]
    assert sdr[["q25", "q75"]].tolist() == [2.25, 5.75]


def test_few_tracks_have_no_interval_and_that_is_said(tables):
    assert read_cell(tables, "IASS", "vocals") == "**3.00** n=4"
    assert "Fewer than 6 tracks: no interval." in tables.markdown
    assert "Fewer than 6 tracks: no interval." in tables.latex
    assert "[nan" not in tables.markdown + tables.latex


def test_several_trainings_are_split_into_what_tracks_and_what_seeds_explain():
    # Worked in test_statistics_variance: [[1, 3], [4, 6], [10, 12]] has variances 21, 2 and 0.
    first, second = ([1.0, 4, 10], [3.0, 6, 12])
    scores = make_table(
        *score("iass", "vocals", first, seed=0), *score("iass", "vocals", second, seed=1)
    )
    tables = render_tables(scores, SMALL)
    sentence = "over training seeds, in brackets over tracks, dB: IASS vocals 1.41 (4.58)."
    assert sentence in tables.markdown
    assert sentence in tables.latex
    row = tables.metrics.set_index(["metric", "method", "target"]).loc[("SDR", "iass", "vocals")]
    assert row[["var_tracks", "var_seeds", "var_rest"]].tolist() == pytest.approx([21, 2, 0])


def test_of_a_single_training_nothing_is_split(tables):
    assert "training seeds" not in tables.markdown
    assert tables.metrics["var_seeds"].isna().all()


def test_an_oracle_is_never_the_best_system(tables):
    assert read_cell(tables, "IBM", "vocals") == "12.00 n=1"


def test_the_second_system_is_underlined_and_has_no_minus_before_zero(tables):
    assert read_cell(tables, "Open-Unmix", "vocals") == "<u>0.00</u> n=1"
    assert r"Open-Unmix & \underline{0.00} & not run \\" in tables.latex
    assert tables.metrics["is_second"].sum() == 1


def test_equal_systems_share_the_first_place():
    rows = [row for method in ("iass", "open_unmix") for row in score(method, "vocals", [1.0])]
    found = render_tables(make_table(*rows), SMALL)
    assert found.markdown.count("**1.00**") == 2
    assert "<u>" not in found.markdown


def test_a_cell_without_rows_says_not_run(tables):
    assert read_cell(tables, "IASS", "acoustic guitar") == "not run"


def test_a_cell_without_a_value_says_not_scored_and_the_reason_is_a_footnote(tables):
    assert read_cell(tables, "silence", "vocals") == "not scored"
    assert "vocals: 1 of 1 tracks not scored (a & b_c): silence." in tables.markdown


def test_some_failed_tracks_show_in_n():
    scores = make_table(*score("iass", "vocals", [1.0, np.nan]))
    assert read_cell(render_tables(scores, SMALL), "IASS", "vocals").endswith("n=1/2")


def test_rows_and_columns_follow_the_config(tables):
    sdr = tables.metrics[tables.metrics["metric"] == "SDR"]
    assert sdr["method"].unique().tolist() == list(SMALL.methods)
    assert sdr["target"].unique().tolist() == list(SMALL.targets)


def test_the_tidy_table_has_sdr_first_and_every_cell_of_every_metric(tables):
    assert tables.metrics["metric"].unique().tolist() == ["SDR", "ISR", "SIR", "SAR"]
    assert len(tables.metrics) == 4 * len(SMALL.methods) * len(SMALL.targets)
    sir = tables.metrics.set_index(["metric", "method", "target"]).loc[("SIR", "iass", "vocals")]
    assert (sir["state"], sir["median"], sir["tracks_scored"]) == ("scored", 5.0, 1)
    assert set(tables.metrics["state"]) == {"scored", "not scored", "not run"}


def test_the_caption_says_what_the_data_and_the_statistic_are(tables):
    for text in (tables.markdown, tables.latex):
        assert "synthband: synthesised music" in text
        assert "Median over tracks of each track's median over 1-s frames" in text


def test_latex_has_booktabs_rules_bold_and_escaped_text(tables):
    assert [tables.latex.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [
        1,
        2,
        1,
    ]
    assert r"IASS & \textbf{3.00} & not run \\" in tables.latex
    assert "\\midrule\ntracks ($n$) & 1 to 4 & 0 \\\\\n\\bottomrule" in tables.latex
    assert r"(a \& b\_c)" in tables.latex
    assert r"95 \%" in tables.latex


def test_every_latex_row_has_a_cell_per_column_and_none_is_empty(tables):
    with_interval = make_table(*score("iass", "vocals", range(7)))
    tables = [tables, render_tables(with_interval, SMALL)]
    bodies = [table.latex.split(r"\toprule")[1].split(r"\bottomrule")[0] for table in tables]
    rows = [line for body in bodies for line in body.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 2 * (1 + len(SMALL.methods) + 1) + 1
    assert all(row.strip(r"&\ ") for row in rows)
    assert {row.replace(r"\&", "").count("&") for row in rows} == {len(SMALL.targets)}


def test_a_long_latex_table_has_one_small_line_per_method():
    methods = tuple(f"method_{index}" for index in range(31))
    context = replace(SMALL, methods=methods, kinds=dict.fromkeys(methods, "command"))
    rows = [row for method in methods for row in score(method, "vocals", range(7))]
    latex = render_tables(make_table(*rows), context).latex
    assert "\\footnotesize\n\\begin{tabular}" in latex
    assert latex.count(r"\\") == 1 + 31 + 1
    assert r"method 30 & \textbf{3.00} {\scriptsize [" in latex


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b & 5 % #1 $x$ {y}", r"a\_b \& 5 \% \#1 \$x\$ \{y\}"),
        ("\\~^", r"\textbackslash{}\textasciitilde{}\textasciicircum{}"),
        ("Björk 東京", "Björk 東京"),
    ],
)
def test_latex_escapes_what_latex_would_read_as_a_command(text, escaped):
    assert escape_latex(text) == escaped


def test_an_empty_score_table_gives_tables_full_of_not_run(tmp_path):
    tables = render_tables(empty_scores(), SMALL)
    assert set(tables.metrics["state"]) == {"not run"}
    assert tables.markdown.count("not run") == len(SMALL.methods) * len(SMALL.targets)
    write_result_tables(tables, tmp_path / "empty")
    assert "not run" in format_summary(pd.read_csv(tmp_path / "empty.csv"))


def test_no_system_means_no_bold():
    bounds = replace(SMALL, methods=("silence",))
    table = render_tables(make_table(*score("silence", "vocals", [0.0])), bounds)
    assert "**" not in table.markdown


def test_the_terminal_table_marks_the_best_system_and_counts_tracks(tables, tmp_path):
    write_result_tables(tables, tmp_path / "demo_sdr")
    text = format_summary(pd.read_csv(tmp_path / "demo_sdr.csv"), width=80)
    lines = {
        line.split("  ")[1].strip(): line.split() for line in text.splitlines() if "  " in line
    }
    assert lines["IASS"] == ["IASS", "3.00*", "not", "run"]
    assert lines["tracks (n)"][-4:] == ["1", "to", "4", "0"]
    assert "synthesised music" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_same_scores_give_the_same_bytes_in_any_order(tmp_path):
    scores = make_scores(tracks=3, frames=2)
    for name, rows in (("a", scores), ("b", scores[::-1])):
        write_result_tables(render_tables(rows, DEMO), tmp_path / name)
    for suffix in ("csv", "md", "tex"):
        first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_tracks_with_known_faults_can_be_left_out() -> None:
    scores = make_table(
        {"track": "fine", "value": 1.0},
        {"track": "wrong", "value": 9.0, "flags": "bleed erratum:vocals"},
        {"track": "bleeding", "value": 3.0, "flags": "bleed"},
    )
    kept = select_scores(scores, DEMO)
    dropped = select_scores(scores, replace(DEMO, errata="drop"))
    assert set(kept["track"]) == {"fine", "wrong", "bleeding"}
    assert set(dropped["track"]) == {"fine", "bleeding"}
    assert "known faults are left out" in replace(DEMO, errata="drop").statistic
    assert "known faults" not in DEMO.statistic


def test_a_number_that_rests_on_songs_trained_on_is_marked_in_every_form(tmp_path) -> None:
    scores = make_table(
        *score("iass", "vocals", [1.0], flags="bleed trained_on"),
        *score("iass", "vocals", [np.nan, 3.0], flags="trained_on_nothing"),
        *score("open_unmix", "vocals", [np.nan], frame_s=np.nan, flags="trained_on"),
    )
    tables = render_tables(scores, SMALL)
    assert read_cell(tables, "IASS", "vocals").startswith("**2.00†**")
    assert read_cell(tables, "Open-Unmix", "vocals") == "not scored"
    assert "†: was trained on some of these songs." in tables.markdown
    assert r"\textbf{2.00$^\dagger$}" in tables.latex
    write_result_tables(tables, tmp_path / "sdr")
    page = format_summary(pd.read_csv(tmp_path / "sdr.csv"))
    assert "2.00†*" in page
    assert "†: was trained" in page.replace("\n", " ")
    assert tables.metrics["tracks_trained_on"].tolist()[2] == 1  # iass on vocals


def test_a_number_that_rests_on_songs_with_known_faults_is_marked_in_every_form(tmp_path) -> None:
    tables = render_tables(
        make_table(*score("iass", "vocals", [1.0], flags="trained_on erratum:vocals")), SMALL
    )
    assert read_cell(tables, "IASS", "vocals").startswith("**1.00†‡**")
    assert r"\textbf{1.00$^\dagger$$^\ddagger$}" in tables.latex
    write_result_tables(tables, tmp_path / "sdr")
    page = format_summary(pd.read_csv(tmp_path / "sdr.csv"))
    assert "1.00†‡*" in page
    for text in (tables.markdown, tables.latex.replace(r"$^\ddagger$", "‡"), page):
        assert "‡: some of these songs have known faults" in text.replace("\n", " ")


def test_one_sentence_tells_of_all_targets_that_failed_alike() -> None:
    failed = {"frame_s": np.nan, "reason": "silent"}
    rows = [
        row
        for target in SMALL.targets
        for method in SMALL.methods
        for row in score(method, target, [np.nan], **failed)
    ]
    expected = (
        "vocals, acoustic guitar: 1 of 1 tracks not scored (silent): "
        "silence, IASS, Open-Unmix, IBM.\n"
    )
    assert render_tables(make_table(*rows), SMALL).markdown.endswith(expected)


def test_nothing_is_marked_where_nothing_was_trained_on(tables) -> None:
    assert "†" not in tables.markdown + tables.latex
