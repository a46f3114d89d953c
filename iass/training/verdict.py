"""A training that has diverged would do so again: that is kept, and the next start stops at once.

Snakemake starts a failed training three times more. One that was killed goes on; this one does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file


class DivergedError(UserError):
    """A loss or a weight is not finite: the same settings, data and code come to the same end."""


@contextmanager
def keep_verdict(path: Path) -> Iterator[None]:
    """Keep the sentence of a DivergedError in `path`; if one is there, raise it at once."""
    if path.exists():
        raise DivergedError(path.read_text("utf-8").strip())
    try:
        yield
    except DivergedError as error:
        sentence = (
            f"{error} It is not tried again with the same settings, data and code; to do so all "
            f"the same, delete {path}."
        )
        with replace_file(path) as temporary:
            temporary.write_text(f"{sentence}\n", "utf-8")
        raise DivergedError(sentence) from None
