"""Too little memory, of a GPU or of the machine, as a sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from iass.foundation.errors import UserError

_SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "_ALLOC_FAILED")
_GPU = re.compile("CUDA|CUDNN|CUBLAS|HIP")
_AMOUNT = re.compile(r"allocate ([\d.]+ (?:bytes|[KMGTPE]iB))")


@contextmanager
def explain_shortage(what: str, advice: str) -> Iterator[None]:
    """UserError with the `advice` if the block, which is `what`, needs more memory than there is.

    Python and numpy then raise a MemoryError; torch a RuntimeError, which only its text tells from
    others.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error)
        if isinstance(error, RuntimeError) and not any(sign in text for sign in _SIGNS):
            raise
        device = "the GPU" if _GPU.search(text) else "this machine"
        amount = _AMOUNT.search(text)
        asked = f" (it asked for {amount[1]} at once)" if amount else ""
        raise UserError(f"{what} needs more memory than {device} has{asked}; {advice}.") from None
