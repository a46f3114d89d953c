"""Zenodo's restricted records: which files they hold, as the API tells those who have access.

What it told is kept beside the files as record.json: it is asked once, and not where a mirror or a
person brings the files.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from iass.foundation.card import Archive, Record
from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json
from iass.preparation.checksums import ChecksumLock, LockedFile, hash_with, write_receipt
from iass.preparation.download import explain_disk, read_token
from iass.preparation.part import Part
from iass.preparation.transfer import USER_AGENT, Patience, RefusedError, Remote, transfer

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")

_LISTING = "record.json"
_USUAL = Patience()


class _Links(BaseModel):
    address: str = Field(alias="self")


class _File(BaseModel):
    """One file as Zenodo's API describes it; other fields do not matter."""

    key: str
    size: Annotated[int, Field(ge=0)]
    checksum: Annotated[str, Field(pattern="^md5:[0-9a-f]{32}$")]
    links: _Links


class _Answer(BaseModel):
    """Without access the API leaves `files` out, or empty (zenodo/zenodo#2003)."""

    files: list[_File] = []


_LISTED = TypeAdapter(list[Archive])


def list_record(
    record: Record, archives: Path, mirror: str | None, access: str, patience: Patience = _USUAL
) -> list[Archive]:
    """Return the files of a record, in the folder `archives`: of a mirror, of the API, or by hand.

    UserError: no access (`access` is the sentence for that) and no archive placed by hand, or an
    answer that is none, or one that names another host for the files.
    """
    if mirror:
        return [Archive(f"{record.folder}/{name}", record.url) for name in record.mirrored]
    listing = archives / record.folder / _LISTING
    if listing.exists():
        return _read_listing(listing)
    try:
        files = _ask(record, archives / record.folder, patience)
    except UserError:  # no network: what a person placed there serves
        if find_archives(record, archives):
            return find_archives(record, archives)
        raise
    if not files:
        return _list_placed(record, archives, access)
    listed = [_check_file(file, record) for file in files]
    write_json(listing, _LISTED.dump_python(listed))
    return listed


def find_archives(record: Record, archives: Path) -> list[Archive]:
    """Return the archives in a record's folder by name, however they came."""
    folder = archives / record.folder
    names = sorted(path.name for path in folder.glob("*") if path.name.endswith(SUFFIXES))
    return [Archive(f"{record.folder}/{name}", record.url) for name in names]


def lock_files(listed: list[Archive], archives: Path, lock: ChecksumLock) -> None:
    """Record size and sha256 of downloaded files that the lock lacks: md5 is all that is given."""
    for archive in listed:
        if lock.find(archive.name) is None:
            path = archives / archive.name
            checksum = hash_with("sha256", path)
            digits = checksum.removeprefix("sha256:")
            lock.record(archive.name, LockedFile(bytes=path.stat().st_size, sha256=digits))
            write_receipt(path, checksum)


def _ask(record: Record, folder: Path, patience: Patience) -> list[_File]:
    """Return what the API tells; nothing if it refuses."""
    part = Part(folder / f"{_LISTING}.part")
    auth = read_token(record.token_variable)
    remote = Remote(f"{record.folder}, its list of files", record.url, auth, None, False)
    with explain_disk(folder), requests.Session() as session:
        session.headers["User-Agent"] = USER_AGENT
        folder.mkdir(parents=True, exist_ok=True)
        part.discard()
        try:
            transfer(session, remote, part, patience)
            return _Answer.model_validate_json(part.path.read_bytes()).files
        except RefusedError:
            return []
        except ValidationError as error:
            place = ".".join(str(item) for item in error.errors()[0]["loc"])
            raise UserError(
                f"{record.url} answers something else than a record's list of files ('{place}'); "
                f"place its archives in {folder} or name your own server with --mirror URL."
            ) from None
        finally:
            part.discard()


def _check_file(file: _File, record: Record) -> Archive:
    """Return a listed file. The token goes to the record's own host and no other."""
    own, its = urlsplit(record.url), urlsplit(file.links.address)
    if (own.scheme, own.netloc) != (its.scheme, its.netloc):
        raise UserError(
            f"{record.url} names {its.netloc or 'no host'} as the host of '{file.key}', which gets "
            f"no token of yours; download the file there and place it in the archives' folder "
            f"{record.folder}."
        )
    return Archive(
        name=f"{record.folder}/{file.key}",
        url=file.links.address,
        bytes=file.size,
        checksum=file.checksum,
        token_variable=record.token_variable,
    )


def _list_placed(record: Record, archives: Path, access: str) -> list[Archive]:
    placed = find_archives(record, archives)
    if not placed:
        raise UserError(
            f"{record.url} shows no files without access; {access.rstrip('.')}. Once you have it, "
            f"set {record.token_variable} to a token of your account, or place the archives in "
            f"{archives / record.folder}, or name your own server with --mirror URL."
        )
    return placed


def _read_listing(path: Path) -> list[Archive]:
    try:
        return _LISTED.validate_python(read_json(path))
    except ValidationError:
        raise UserError(f"{path} is no list of files; delete it and run again.") from None
