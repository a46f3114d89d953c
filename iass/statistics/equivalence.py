"""Whether two methods are equal but for a margin.

Two one-sided tests (Schuirmann 1987) with signed ranks: a large p of an ordinary test shows
nothing; a small one here shows that the difference lies within the margin on either side.
"""

from numpy.typing import ArrayLike

from iass.statistics.paired import subtract_pairs
from iass.statistics.signed_rank import compute_p_greater


def test_equivalence(first: ArrayLike, second: ArrayLike, margin_db: float) -> float:
    """Return the p of two methods' scores (tracks,) lying less than `margin_db` (dB) apart.

    It is the larger p of the two tests; NaN without a track that has both scores. ValueError if
    the margin is not above 0 or the lengths differ.
    """
    if not margin_db > 0:
        raise ValueError(f"The margin of an equivalence test is {margin_db} dB; it must be > 0.")
    differences, _ = subtract_pairs(first, second)
    above = compute_p_greater(differences + margin_db)
    below = compute_p_greater(margin_db - differences)
    return max(above, below)
