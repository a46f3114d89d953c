"""Both of each pair are equal on each target: two one-sided tests with a margin.

Corrected after Holm over the comparisons of the claim. It fails where a difference is shown and its
being smaller than the margin is not. Fewer than MIN_TRACKS tracks are not tested.
"""

import math
from dataclasses import replace

from iass.reporting.claims.claim import Claim
from iass.reporting.claims.results import Results
from iass.reporting.claims.verdict import FAILS, HOLDS, NOT_RUN, UNDECIDED, Finding
from iass.statistics.equivalence import test_equivalence
from iass.statistics.holm import adjust_holm
from iass.statistics.intervals import MIN_TRACKS
from iass.statistics.paired import ALPHA


def check(claim: Claim, results: Results) -> list[Finding]:
    """Return a finding per pair and target; its p are of being equal, of a difference if it fails.

    The other p is in the note.
    """
    pairs = results.find_pairs(claim.pairs)
    targets = claim.targets or results.context.targets
    found = [results.compare(*pair, target) for pair in pairs for target in targets]
    equal = [_test(finding, results) for finding in found]
    return [_judge(*each) for each in zip(found, equal, adjust_holm(equal), strict=True)]


def _test(found: Finding, results: Results) -> float:
    first = results.get_values(found.first, found.target)
    second = results.get_values(found.second, found.target)
    shared = first.index.intersection(second.index)
    if len(shared) < MIN_TRACKS:
        return math.nan
    return test_equivalence(first[shared], second[shared], results.margin_db)


def _judge(found: Finding, p: float, p_corrected: float) -> Finding:
    if found.verdict == NOT_RUN:
        return found
    if math.isnan(p_corrected):
        return replace(found, p=p, p_corrected=p_corrected)
    is_equal, is_different = p_corrected <= ALPHA, found.p_corrected <= ALPHA
    if is_different and not is_equal:
        return replace(_tell(found, "being equal", p_corrected), verdict=FAILS)
    told = _tell(found, "a difference", found.p_corrected)
    verdict = HOLDS if is_equal else UNDECIDED
    return replace(told, verdict=verdict, p=p, p_corrected=float(p_corrected))


def _tell(found: Finding, test: str, p: float) -> Finding:
    """Return the finding with the p of the other test in its note."""
    return replace(found, note="; ".join(filter(None, [f"p of {test}: {p:.2g}", found.note])))
