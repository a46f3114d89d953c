"""Reading zip and tar archives that nobody vouches for: which files are in them, and their bytes.

An archive is looked through whole before anything of it is used, and refused whole. Only names and
bytes are taken from it: no mode, owner, time or link of it ever reaches the disk.
"""

import copy
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

from iass.foundation.errors import UserError
from iass.foundation.progress import show_bytes

MOST_RATIO = 200  # of the files' bytes to the archive's; music packs at 1 to 5, silence at 1000
HARMLESS_BYTES = 1 << 30  # up to here no ratio is a danger: 1 GiB

_BLOCK = 1 << 20  # bytes read at a time
_LOCAL_HEADER = 30  # bytes before a zip member's name (APPNOTE.TXT 4.3.7)
_ENCRYPTED = 0x41  # flag bits 0 and 6 of a zip member (APPNOTE.TXT 4.4.4)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound
_DRIVE = re.compile("[A-Za-z]:")
_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,  # and NotImplementedError, of zipfile
    ValueError,  # and UnicodeDecodeError
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Member:
    """One file in an archive: its clean path, its size and, in a zip, its CRC-32.

    The path is relative, has no ".." and is in Unicode's normal form C.
    """

    path: PurePosixPath
    size: int
    crc32: int | None
    open: Callable[[], IO[bytes]]


@contextmanager
def open_archive(path: Path) -> Iterator[list[Member]]:
    """Yield the files in a .zip, .tar, .tar.gz or .tgz in their order, without Apple's extras.

    UserError names the archive, and the member where there is one, if it is missing, unreadable,
    cut, damaged, encrypted, or holds a path that leads out, a link, a device, a file twice, bytes
    shared between members, or far more bytes than music packs into its size.
    """
    with ExitStack() as stack:
        with _explain_damage(path):
            if path.name.lower().endswith(".zip"):
                members = _list_zip(path, stack.enter_context(zipfile.ZipFile(path)))
            else:
                members = _list_tar(path, stack)
        _check_unique(path, members)
        yield members


def read_blocks(archive: Path, member: Member) -> Iterator[bytes]:
    """Yield the bytes of a member. UserError if they are damaged, more or fewer than declared."""
    left = member.size
    with _explain_damage(archive, member), member.open() as stream:
        while block := stream.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise refuse(archive, member.path, "which holds more bytes than it declares")
            yield block
        if left > 0:
            raise refuse(archive, member.path, "which holds fewer bytes than it declares")


def refuse(archive: Path, member: PurePosixPath | str, why: str) -> UserError:
    """Return the error for a member that no honest archive has; `why` is a relative clause."""
    return UserError(
        f"{archive} holds {str(member)!r}, {why}; it was not unpacked: delete the archive and "
        "download it again from its publisher."
    )


def _list_zip(archive: Path, opened: zipfile.ZipFile) -> list[Member]:
    _check_overlap(archive, opened)
    members = []
    for info in opened.infolist():
        name = _decode_zip_name(info)
        if not info.is_dir() and not _is_extra(name):
            path = _clean_path(archive, name)
            _check_zip_member(archive, info)
            members.append(Member(path, info.file_size, info.CRC, _open_zip_member(opened, info)))
    _check_total(archive, sum(member.size for member in members))
    return members


def _open_zip_member(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    """Allow one byte more than declared: zipfile cuts there, and the excess would go unseen."""
    longer = copy.copy(info)
    longer.file_size += 1
    return partial(opened.open, longer)


def _decode_zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name as it was meant: macOS writes UTF-8 without the flag that says so."""
    if info.flag_bits & 0x800 or "\0" in info.orig_filename:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeDecodeError:
        return info.orig_filename


def _check_zip_member(archive: Path, info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise refuse(archive, info.filename, "which is a link or a device")
    if info.flag_bits & _ENCRYPTED:
        raise _cannot_unpack(archive, info.filename, "is encrypted")
    if info.compress_type not in _PACKINGS:
        raise _cannot_unpack(archive, info.filename, f"is packed by method {info.compress_type}")


def _check_overlap(archive: Path, opened: zipfile.ZipFile) -> None:
    """Refuse members that share bytes: that is how a small zip swells beyond any ratio."""
    infos = sorted(opened.infolist(), key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in infos[1:]), opened.start_dir]
    for info, end in zip(infos, ends, strict=False):  # an empty zip still has its directory
        if info.header_offset + _LOCAL_HEADER + info.compress_size > end:
            raise refuse(archive, info.filename, "whose bytes reach into the next member")


def _list_tar(archive: Path, stack: ExitStack) -> list[Member]:
    """List a tar in one pass to its very end, where gzip's checksum of it all stands."""
    stream = stack.enter_context(archive.open("rb"))
    tar = stack.enter_context(_open_tar(archive, stream))
    members, total = [], 0
    with show_bytes(f"{archive.name}: checking", archive.stat().st_size) as advance:
        seen = 0
        for info in tar:
            advance(stream.tell() - seen)
            seen = stream.tell()
            total += info.size
            _check_total(archive, total)
            if not info.isdir() and not _is_extra(info.name):
                members.append(_describe_tar_member(archive, tar, info))
        _check_end(tar)
    return members


def _open_tar(archive: Path, stream: IO[bytes]) -> tarfile.TarFile:
    suffix = archive.suffix.lower()
    if suffix == ".tar":
        return tarfile.open(fileobj=stream, mode="r:")
    if suffix in (".gz", ".tgz"):
        return tarfile.open(fileobj=stream, mode="r:gz")
    raise UserError(
        f"{archive} is neither a .zip nor a .tar.gz; unpack it by hand and give the folder."
    )


def _describe_tar_member(archive: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    path = _clean_path(archive, _decode_tar_name(info.name))
    if not info.isreg() or info.issparse():
        raise refuse(archive, path, "which is a link, a device or a sparse file")
    return Member(path, info.size, None, partial(_open_tar_member, tar, info))


def _open_tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return cast(IO[bytes], tar.extractfile(info))  # None only for what is no file


def _decode_tar_name(name: str) -> str:
    """Return the name without the surrogates that stand for bytes that are not UTF-8."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _check_end(tar: tarfile.TarFile) -> None:
    """A tar ends with blocks of zeros; a cut or broken one just ends, and tarfile keeps silent."""
    stream = cast(IO[bytes], tar.fileobj)
    header = stream.tell() - tar.offset
    rest = sum(_count_zeros(block) for block in iter(partial(stream.read, _BLOCK), b""))
    if header < tarfile.BLOCKSIZE or rest < tarfile.BLOCKSIZE:
        raise tarfile.ReadError("its end is missing")


def _count_zeros(block: bytes) -> int:
    if any(block):
        raise tarfile.ReadError("a member's header is broken")
    return len(block)


def _clean_path(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(unicodedata.normalize("NFC", name))
    foreign = "\\" in name or "\0" in name or _DRIVE.match(name)
    if foreign or path.is_absolute() or ".." in path.parts or not path.parts:
        raise refuse(archive, name, "a path that leads out of the folder or is none")
    return path


def _is_extra(name: str) -> bool:
    """Say whether this is one of the files that macOS adds."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name == ".DS_Store" or path.name.startswith("._")


def _check_unique(archive: Path, members: Sequence[Member]) -> None:
    seen = set()
    for member in members:
        if member.path in seen:
            raise refuse(archive, member.path, "and holds it twice")
        seen.add(member.path)


def _check_total(archive: Path, total: int) -> None:
    size = archive.stat().st_size
    if total > max(HARMLESS_BYTES, MOST_RATIO * size):
        raise UserError(
            f"{archive} has {size} bytes and declares more than {total - 1} unpacked, which no "
            "music does; it was not unpacked: delete it and download it again from its publisher."
        )


def _cannot_unpack(archive: Path, member: str, why: str) -> UserError:
    return UserError(
        f"{archive}: {member!r} {why}, which cannot be unpacked here; unpack the archive by hand "
        "with another program and give the folder."
    )


@contextmanager
def _explain_damage(archive: Path, member: Member | None = None) -> Iterator[None]:
    where = f"{archive}" if member is None else f"{archive}, '{member.path}',"
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{archive} does not exist; download it first.") from None
    except PermissionError as error:
        raise UserError(
            f"{archive} cannot be opened ({error.strerror}); allow this user to read it."
        ) from None
    except _DAMAGE as error:
        reason = next(iter(str(error).splitlines()), "it ends too early")
        raise UserError(
            f"{where} is cut or damaged ({reason}); delete the archive and download it again."
        ) from None
