"""Which bytes a downloaded file must have: published checksums, and a lock of those once seen."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json
from iass.foundation.progress import show_bytes

ALGORITHMS = ("sha256", "md5")
_BLOCK = 1 << 20  # bytes read at a time


class LockedFile(BaseModel):
    """Size and sha256 of a file as it was when it was first downloaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


_LOCKED_FILES = TypeAdapter(dict[str, LockedFile])


@dataclass(frozen=True)
class ChecksumLock:
    """A JSON file {name: {bytes, sha256}} that may be committed; it names no server."""

    path: Path

    def find(self, name: str) -> LockedFile | None:
        """Return what is recorded of a file. UserError if the lock is no lock."""
        return self._read().get(name)

    def record(self, name: str, seen: LockedFile) -> None:
        """Add a file; other processes may be adding theirs. UserError if it is there otherwise."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(name_mutex(self.path)):
            locked = self._read()
            if locked.setdefault(name, seen) != seen:
                raise UserError(f"{self.path} already has another checksum for {name}; run again.")
            write_json(self.path, {key: value.model_dump() for key, value in locked.items()})

    def _read(self) -> dict[str, LockedFile]:
        if not self.path.exists():
            return {}
        try:
            return _LOCKED_FILES.validate_python(read_json(self.path))
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise UserError(
                f"{self.path}: '{place}' is not {{name: {{bytes, sha256}}}}; "
                "restore the file from git or delete it."
            ) from None


class _Receipt(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    checksum: str = Field(pattern="^(sha256|md5):[0-9a-f]+$")
    bytes: int
    modified_ns: int


def hash_with(algorithm: str, path: Path) -> str:
    """Return "<algorithm>:<hexadecimal digits>" of a file; `algorithm` is one of ALGORITHMS."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file, show_bytes(f"{path.name}: checking", path.stat().st_size) as bar:
        while block := file.read(_BLOCK):
            digest.update(block)
            bar(len(block))
    return f"{algorithm}:{digest.hexdigest()}"


def is_verified(path: Path, checksum: str) -> bool:
    """Return whether `path` had this checksum once and has not changed in size or time since."""
    receipt = _read_receipt(path)
    return receipt is not None and path.is_file() and receipt == _describe(path, checksum)


def confirm_checksum(path: Path) -> str:
    """Return the checksum that a fetched file was found to have, and has now.

    It is read again only if its size or time has changed since: a copy has a new time. UserError
    if it is missing, was never compared with a checksum, or is another file now.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; fetch it with `iass data fetch`.")
    receipt = _read_receipt(path)
    if receipt is None:
        raise UserError(f"{path} was never compared with its checksum; `iass data fetch` does it.")
    if not is_verified(path, receipt.checksum):
        _compare(path, receipt)
        write_receipt(path, receipt.checksum)
    return receipt.checksum


def write_receipt(path: Path, checksum: str) -> None:
    """Remember that `path` has this checksum; where that cannot be written, it is hashed again."""
    with suppress(OSError, UserError):
        write_json(_name_receipt(path), _describe(path, checksum).model_dump())


def name_mutex(path: Path) -> Path:
    """Return the empty hidden file that processes lock while they work on `path`."""
    return path.with_name(f".{path.name}.lock")


def _compare(path: Path, receipt: _Receipt) -> None:
    algorithm = receipt.checksum.partition(":")[0]
    has_size = path.stat().st_size == receipt.bytes
    if not has_size or hash_with(algorithm, path) != receipt.checksum:
        raise UserError(
            f"{path} has changed since `iass data fetch` compared it with its checksum; move it "
            "away and fetch it again."
        )


def _read_receipt(path: Path) -> _Receipt | None:
    try:
        return _Receipt.model_validate(read_json(_name_receipt(path)))
    except (ValidationError, UserError):
        return None


def _name_receipt(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified.json")


def _describe(path: Path, checksum: str) -> _Receipt:
    found = path.stat()
    return _Receipt(checksum=checksum, bytes=found.st_size, modified_ns=found.st_mtime_ns)
