"""What a card is handed: downloads, unpacking, the job's cores, and where its files go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

from iass.foundation import progress
from iass.foundation.card import Archive, Record, Wanted
from iass.foundation.errors import UserError
from iass.preparation.checksums import ChecksumLock, confirm_checksum
from iass.preparation.download import Source, fetch_files
from iass.preparation.extraction import extract_archive
from iass.preparation.records import find_archives, list_record, lock_files

S = TypeVar("S")
T = TypeVar("T")

CHECKSUMS = Path("config/checksums.json")


@dataclass(frozen=True)
class PreparationTools:
    """Tools for one data set with its own `folder`; archives and what is in them lie beside it.

    `checksums` is the lock file of first downloads; `mirror` the address of a laboratory's copy;
    `fetched` collects the names of the files that were asked for and came, or were there.
    """

    folder: Path
    processes: int = 1
    checksums: Path = CHECKSUMS
    mirror: str | None = None
    fetched: list[str] = field(default_factory=list)

    @property
    def archives(self) -> Path:
        """Where archives are kept, of all data sets together."""
        return self.folder.parent / "archives"

    def run_parallel(self, function: Callable[[S], T], items: Sequence[S], what: str) -> list[T]:
        """Return `function` of each item, in order, with a progress bar."""
        return progress.run_parallel(function, items, what, self.processes)

    def fetch(self, archives: Sequence[Archive], access: str) -> None:
        """Download what is not there yet, verified by checksum. UserError as in `fetch_files`."""
        sources = [Source(**vars(archive), access=access) for archive in archives]
        fetch_files(sources, self.archives, ChecksumLock(self.checksums), self.mirror)
        self.fetched.extend(archive.name for archive in archives)

    def fetch_record(self, record: Record, access: str) -> None:
        """Download all of a record; verify what was placed by hand as well. UserError as above."""
        listed = list_record(record, self.archives, self.mirror, access)
        names = {archive.name for archive in listed}
        placed = find_archives(record, self.archives)
        archives = [*listed, *(archive for archive in placed if archive.name not in names)]
        self.fetch(archives, access)
        lock_files(archives, self.archives, ChecksumLock(self.checksums))

    def list_record(self, record: Record) -> list[Archive]:
        """Return the archives in a record's folder, sorted. UserError if there are none."""
        found = find_archives(record, self.archives)
        if not found:
            raise UserError(
                f"{self.archives / record.folder} holds no archive; fetch it with "
                "`iass data fetch`, or place it there."
            )
        return found

    def locate(self, archive: Archive) -> Path:
        """Return <data_dir>/archives/<name>. UserError as in `confirm_checksum`."""
        path = self.archives / archive.name
        confirm_checksum(path)
        return path

    def unpack(self, archive: Archive, wanted: Wanted) -> Path:
        """Unpack what is wanted, once, into <data_dir>/unpacked/<name>; return that folder."""
        return self.unpack_all([archive], wanted)[0]

    def unpack_all(self, archives: Sequence[Archive], wanted: Wanted) -> list[Path]:
        """Unpack several archives, of which some may hold nothing that is wanted."""
        found = {self._place(archive): self._extract(archive, wanted) for archive in archives}
        if not any(found.values()):
            names = ", ".join(str(self.archives / archive.name) for archive in archives)
            raise UserError(f"{names}: none of the files looked for is in it; is it the set?")
        return list(found)

    def _extract(self, archive: Archive, wanted: Wanted) -> list[Path]:
        """Unpack an archive that has its checksum; one that is gone may have been unpacked."""
        path, folder = self.archives / archive.name, self._place(archive)
        is_gone = folder.exists() and not path.exists()
        return extract_archive(path, folder, wanted, "" if is_gone else confirm_checksum(path))

    def _place(self, archive: Archive) -> Path:
        return self.folder.parent / "unpacked" / _strip_suffix(archive.name)


def _strip_suffix(name: str) -> str:
    """Return the archive's path without .zip, .tar or .tar.gz; other dots in it stay."""
    path = PurePosixPath(name)
    for suffix in (".tar.gz", ".tgz", ".tar", ".zip"):
        if path.name.endswith(suffix):
            return str(path.with_name(path.name.removesuffix(suffix)))
    return name
