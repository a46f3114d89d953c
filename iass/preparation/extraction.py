"""Unpacking an archive so that every file is whole or absent, whenever the process is killed."""

import stat
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file, write_text
from iass.foundation.progress import show_bytes
from iass.preparation.archives import Member, open_archive, read_blocks, refuse
from iass.preparation.transfer import check_space

RECEIPT_EVERY_S = 5.0  # s between the receipts of an unfinished extraction

Wanted = Callable[[PurePosixPath], PurePosixPath | None]
"""From a member's path to its relative path in the target folder; None drops the member."""

_BLOCK = 1 << 20  # bytes read at a time
_OURS = (".extracted-", ".unpacking.lock", ".writing-")  # names that no member may take


class Entry(BaseModel):
    """One member: where it goes (null: dropped), its size, and the CRC-32 of what is on disk."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    member: str
    target: str | None
    bytes: int
    crc32: int | None


class Receipt(BaseModel):
    """What was unpacked from which archive: `.extracted-<archive>.json` in the target folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_version: Literal[1] = 1
    bytes: int
    modified_ns: int
    checksum: str
    complete: bool
    members: list[Entry]


def extract_archive(archive: Path, folder: Path, wanted: Wanted, checksum: str = "") -> list[Path]:
    """Unpack the wanted files of a .zip, .tar, .tar.gz or .tgz into `folder`; return their paths.

    `checksum` is that of the archive, if the caller knows it; else an archive of another size or
    time is another archive. A finished extraction is known by its receipt, in milliseconds and even
    without the archive. An interrupted one goes on: a file of the right size and CRC-32 is not
    written again (a tar has no CRC-32: what was written after the last receipt is written again).
    One process works at a time, others wait for it.

    UserError names the archive, the member and what to do if `open_archive` refuses the archive, a
    target leads out of `folder` or is taken, the disk has too little room, or a write fails.
    """
    job = _Job(archive, folder, wanted, checksum)
    unpacked = _find_unpacked(job)
    if unpacked is not None:
        return unpacked
    try:
        with _lock(job):
            unpacked = _find_unpacked(job)  # by the process that was waited for
            return _unpack(job) if unpacked is None else unpacked
    except OSError as error:
        raise UserError(
            f"{archive}: {error.filename or folder} cannot be written ({error.strerror or error}); "
            "change the folder's permissions and run again: what is finished stays."
        ) from None


@dataclass(frozen=True)
class _Job:
    archive: Path
    folder: Path
    wanted: Wanted
    checksum: str

    @property
    def receipt(self) -> Path:
        return self.folder / f".extracted-{self.archive.name}.json"


@dataclass(frozen=True)
class _Plan:
    """The members of an archive, and where those that are wanted go, by their path in it."""

    job: _Job
    members: list[Member]
    places: dict[PurePosixPath, Path]

    @property
    def wanted(self) -> list[tuple[Member, Path]]:
        return [(m, self.places[m.path]) for m in self.members if m.path in self.places]


def _find_unpacked(job: _Job) -> list[Path] | None:
    """Return the files of a finished extraction, if its receipt and their sizes prove it."""
    receipt = _read_receipt(job)
    if receipt is None or not receipt.complete:
        return None
    for entry in receipt.members:
        target = job.wanted(PurePosixPath(entry.member))
        if entry.target != (None if target is None else str(target)):
            return None
    files = {job.folder / entry.target: entry.bytes for entry in receipt.members if entry.target}
    return list(files) if all(_has_size(path, size) for path, size in files.items()) else None


def _read_receipt(job: _Job) -> Receipt | None:
    """Return the receipt if it is of this very archive, or if the archive is gone."""
    try:
        receipt = Receipt.model_validate_json(job.receipt.read_bytes())
        return receipt if _is_of(receipt, job) else None
    except (OSError, ValidationError):
        return None


def _is_of(receipt: Receipt, job: _Job) -> bool:
    """Compare checksums where there is one, and else what the disk says of the archive."""
    if job.checksum:
        return receipt.checksum == job.checksum
    recorded = (receipt.bytes, receipt.modified_ns)
    return not job.archive.exists() or recorded == _stat_archive(job.archive)


def _stat_archive(archive: Path) -> tuple[int, int]:
    status = archive.stat()
    return status.st_size, status.st_mtime_ns


@contextmanager
def _lock(job: _Job) -> Iterator[None]:
    """Wait until no other process unpacks into this folder; a killed one holds no lock."""
    job.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(job.folder / ".unpacking.lock"):
        yield


def _unpack(job: _Job) -> list[Path]:
    with open_archive(job.archive) as members:
        plan = _Plan(job, members, _place_members(job, members))
        check_space(job.folder, _count_missing(plan), f"{job.archive.name}, unpacked,")
        _write_receipt(plan, _write_files(plan), complete=True)
    return list(plan.places.values())


def _place_members(job: _Job, members: list[Member]) -> dict[PurePosixPath, Path]:
    places: dict[PurePosixPath, Path] = {}
    takers: dict[Path, PurePosixPath] = {}
    for member in members:
        target = job.wanted(member.path)
        if target is not None:
            path = _place_member(job, member, target)
            if path in takers:
                raise refuse(job.archive, member.path, f"which goes where '{takers[path]}' goes")
            takers[path] = member.path
            places[member.path] = path
    return places


def _place_member(job: _Job, member: Member, target: PurePosixPath) -> Path:
    path = job.folder / target
    inside = path.resolve().is_relative_to(job.folder.resolve())  # also through links on disk
    if ".." in target.parts or not inside:
        raise refuse(job.archive, member.path, f"whose place {path} is not in {job.folder}")
    if path.name.startswith(_OURS):
        raise refuse(job.archive, member.path, f"which would be {path}, a name kept for receipts")
    return path


def _count_missing(plan: _Plan) -> int:
    """Return the bytes that are not there yet, by size alone."""
    return sum(m.size for m, path in plan.wanted if not _has_size(path, m.size))


def _write_files(plan: _Plan) -> dict[PurePosixPath, int]:
    """Write what is not there yet; return the CRC-32 of every wanted file by member."""
    known = _find_checksums(plan)
    checksums: dict[PurePosixPath, int] = {}
    total = sum(member.size for member, _ in plan.wanted)
    noted_s = time.monotonic()
    with show_bytes(f"{plan.job.archive.name}: unpacking", total) as advance:
        for member, path in plan.wanted:
            checksum = known.get(member.path)
            if checksum is None or not _is_whole(path, member.size, checksum):
                checksums[member.path] = _write_file(plan.job, member, path, advance)
            else:
                checksums[member.path] = checksum
                advance(member.size)
            if time.monotonic() - noted_s > RECEIPT_EVERY_S:
                _write_receipt(plan, checksums, complete=False)
                noted_s = time.monotonic()
    return checksums


def _find_checksums(plan: _Plan) -> dict[PurePosixPath, int]:
    """Return the CRC-32 that files must have: the archive's own, or that of an earlier receipt."""
    receipt = _read_receipt(plan.job)
    entries = [] if receipt is None else receipt.members
    noted = {PurePosixPath(e.member): e.crc32 for e in entries if e.crc32 is not None}
    own = {member.path: member.crc32 for member in plan.members if member.crc32 is not None}
    return noted | own


def _write_file(job: _Job, member: Member, path: Path, advance: Callable[[int], None]) -> int:
    """Write one member whole, or not at all; return its CRC-32."""
    checksum = 0
    with replace_file(path, suffix="") as temporary, temporary.open("wb") as stream:
        for block in read_blocks(job.archive, member):
            stream.write(block)
            checksum = zlib.crc32(block, checksum)
            advance(len(block))
    return checksum


def _write_receipt(plan: _Plan, checksums: dict[PurePosixPath, int], complete: bool) -> None:
    size, modified_ns = _stat_archive(plan.job.archive)
    entries = [
        Entry(
            member=str(member.path),
            target=_relative(plan, member),
            bytes=member.size,
            crc32=checksums.get(member.path),
        )
        for member in plan.members
    ]
    receipt = Receipt(
        bytes=size,
        modified_ns=modified_ns,
        checksum=plan.job.checksum,
        complete=complete,
        members=entries,
    )
    write_text(plan.job.receipt, receipt.model_dump_json(indent=1))


def _relative(plan: _Plan, member: Member) -> str | None:
    path = plan.places.get(member.path)
    return None if path is None else path.relative_to(plan.job.folder).as_posix()


def _has_size(path: Path, size: int) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size


def _is_whole(path: Path, size: int, checksum: int) -> bool:
    if not _has_size(path, size):
        return False
    found = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found = zlib.crc32(block, found)
    return found == checksum
