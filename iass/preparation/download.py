"""Downloads: each file once, verified, from where the last attempt stopped, or a sentence."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import requests
from filelock import FileLock
from requests.auth import AuthBase

from iass.foundation.addresses import check_address, check_mirror, show_address
from iass.foundation.errors import UserError
from iass.foundation.files import is_full
from iass.preparation.checksums import (
    ALGORITHMS,
    ChecksumLock,
    LockedFile,
    hash_with,
    is_verified,
    name_mutex,
    write_receipt,
)
from iass.preparation.part import Part
from iass.preparation.transfer import (
    USER_AGENT,
    Patience,
    RefusedError,
    Remote,
    check_space,
    transfer,
)

_NO_ACCESS = frozenset({requests.codes.unauthorized, requests.codes.forbidden})
_TOKEN = re.compile(r"[\x21-\x7e]+")  # what fits into a header
_USUAL = Patience()


@dataclass(frozen=True)
class Source:
    """What is known of a file to download.

    `name` is its path in the folder, at most one folder deep; `checksum` is "sha256:..." or
    "md5:..."; `token_variable` names the environment variable with a bearer token for the host;
    `access` is one sentence that says what to request where. UserError if a field is unusable.
    """

    name: str
    url: str
    bytes: int | None = None
    checksum: str | None = None
    token_variable: str | None = None
    access: str = ""

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        if path.is_absolute() or ".." in path.parts or len(path.parts) not in (1, 2):
            raise UserError(f"'{self.name}' is no file name with at most one folder before it.")
        algorithm, _, digits = (self.checksum or "sha256:0").partition(":")
        if algorithm not in ALGORITHMS or not re.fullmatch("[0-9a-f]+", digits):
            raise UserError(f"{self.name}: '{self.checksum}' is no sha256:... or md5:... checksum.")
        check_address(self.url, self.name)


@dataclass(frozen=True)
class _Place:
    """Where downloads go and come from: all that the files of one call have in common."""

    folder: Path
    lock: ChecksumLock
    mirror: str | None

    def find_target(self, source: Source) -> Path:
        return self.folder / source.name

    def find_part(self, source: Source) -> Part:
        return Part(self.folder / f"{source.name}.part")

    def find_url(self, source: Source) -> str:
        return f"{self.mirror.rstrip('/')}/{quote(source.name)}" if self.mirror else source.url

    def find_checksum(self, source: Source) -> str | None:
        """What the lock says goes before what the source says: a replica has its own lock."""
        locked = self.lock.find(source.name)
        return f"sha256:{locked.sha256}" if locked else source.checksum

    def find_bytes(self, source: Source) -> int | None:
        locked = self.lock.find(source.name)
        return locked.bytes if locked else source.bytes

    def is_there(self, source: Source) -> bool:
        checksum = self.find_checksum(source)
        return checksum is not None and is_verified(self.find_target(source), checksum)


def fetch_file(
    source: Source,
    folder: Path,
    lock: ChecksumLock,
    mirror: str | None = None,
    patience: Patience = _USUAL,
) -> Path:
    """Return the verified file, downloaded unless it is there. Errors as in `fetch_files`."""
    return fetch_files([source], folder, lock, mirror, patience)[0]


def fetch_files(
    sources: Sequence[Source],
    folder: Path,
    lock: ChecksumLock,
    mirror: str | None = None,
    patience: Patience = _USUAL,
) -> list[Path]:
    """Return the verified files, in order; those that are missing are downloaded one by one.

    An entry of `lock` goes before the source's own size and checksum; a file that has neither is
    recorded there as it came. With `mirror` all come from <mirror>/<name>, without tokens.
    UserError says what stands in the way: access, the server, the network, a checksum, the disk.
    """
    if mirror:
        check_mirror(mirror, "--mirror")
    place = _Place(folder, lock, mirror)
    with explain_disk(folder), requests.Session() as session:
        session.headers["User-Agent"] = USER_AGENT
        folder.mkdir(parents=True, exist_ok=True)
        _check_total(sources, place)
        for source in sources:
            if not place.is_there(source):
                _obtain(session, source, place, patience)
        return [place.find_target(source) for source in sources]


def _obtain(session: requests.Session, source: Source, place: _Place, patience: Patience) -> None:
    """Verify the file if somebody put it there, else download it unless another process did."""
    target, part = place.find_target(source), place.find_part(source)
    target.parent.mkdir(exist_ok=True)
    with FileLock(name_mutex(target)):
        if place.is_there(source):
            return
        if target.exists():
            checksum = _verify(target, source, place, "move it away and run again")
        else:
            _download(session, source, place, patience)
            checksum = _verify_part(part, source, place)
            part.finish(target)
        write_receipt(target, checksum)


def _download(session: requests.Session, source: Source, place: _Place, patience: Patience) -> None:
    remote = Remote(
        name=source.name,
        url=place.find_url(source),
        auth=None if place.mirror else read_token(source.token_variable),
        bytes=place.find_bytes(source),
        is_checked=place.find_checksum(source) is not None,
    )
    try:
        transfer(session, remote, place.find_part(source), patience)
    except RefusedError as refused:
        status = refused.status
    else:
        return
    raise UserError(_explain_refusal(status, remote, source, place))


def _verify_part(part: Part, source: Source, place: _Place) -> str:
    try:
        return _verify(part.path, source, place, "it was deleted, run again")
    except UserError:
        part.discard()
        raise


def _verify(path: Path, source: Source, place: _Place, advice: str) -> str:
    """Return the checksum of a complete file, once it is the one expected or was recorded."""
    expected, size = place.find_checksum(source), place.find_bytes(source)
    if size is not None and path.stat().st_size != size:
        raise UserError(
            f"{path} has {path.stat().st_size} bytes where {size} were expected; {advice}."
        )
    found = hash_with((expected or "sha256").partition(":")[0], path)
    if expected is None:
        digits = found.removeprefix("sha256:")
        place.lock.record(source.name, LockedFile(bytes=path.stat().st_size, sha256=digits))
    elif found != expected:
        raise UserError(
            f"{path} has the checksum {found} where {expected} was expected; {advice}, and if the "
            f"file has a new version for good, correct {place.lock.path} or the data set's card."
        )
    return found


class _BearerToken(AuthBase):
    """Sets the header on the first request only: a redirect to another host drops it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def read_token(variable: str | None) -> _BearerToken | None:
    """Return the bearer token in an environment variable. UserError if it fits into no header."""
    token = os.environ.get(variable, "").strip() if variable else ""
    if token and not _TOKEN.fullmatch(token):
        raise UserError(f"{variable} holds a character that no token has; set it again.")
    return _BearerToken(token) if token else None


def _explain_refusal(status: int, remote: Remote, source: Source, place: _Place) -> str:
    own = f"place the file at {place.find_target(source)}"
    if place.mirror or not (status in _NO_ACCESS or source.access):
        return (
            f"{source.name}: {show_address(remote.url)} answers HTTP {status}; check the address, "
            f"name another server with --mirror URL or {own}."
        )
    access = source.access.rstrip(".") or f"ask {remote.host} for access"
    return (
        f"{source.name}: {show_address(remote.url)} answers HTTP {status}{_explain_token(source)}"
        f"; {access}, or {own}, or name your own server with --mirror URL."
    )


def _explain_token(source: Source) -> str:
    if not source.token_variable:
        return ""
    is_set = bool(os.environ.get(source.token_variable, "").strip())
    found = "the token in it was not enough" if is_set else "it is not set"
    return f" (a token is read from {source.token_variable}: {found})"


def _check_total(sources: Sequence[Source], place: _Place) -> None:
    """UserError before the first byte if the files of known size do not fit together."""
    missing = [source for source in sources if not place.find_target(source).exists()]
    rest = [
        max(0, (place.find_bytes(source) or 0) - place.find_part(source).size) for source in missing
    ]
    names = missing[0].name if len(missing) == 1 else f"the set of {len(missing)} files"
    check_space(place.folder, sum(rest), names)


@contextmanager
def explain_disk(folder: Path) -> Iterator[None]:
    """Turn the system's complaints about files into sentences."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        if is_full(error):
            raise UserError(
                f"{folder} takes no more bytes ({reason}); make room there or set data_dir to "
                "another disk: what has come is kept and the same command goes on from it."
            ) from None
        raise UserError(
            f"{error.filename or folder} cannot be used ({reason}); set data_dir to a folder "
            "that you may write to."
        ) from None
