"""The gain of the first of each pair over the second falls the more of the time a target plays.

Spearman's correlation over tracks and targets, one-sided towards its own sign; the targets of a
track are resampled together. The gain is measured on all frames in which the target sounds: under
museval's mask a gate would choose its own.
"""

import pandas as pd

from iass.reporting.claims.claim import Claim
from iass.reporting.claims.results import Results
from iass.reporting.claims.verdict import CORRELATION, NOT_RUN, Finding, judge
from iass.statistics.trend import correlate_groups


def check(claim: Claim, results: Results) -> list[Finding]:
    """Return a finding per pair."""
    return [_check_pair(*pair, claim, results) for pair in results.find_pairs(claim.pairs)]


def _check_pair(first: str, second: str, claim: Claim, results: Results) -> Finding:
    targets = claim.targets or results.context.targets
    points = pd.concat([_list_points(first, second, target, results) for target in targets])
    if points.empty:
        return Finding(NOT_RUN, first, second, note="no track has a score of both")
    trend = correlate_groups(points["gain"], points["share"], points.index)
    p = trend.p_falling if trend.correlation < 0 else trend.p_rising
    return Finding(
        judge(-trend.correlation, p),
        first,
        second,
        n=trend.n,
        estimate=trend.correlation,
        low=trend.low,
        high=trend.high,
        unit=CORRELATION,
        p=p,
        p_corrected=p,
        marks=results.mark([first, second], targets),
        note=trend.note or f"{len(points)} points of {trend.n} tracks",
    )


def _list_points(first: str, second: str, target: str, results: Results) -> pd.DataFrame:
    """Return gain (dB) and share of the time (0 to 1) by track, where all is known."""
    gain = results.get_all_frames(first, target) - results.get_all_frames(second, target)
    share = results.measure_activity(target)
    return pd.DataFrame({"gain": gain, "share": share}).dropna()
