"""The sentence that stops a comparison whose test songs have been trained on."""

from collections.abc import Sequence

from iass.foundation.errors import UserError

Pair = tuple[str, str]
"""Track ids of one song: where it trains or validates, and where it tests."""

_LISTED = 3  # pairs in the sentence


def refuse_overlap(where: str, pairs: Sequence[Pair], all_of_them: str) -> None:
    """UserError with the count and the first of the pairs, if there are any.

    `all_of_them` says where they all are, e.g. "a.json lists all".
    """
    if not pairs:
        return
    named = "; ".join(f"'{train}' is '{test}'" for train, test in pairs[:_LISTED])
    more = ", ..." * (len(pairs) > _LISTED)
    raise UserError(
        f"{where}: {len(pairs)} song(s) of the test tracks are also trained on ({named}{more}; "
        f"{all_of_them}); "
        "train on another set, or set 'allow_overlap: true' there, which marks every result."
    )
