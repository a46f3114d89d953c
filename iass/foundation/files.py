"""Atomic file writing, hashing and strict JSON."""

import errno
import fcntl
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from iass.foundation.errors import DiskFullError, UserError

_HASH_BLOCK = 1 << 20  # bytes read at a time
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def replace_file(path: Path, suffix: str | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place only if the block succeeds.

    A killed process leaves the old file as it was, and the temporary one, which the next writer of
    `path` removes. That has the suffix of `path` where none is given, for writers that look at it.
    DiskFullError if there is no room.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _make_temporary(path, path.suffix if suffix is None else suffix) as temporary:
            yield temporary
            temporary.chmod(0o644)  # mkstemp makes private files; results are meant to be shared
            temporary.replace(path)
    except OSError as error:
        if not is_full(error):
            raise
        raise DiskFullError(
            f"{path} cannot be written ({os.strerror(error.errno or 0)}); make room on its disk "
            "and run again."
        ) from None


def is_full(error: OSError) -> bool:
    """Return whether this is the complaint of a full disk, of a quota or of a file-size limit."""
    return error.errno in _NO_ROOM


@contextmanager
def _make_temporary(path: Path, suffix: str) -> Iterator[Path]:
    """Yield a new hidden file beside `path`, locked as long as its writer lives."""
    prefix = f".writing-{hash_text(path.name)[:8]}-"  # a name as long as `path`'s may be too long
    _remove_leftovers(path.parent, prefix)
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=path.parent)
    temporary = Path(name)
    try:
        _try_lock(handle)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what killed writers of a file left; what another user left stays."""
    for leftover in folder.glob(f"{prefix}*"):
        with suppress(OSError), leftover.open("rb+") as stream:
            if _try_lock(stream.fileno()):
                leftover.unlink()


def _try_lock(handle: int) -> bool:
    """Lock a file until it is closed; False if a process has it, or the disk knows no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically; what a killed writer leaves matches no *.json."""
    with replace_file(path, suffix="") as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path` atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON (NaN and infinities become null) with sorted keys, atomically."""
    text = json.dumps(_finite(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; UserError names the file when it is missing or is not JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the step that writes it first.") from None
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}); delete it and run again.") from None


def hash_file(path: Path) -> str:
    """Return the sha256 of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def hash_text(text: str) -> str:
    """Return the sha256 of a text as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
