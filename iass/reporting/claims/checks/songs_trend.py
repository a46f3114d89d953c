"""The median SDR of each method rises with the number of training songs that hold the target.

Spearman's correlation over targets, one-sided, by all permutations; corrected after Holm over the
methods. With six targets a correlation below 0.83 is never shown.
"""

from dataclasses import replace

from iass.reporting.claims.claim import Claim
from iass.reporting.claims.results import Results
from iass.reporting.claims.verdict import CORRELATION, NOT_RUN, Finding, NotRunError, judge
from iass.statistics.holm import adjust_holm
from iass.statistics.trend import Trend, correlate_points


def check(claim: Claim, results: Results) -> list[Finding]:
    """Return a finding per method; n counts targets."""
    songs = results.count_training_songs()
    targets = [target for target in claim.targets if target in songs]
    methods = [results.find_method(role) for role in claim.methods]
    if not any(songs.values()):
        raise NotRunError("nothing is trained")
    trends = [_correlate(method, targets, songs, results) for method in methods]
    rising = adjust_holm([trend.p_rising for trend in trends])
    falling = adjust_holm([trend.p_falling for trend in trends])
    told = ", ".join(f"{target} {songs[target]}" for target in targets)
    found = [
        Finding(
            judge(trend.correlation, min(up, down)),
            first=method,
            n=trend.n,
            estimate=trend.correlation,
            unit=CORRELATION,
            p=trend.p_rising,
            p_corrected=float(up),
            marks=results.mark([method], targets),
            note="; ".join(filter(None, [f"training songs: {told}", trend.note])),
        )
        for method, trend, up, down in zip(methods, trends, rising, falling, strict=True)
    ]
    return [finding if finding.n else replace(finding, verdict=NOT_RUN) for finding in found]


def _correlate(method: str, targets: list[str], songs: dict[str, int], results: Results) -> Trend:
    medians = [results.get_values(method, target).median() for target in targets]
    return correlate_points([songs[target] for target in targets], medians)
