"""The step `weights`: published weights come onto the disk, once and verified."""

from dataclasses import dataclass
from pathlib import Path

from iass.foundation.method import Pretrained
from iass.preparation.checksums import ChecksumLock, LockedFile
from iass.preparation.download import Source, fetch_files
from iass.preparation.weights import FOLDER, check_promise


@dataclass(frozen=True)
class PromiseLock(ChecksumLock):
    """A lock that records a file only if its sha256 begins as its name promises."""

    def record(self, name: str, seen: LockedFile) -> None:
        """Add a file. UserError if it breaks its promise, or is there otherwise."""
        check_promise(name, seen.sha256)
        super().record(name, seen)


def fetch_weights(
    method: Pretrained, data_dir: Path, checksums: Path, mirror: str | None = None
) -> None:
    """Download a method's archives to <data_dir>/weights, as far as they are not there.

    Where a name promises but the beginning of the sha256, the lock file `checksums` keeps all of
    it, so that no other file passes later. UserError as in `fetch_files`.
    """
    sources = [Source(**vars(archive)) for archive in method.archives.values()]
    fetch_files(sources, data_dir / FOLDER, PromiseLock(checksums), mirror)
