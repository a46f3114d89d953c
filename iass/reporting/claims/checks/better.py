"""The first of each pair is better than the second on each target: paired Wilcoxon test.

Corrected after Holm over all pairs of methods, targets and data sets of the experiment.
"""

from dataclasses import replace

from iass.reporting.claims.claim import Claim
from iass.reporting.claims.results import Results
from iass.reporting.claims.verdict import NOT_RUN, Finding, judge


def check(claim: Claim, results: Results) -> list[Finding]:
    """Return a finding per pair and target."""
    pairs = results.find_pairs(claim.pairs)
    targets = claim.targets or results.context.targets
    return [_judge(results.compare(*pair, target)) for pair in pairs for target in targets]


def _judge(found: Finding) -> Finding:
    if found.verdict == NOT_RUN:
        return found
    return replace(found, verdict=judge(found.estimate, found.p_corrected))
