"""Every verdict of every test, on results whose verdict is known."""

from pathlib import Path

import numpy as np
import pytest
from claim_results import (
    add,
    find_claim,
    make_page,
    make_results,
    spread,
    write_shares,
    write_songs,
)

from iass.reporting.claims.checks import (
    activity_trend,
    better,
    easier,
    equal,
    songs_trend,
)
from iass.reporting.claims.verdict import (
    FAILS,
    HOLDS,
    NOT_RUN,
    PARTLY,
    UNDECIDED,
    Finding,
    NotRunError,
    combine,
)
from iass.statistics.paired import compare_paired

N = 12
SONGS = spread(N, scale=3.0, seed=9)  # songs differ far more than methods do
SIX = ["vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano"]


def _differ(by_db: float, tracks: int = N, noise_db: float = 0.1, target: str = "vocals"):
    """Return results in which IASS is better than Open-Unmix by so much."""
    base = SONGS[:tracks]
    iass = add(base, by_db, spread(tracks, scale=noise_db))
    return make_results({("open_unmix", target): base, ("iass", target): iass})


@pytest.mark.parametrize(
    ("by_db", "tracks", "verdict"),
    [(0.6, N, HOLDS), (-0.6, N, FAILS), (0.6, 5, UNDECIDED), (0.01, N, UNDECIDED)],
)
def test_better_needs_a_difference_that_is_shown(by_db, tracks, verdict):
    (found,) = better.check(find_claim("C1"), _differ(by_db, tracks))
    assert found.verdict == verdict
    assert (found.first, found.second, found.target, found.n) == (
        "iass", "open_unmix", "vocals", tracks,
    )  # fmt: skip
    assert found.estimate == pytest.approx(by_db, abs=0.1)
    assert tracks == 5 or found.low < found.estimate < found.high


def test_worse_is_better_turned_round_with_interval_and_size():
    results = _differ(-0.6, target="bass")
    (found,) = better.check(find_claim("C4"), results)
    pair = compare_paired(
        results.get_values("open_unmix", "bass"), results.get_values("iass", "bass")
    )
    assert found.verdict == HOLDS
    assert (found.estimate, found.low, found.high, found.p) == pytest.approx(
        (pair.difference, pair.low, pair.high, pair.p)
    )
    assert found.low < found.estimate < found.high


def test_the_corrected_p_counts_every_pair_and_target_of_the_experiment():
    one = _differ(0.6)
    both = {
        (method, target): add(SONGS, level, spread(N, seed=level))
        for target in ("vocals", "drums")
        for level, method in enumerate(("input_mixture", "open_unmix", "iass", "ibm"))
    }
    (alone,) = better.check(find_claim("C1"), one)
    (among,) = better.check(find_claim("C1"), make_results(both))
    assert alone.p == among.p == 2 / 2**N
    assert alone.p_corrected == pytest.approx(alone.p)  # the bounds were not run: one test
    assert among.p_corrected == pytest.approx(12 * among.p)  # six pairs, two targets


def test_a_track_without_a_score_is_left_out_and_told():
    values = add(SONGS, 0.6, spread(N))
    values[3] = np.nan
    results = make_results({("open_unmix", "vocals"): SONGS, ("iass", "vocals"): values})
    (found,) = better.check(find_claim("C1"), results)
    assert (found.verdict, found.n) == (HOLDS, N - 1)
    assert "left out" in found.note


def test_a_missing_target_or_score_is_not_run():
    (found,) = better.check(find_claim("C2"), _differ(0.6))
    assert (found.verdict, found.note) == (NOT_RUN, "iass has no score on drums")
    nothing = {("open_unmix", "vocals"): SONGS, ("iass", "vocals"): [np.nan] * N}
    (found,) = better.check(find_claim("C1"), make_results(nothing))
    assert (found.verdict, found.note) == (NOT_RUN, "iass has no score on vocals")


def test_a_missing_method_is_not_run_and_says_which():
    page = make_page(["vocals"], methods=["open_unmix", "ibm"])
    results = make_results({("open_unmix", "vocals"): SONGS}, page)
    with pytest.raises(NotRunError, match=r"no method of module iass with gate: hard"):
        better.check(find_claim("C1"), results)


def test_bounds_are_above_and_below_every_system_on_every_target():
    levels = {"input_mixture": -5.0, "open_unmix": 4.0, "iass": 5.0, "ibm": 9.0}
    values = {
        (method, target): add(SONGS, level, spread(N, seed=number))
        for number, (method, level) in enumerate(levels.items())
        for target in ("vocals", "drums")
    }
    found = better.check(find_claim("C7"), make_results(values))
    assert len(found) == 8
    assert {finding.verdict for finding in found} == {HOLDS}
    values["ibm", "drums"] = add(SONGS, 3.0, spread(N))  # as UMX does to IBM1 on bass
    found = better.check(find_claim("C7"), make_results(values))
    assert [f.verdict for f in found].count(FAILS) == 2
    assert combine(found) == FAILS


@pytest.mark.parametrize(
    ("by_db", "noise_db", "verdict"),
    [
        (0.05, 0.1, HOLDS),
        (0.3, 0.05, HOLDS),  # different, but by less than the margin
        (0.9, 0.1, FAILS),
        (0.3, 3.0, UNDECIDED),
    ],
)
def test_equal_needs_the_margin_to_be_kept(by_db, noise_db, verdict):
    (found,) = equal.check(find_claim("C3"), _differ(by_db, noise_db=noise_db, target="other"))
    assert found.verdict == verdict


def test_equal_takes_the_margin_of_the_config_and_gives_its_own_p():
    values = {("open_unmix", "other"): SONGS, ("iass", "other"): add(SONGS, 0.3, spread(N))}
    (wide,) = equal.check(find_claim("C3"), make_results(values, margin_db=0.5))
    (narrow,) = equal.check(find_claim("C3"), make_results(values, margin_db=0.1))
    assert (wide.verdict, narrow.verdict) == (HOLDS, FAILS)
    assert wide.p == pytest.approx(1 / 2**N)  # all differences on the same side of both margins
    assert wide.note == f"p of a difference: {2 / 2**N:.2g}"
    assert narrow.p == narrow.p_corrected == 2 / 2**N  # the difference is what decided
    assert narrow.note == "p of being equal: 1"


def test_equal_is_not_tested_on_fewer_tracks_than_any_test_takes():
    near = {"noise_db": 0.01, "target": "other"}
    (few,) = equal.check(find_claim("C3"), _differ(0.05, tracks=5, **near))
    assert (few.verdict, few.n) == (UNDECIDED, 5)
    assert np.isnan([few.p, few.p_corrected]).all()
    assert few.note.startswith("fewer than 6 tracks")
    assert "nan" not in few.note
    (enough,) = equal.check(find_claim("C3"), _differ(0.05, tracks=6, **near))
    assert (enough.verdict, enough.p) == (HOLDS, pytest.approx(1 / 2**6))


def test_equal_without_scores_is_not_run():
    (found,) = equal.check(find_claim("C3"), _differ(0.1))
    assert found.verdict == NOT_RUN


def _level(levels: dict[str, float], tracks: int = N) -> dict[tuple[str, str], list[float]]:
    return {
        (method, target): add(SONGS[:tracks], level, spread(tracks, seed=number))
        for method in ("open_unmix", "iass")
        for number, (target, level) in enumerate(levels.items())
    }


def test_easier_targets_are_compared_on_the_songs_that_have_both():
    values = _level({"drums": 6.0, "bass": 6.0, "vocals": 6.0} | dict.fromkeys(SIX[3:], 2.0))
    found = easier.check(find_claim("C6"), make_results(values))
    assert len(found) == 18
    assert {(finding.verdict, finding.n, finding.note) for finding in found} == {(HOLDS, N, "")}
    assert found[0].target == "drums - electric_guitar"
    assert found[0].p_corrected == pytest.approx(18 * found[0].p)


def test_easier_fails_where_one_target_is_harder_than_claimed():
    levels = {"drums": 6.0, "bass": -6.0, "vocals": 6.0} | dict.fromkeys(SIX[3:], 2.0)
    found = easier.check(find_claim("C6"), make_results(_level(levels)))
    assert {f.verdict for f in found if f.target.startswith("bass")} == {FAILS}
    assert combine(found) == FAILS


def test_easier_takes_all_songs_where_too_few_have_both_targets():
    nan = [np.nan] * N
    values = {
        (method, target): [*numbers, *nan] if target in SIX[:3] else [*nan, *numbers]
        for (method, target), numbers in _level(dict.fromkeys(SIX, 0.0)).items()
    }
    for method in ("open_unmix", "iass"):
        values[method, "drums"] = [*spread(N, 50.0, scale=1.0), *nan]
    found = easier.check(find_claim("C6"), make_results(values))
    drums = [finding for finding in found if finding.target.startswith("drums")]
    assert {finding.verdict for finding in drums} == {HOLDS}
    assert drums[0].note == "not paired: 12 and 12 tracks, 0 with both"
    assert drums[0].estimate == pytest.approx(50, abs=3)
    others = [finding for finding in found if not finding.target.startswith("drums")]
    assert {finding.verdict for finding in others} == {UNDECIDED}


def test_easier_without_one_of_the_targets_holds_where_it_was_run():
    levels = {"drums": 6.0, "bass": 6.0, "vocals": 6.0, "piano": 2.0}
    found = easier.check(find_claim("C6"), make_results(_level(levels)))
    assert {finding.verdict for finding in found} == {HOLDS, NOT_RUN}
    assert combine(found) == PARTLY


def test_easier_is_not_tested_on_fewer_songs_of_a_target_than_any_test_takes():
    def compare(songs: int) -> Finding:
        drums, piano = [*spread(N, 50.0), *[np.nan] * songs], [*[np.nan] * N, *spread(songs)]
        values = {("iass", "drums"): drums, ("iass", "piano"): piano}
        claim = find_claim("C6", methods=["iass"], targets=["drums"], harder=["piano"])
        (found,) = easier.check(claim, make_results(values))
        return found

    few, enough = compare(5), compare(6)
    assert (few.verdict, few.n, few.unit) == (UNDECIDED, 5, "dB")
    assert np.isnan([few.p, few.p_corrected]).all()
    assert few.note == "not paired: 12 and 5 tracks, 0 with both"
    assert (enough.verdict, enough.n) == (HOLDS, 6)


@pytest.mark.parametrize(("slope", "verdict"), [(-4.0, HOLDS), (4.0, FAILS), (0.0, UNDECIDED)])
def test_the_gain_of_the_gate_is_held_against_the_share_of_playing(
    tmp_path: Path, slope: float, verdict: str
) -> None:
    shares = np.linspace(0.2, 0.9, N)
    gains = slope * shares + np.array(spread(N, scale=0.2))
    values = {
        ("iass", "vocals"): add(SONGS, gains),
        ("ungated", "vocals"): SONGS,
        ("iass", "bass"): [np.nan] * N,
        ("ungated", "bass"): SONGS,
    }
    page = make_page(["vocals", "bass"], methods=["iass", "ungated"], folder=tmp_path)
    write_shares(tmp_path, {(f"song{n:02}", "vocals"): share for n, share in enumerate(shares)})
    (found,) = activity_trend.check(find_claim("C8"), make_results(values, page))
    assert (found.verdict, found.n) == (verdict, N)
    assert (found.first, found.second) == ("iass", "ungated")
    assert slope * found.estimate >= 0
    assert found.p == found.p_corrected
    if verdict != UNDECIDED:
        assert found.p == 1 / 2000  # of the side that decided: no resample of 1999 is beyond 0


def test_the_gain_of_the_gate_needs_a_method_without_it_and_labels_that_vary(
    tmp_path: Path,
) -> None:
    with pytest.raises(NotRunError, match=r"module iass with gate: none, trained alike"):
        activity_trend.check(find_claim("C8"), _differ(0.5))
    values = {("iass", "vocals"): SONGS, ("ungated", "vocals"): add(SONGS, spread(N))}
    page = make_page(["vocals"], methods=["iass", "ungated"], folder=tmp_path)
    write_shares(tmp_path, {(f"song{n:02}", "vocals"): 1.0 for n in range(N)})
    (found,) = activity_trend.check(find_claim("C8"), make_results(values, page))
    assert found.verdict == UNDECIDED
    assert "do not vary" in found.note
    values["ungated", "vocals"] = [np.nan] * N
    (found,) = activity_trend.check(find_claim("C8"), make_results(values, page))
    assert found.verdict == NOT_RUN


def _train(folder: Path, *counts: int) -> None:
    write_songs(
        folder,
        {
            f"s{song}": [t for t, count in zip(SIX, counts, strict=True) if song < count]
            for song in range(max(counts))
        },
    )


@pytest.mark.parametrize(
    ("levels", "verdict", "correlation"),
    [
        ((6, 5, 4, 3, 2, 1), HOLDS, 1.0),
        ((1, 2, 3, 4, 5, 6), FAILS, -1.0),
        ((6, 1, 4, 3, 2, 5), UNDECIDED, 0.0857),  # sum of squared rank differences: 32
    ],
)
def test_more_training_songs_go_with_higher_medians(
    tmp_path: Path, levels: tuple[int, ...], verdict: str, correlation: float
) -> None:
    _train(tmp_path, 60, 50, 40, 30, 20, 10)
    values = _level(dict(zip(SIX, map(float, levels), strict=True)))
    page = make_page(SIX, folder=tmp_path)
    found = songs_trend.check(find_claim("C9"), make_results(values, page))
    assert [(f.verdict, f.n) for f in found] == [(verdict, 6)] * 2
    assert found[0].estimate == pytest.approx(correlation, abs=1e-3)
    assert "vocals 60, drums 50" in found[0].note
    if verdict != UNDECIDED:  # of the side that decided: one order of 720 is as extreme
        assert [(f.p, f.p_corrected) for f in found] == [
            (pytest.approx(1 / 720), pytest.approx(2 / 720))
        ] * 2


def test_four_targets_or_equal_numbers_of_songs_decide_nothing(tmp_path: Path) -> None:
    page = make_page(SIX[:3], folder=tmp_path)
    _train(tmp_path, 60, 50, 40, 0, 0, 0)
    values = _level({"vocals": 6.0, "drums": 5.0, "bass": 4.0})
    found = songs_trend.check(find_claim("C9"), make_results(values, page))
    assert [(f.verdict, f.n, f.p) for f in found] == [(UNDECIDED, 3, pytest.approx(1 / 6))] * 2
    _train(tmp_path, 9, 9, 9, 0, 0, 0)
    found = songs_trend.check(find_claim("C9"), make_results(values, page))
    assert {finding.verdict for finding in found} == {UNDECIDED}


def test_without_training_there_is_no_number_of_songs(tmp_path: Path) -> None:
    write_songs(tmp_path, {})
    page = make_page(SIX, folder=tmp_path)
    with pytest.raises(NotRunError, match="nothing is trained"):
        songs_trend.check(find_claim("C9"), make_results(_level({"vocals": 1.0}), page))


def test_a_claim_holds_where_all_comparisons_do_and_fails_with_any():
    def verdicts(*names: str) -> str:
        return combine([Finding(name) for name in names])

    assert verdicts(HOLDS, HOLDS) == HOLDS
    assert verdicts(HOLDS, FAILS, NOT_RUN) == FAILS
    assert verdicts(HOLDS, UNDECIDED) == UNDECIDED
    assert verdicts(HOLDS, NOT_RUN, HOLDS) == PARTLY
    assert verdicts(HOLDS, UNDECIDED, NOT_RUN) == verdicts(UNDECIDED, NOT_RUN) == UNDECIDED
    assert verdicts(NOT_RUN, NOT_RUN) == verdicts() == NOT_RUN
