"""Each method scores higher on each of some targets than on each of the harder ones.

Paired on the tracks that contain both; where those are too few for a test, Mann and Whitney's on
all tracks, if there are enough of either. Corrected after Holm over the comparisons of the claim.
"""

import math
from dataclasses import asdict, replace

from iass.reporting.claims.claim import Claim
from iass.reporting.claims.results import Results
from iass.reporting.claims.verdict import DECIBELS, NOT_RUN, UNDECIDED, Finding, judge
from iass.statistics.holm import adjust_holm
from iass.statistics.intervals import MIN_TRACKS
from iass.statistics.paired import PairedDifference, compare_paired
from iass.statistics.unpaired import compare_unpaired


def check(claim: Claim, results: Results) -> list[Finding]:
    """Return a finding per method, target and harder target."""
    found = [
        _compare(results, method, target, harder)
        for method in map(results.find_method, claim.methods)
        for target in claim.targets
        for harder in claim.harder
    ]
    corrected = adjust_holm([finding.p for finding in found])
    return [_judge(*each) for each in zip(found, corrected, strict=True)]


def _compare(results: Results, method: str, target: str, harder: str) -> Finding:
    found = Finding(NOT_RUN, method, method, f"{target} - {harder}")
    first, second = (results.get_values(method, name) for name in (target, harder))
    for values, name in ((first, target), (second, harder)):
        if values.empty:
            return replace(found, note=f"{method} has no score on {name}")
    found = replace(found, verdict=UNDECIDED, unit=DECIBELS)
    found = replace(found, marks=results.mark([method], [target, harder]))
    shared = first.index.intersection(second.index)
    if len(shared) >= MIN_TRACKS:
        return _fill(found, compare_paired(first[shared], second[shared]))
    shift = compare_unpaired(first, second)
    note = f"not paired: {len(first)} and {len(second)} tracks, {len(shared)} with both"
    found = replace(found, n=min(len(first), len(second)), note=note, **asdict(shift))
    return found if found.n >= MIN_TRACKS else replace(found, p=math.nan)


def _fill(found: Finding, pair: PairedDifference) -> Finding:
    return replace(
        found,
        n=pair.tracks,
        estimate=pair.difference,
        low=pair.low,
        high=pair.high,
        p=pair.p,
        note=pair.note,
    )


def _judge(found: Finding, p_corrected: float) -> Finding:
    if found.verdict == NOT_RUN:
        return found
    return replace(
        found, verdict=judge(found.estimate, p_corrected), p_corrected=float(p_corrected)
    )
