"""What is wrong with single songs of a set, told together: one mends them all, not one per run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from iass.foundation.card import Tools
from iass.foundation.errors import DiskFullError, UserError

S = TypeVar("S")
T = TypeVar("T")

_LISTED = 5  # faults in a sentence before the rest is counted


def refuse_faults(where: str, faults: Sequence[str], songs: int, remedy: str = "") -> None:
    """UserError with the first of the faults and their count among `songs`, if there are any.

    A fault is a clause that names its song; `remedy` says what to do where the clauses do not.
    """
    if not faults:
        return
    more = [f"and {len(faults) - _LISTED} more"] if len(faults) > _LISTED else []
    clauses = [*faults[:_LISTED], *more, *([remedy] if remedy else [])]
    count = f"{len(faults)} of {songs} songs cannot be used"
    raise UserError(f"{where}: {count}: {'; '.join(clauses)}.")


def make_all(tools: Tools, function: Callable[[S], T], songs: Sequence[S], what: str) -> list[T]:
    """Return `function` of each song, in order, as tools.run_parallel does.

    A song's UserError does not keep the others from being made; then one UserError tells of all. A
    full disk ends it at once.
    """
    results = tools.run_parallel(_Attempt(function), songs, what)
    failed = [result for result in results if isinstance(result, UserError)]
    if len(failed) == 1:
        raise failed[0]
    refuse_faults(what, [str(error).rstrip(".") for error in failed], len(songs))
    return [result for result in results if not isinstance(result, UserError)]


@dataclass(frozen=True)
class _Attempt(Generic[S, T]):
    """A function that returns its UserError; picklable."""

    function: Callable[[S], T]

    def __call__(self, item: S) -> T | UserError:
        try:
            return self.function(item)
        except DiskFullError:
            raise
        except UserError as error:
            return error
