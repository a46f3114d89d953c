"""A disk that is full, as far as one process can bring it about."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limit_file_size(most: int) -> Iterator[None]:
    """Let no file of this process grow beyond `most` bytes: a write then fails with EFBIG."""
    usual, highest = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, highest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, highest))
