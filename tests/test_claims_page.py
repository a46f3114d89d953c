"""The table, the page and the lines in the terminal."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from claim_results import add, make_job, make_page, spread, tabulate, write_songs

from iass.reporting.claims.check import check_claims, write_claims
from iass.reporting.claims.claim import read_claims
from iass.reporting.claims.page import format_claims, list_blocks, summarise_claims
from iass.reporting.context import FAULTY, FAULTY_NOTE, HEARD, HEARD_NOTE
from iass.reporting.document import format_markdown
from iass.scoring.table import empty_scores, write_scores

CLAIMS = read_claims()
N = 12
SONGS = spread(N, scale=3.0)
MUSDB = ["vocals", "drums", "bass", "other"]
LEVELS = {"input_mixture": -5.0, "open_unmix": 4.0, "iass": 5.0, "ibm": 9.0}


def _score(dataset: str = "musdb18hq", tracks: int = N, **changes: object) -> pd.DataFrame:
    values = {
        (method, target): add(SONGS, level, spread(N, seed=number))[:tracks]
        for number, (method, level) in enumerate(LEVELS.items())
        for target in MUSDB
    }
    return tabulate(values, dataset, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_songs(tmp_path, {"one": MUSDB, "two": MUSDB[:2]})
    return tmp_path


def _format(table: pd.DataFrame) -> str:
    return format_markdown(list_blocks(table, CLAIMS))


def _verdicts(table: pd.DataFrame) -> dict[tuple[str, bool, str], str]:
    keys = zip(table["claim"], table["papers_data"], table["dataset"], strict=True)
    return dict(zip(keys, table["verdict"], strict=True))


def test_on_the_data_of_the_paper_a_verdict_counts(folder: Path) -> None:
    table = check_claims(_score(), make_job(make_page(MUSDB, folder=folder)), CLAIMS)
    verdicts = _verdicts(table)
    assert verdicts["C1", True, "musdb18hq"] == "holds"
    assert verdicts["C3", True, "musdb18hq"] == verdicts["C4", True, "musdb18hq"] == "fails"
    assert verdicts["C7", True, "musdb18hq"] == "holds"
    assert verdicts["C8", True, "musdb18hq"] == verdicts["C5", True, "mm"] == "not run"
    assert verdicts["C5", False, "musdb18hq"] == "holds where run"  # three of six targets
    assert ("C1", False, "musdb18hq") not in verdicts


@pytest.mark.parametrize("train_on", ["synthband", None])
def test_other_training_music_makes_it_an_analogy(folder: Path, train_on: str | None) -> None:
    page = make_page(MUSDB, train_on=train_on, folder=folder)
    verdicts = _verdicts(check_claims(_score(), make_job(page), CLAIMS))
    assert verdicts["C1", True, "musdb18hq"] == "not run"
    assert verdicts["C1", False, "musdb18hq"] == "holds"


def test_experiments_and_data_sets_of_one_card_take_a_line_each(folder: Path) -> None:
    page = make_page(MUSDB, folder=folder)
    again = replace(page, context=replace(page.context, experiment="again"))
    half = replace(again, context=replace(again.context, dataset="half"))
    better, worse = _score(), _score().assign(value=lambda rows: -rows["value"])
    scores = [better, worse.assign(experiment="again")]
    scores += [better.assign(experiment="again", dataset="half")]
    table = check_claims(pd.concat(scores), make_job(page, again, half), CLAIMS)
    own = _format(table).split("## How a verdict")[0].splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in own if "| C1 |" in line]
    assert [(row[4], row[5]) for row in cells] == [
        ("demo, musdb18hq", "**holds**"),
        ("again, musdb18hq", "**fails**"),
        ("again, half", "**holds**"),
    ]
    shown = " ".join(format_claims(table, 400).split())
    assert "vocals holds (demo, musdb18hq; again, half); fails (again, musdb18hq)" in shown


def test_a_page_says_first_that_an_analogy_says_nothing_about_the_paper(folder: Path) -> None:
    page = make_page(MUSDB, "synthband", "synthband", folder=folder)
    job = make_job(page)
    text = _format(check_claims(_score("synthband"), job, CLAIMS))
    own, other = text.split("## By analogy, on other music")
    assert own.count("**not run**") == 11  # C7 and C8 are about both data sets
    assert "**holds**" not in own
    assert other.index("says nothing about the paper") < other.index("**holds**")
    assert "| C1 | IASS is better than Open-Unmix on vocals | **holds** | 0.9" in other
    assert "n = 12, corrected p = 0.0" in other
    assert "no method of module iass with gate: none, trained alike" in other


def test_a_page_without_any_score_is_all_not_run(folder: Path) -> None:
    page = make_page(MUSDB, folder=folder)
    table = check_claims(empty_scores(), make_job(page), CLAIMS)
    assert set(table["verdict"]) == {"not run"}
    assert _format(table).count("**not run**") > 9
    verdicts = check_claims(_score(tracks=3), make_job(page), CLAIMS)["verdict"]
    assert "undecided at this n" in set(verdicts)


def test_few_tracks_of_other_music_take_one_line(folder: Path) -> None:
    job = make_job(make_page(MUSDB, "falcon69", "synthband", folder=folder))
    text = _format(check_claims(_score("falcon69", tracks=1), job, CLAIMS))
    assert "Fewer than 6 tracks: too few for any test." in text
    assert "All comparisons" not in text


def test_too_many_tests_for_so_few_tracks_are_told(folder: Path) -> None:
    job = make_job(make_page(MUSDB, "synthband", "synthband", folder=folder))
    text = _format(check_claims(_score("synthband", tracks=7), job, CLAIMS))
    assert "no corrected p can be below 0.05" in text


def test_marks_follow_a_number_into_every_view(folder: Path) -> None:
    scores = _score(flags="erratum:vocals trained_on")
    job = make_job(make_page(MUSDB, folder=folder))
    table = check_claims(scores, job, CLAIMS)
    text = _format(table)
    assert set(table.loc[table["n"] > 0, "marks"]) == {HEARD + FAULTY}
    assert f" dB{HEARD}{FAULTY} [" in text
    assert HEARD_NOTE in text
    assert FAULTY_NOTE in text
    write_scores(folder / "scores.parquet", scores)
    write_claims(folder / "scores.parquet", job, folder / "claims")
    for shown in (format_claims(table), summarise_claims(folder / "claims.csv")):
        c1 = next(line for line in shown.splitlines() if line.split()[:1] == ["C1"])
        assert c1.split()[-1] == f"holds{HEARD}{FAULTY}"
        c9 = next(line for line in shown.splitlines() if line.split()[:1] == ["C9"])
        assert f"not run{HEARD}" not in c9
        told = " ".join(shown.split())
        assert HEARD_NOTE in told
        assert FAULTY_NOTE in told
    table = check_claims(_score(), job, CLAIMS)
    for fine in (_format(table), format_claims(table)):
        assert HEARD not in fine
        assert FAULTY not in fine


def test_what_holds_as_far_as_it_was_run_says_how_much_was_not(folder: Path) -> None:
    job = make_job(make_page(MUSDB, "synthband", "synthband", folder=folder))
    text = _format(check_claims(_score("synthband"), job, CLAIMS))
    line = next(
        line
        for line in text.splitlines()
        if line.startswith("| C5 |") and "**" in line and "3 hold" in line
    )
    assert "**holds where run** | 3 hold, 3 not run;" in line


def test_dropped_errata_leave_no_mark_and_no_track(folder: Path) -> None:
    page = make_page(MUSDB, folder=folder)
    page = replace(page, context=replace(page.context, errata="drop"))
    fine = _score()
    faulty = fine.assign(
        flags=fine["flags"].mask(fine["track"].isin(["song00", "song01"]), "erratum:bass")
    )
    table = check_claims(faulty, make_job(page), CLAIMS)
    first = table[(table["claim"] == "C1") & table["papers_data"]].iloc[0]
    assert (first["n"], first["marks"]) == (N - 2, "")


def test_the_same_scores_give_the_same_bytes_and_the_terminal_reads_them(folder: Path) -> None:
    scores = _score("synthband")
    job = make_job(make_page(MUSDB, "synthband", "synthband", folder=folder))
    for name, rows in (("one", scores), ("two", scores[::-1])):
        write_scores(folder / f"{name}.parquet", rows)
        write_claims(folder / f"{name}.parquet", job, folder / name)
    for suffix in (".csv", ".md", ".html"):
        one, two = (folder / f"{name}{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    text = summarise_claims(folder / "one.csv")
    lines = [line.split() for line in text.splitlines()]
    c1 = next(words for words in lines if words[:1] == ["C1"])
    assert c1[-3:] == ["not", "run", "holds"]
    assert "says nothing about the paper" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "not checked yet" in summarise_claims(folder / "missing.csv")
