"""What a test finds, and what several findings say together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from iass.statistics.paired import ALPHA

HOLDS, FAILS, UNDECIDED, NOT_RUN = "holds", "fails", "undecided at this n", "not run"
PARTLY = "holds where run"  # of a claim: some of its comparisons could not be made
DECIBELS, CORRELATION = "dB", "rank correlation"


class NotRunError(Exception):
    """A claim cannot be checked on these results; its text is the reason."""


@dataclass(frozen=True)
class Finding:
    """One comparison: `n` of tracks or targets, the estimate with its interval, p and verdict.

    `estimate` is in `unit`; of a difference it is first - second. `p_corrected` is what the verdict
    rests on. What is undefined is NaN, and `note` says why. `marks` says what else the number rests
    on (HEARD, FAULTY).
    """

    verdict: str
    first: str = ""
    second: str = ""
    target: str = ""
    n: int = 0
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    p: float = math.nan
    p_corrected: float = math.nan
    marks: str = ""
    note: str = ""


def judge(estimate: float, p_corrected: float) -> str:
    """Return whether an estimate is shown, as claimed (above 0) or the opposite, or not shown."""
    if not p_corrected <= ALPHA:  # also for NaN
        return UNDECIDED
    return HOLDS if estimate > 0 else FAILS


def combine(findings: Sequence[Finding]) -> str:
    """Return the verdict on a claim: it fails with any comparison and holds where all do.

    PARTLY, where all that were made hold and others were not made.
    """
    verdicts = {finding.verdict for finding in findings} or {NOT_RUN}
    for decisive in (FAILS, UNDECIDED):
        if decisive in verdicts:
            return decisive
    return verdicts.pop() if len(verdicts) == 1 else PARTLY
