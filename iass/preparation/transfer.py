"""One file over HTTP: a transfer that goes on where it was cut, with patience for the server.

Resuming follows RFC 9110, sections 13.1.5 (If-Range), 14 (Range) and 10.2.3 (Retry-After).
"""

import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from rich.filesize import decimal
from urllib3.exceptions import HTTPError, InvalidHeader, NameResolutionError
from urllib3.util import Retry

from iass import __version__
from iass.foundation.errors import UserError
from iass.foundation.progress import show_bytes
from iass.preparation.part import Part, Version

USER_AGENT = f"iass-bench/{__version__} (research benchmark; one connection at a time; resumes)"
BLOCK = 1 << 16  # bytes; as much may be fetched twice where a connection or a process dies
TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})  # HTTP statuses that pass


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server: the n-th wait in a row is base_s * 2^(n - 1) seconds.

    `tries` counts attempts in a row without a new byte. No wait is longer than `longest_s`: a
    server that asks for more ends the run with a sentence. `timeout_s` is the silence borne.
    """

    tries: int = 8
    base_s: float = 1.0
    longest_s: float = 900.0
    timeout_s: float = 60.0


@dataclass(frozen=True)
class Remote:
    """A file to fetch: `bytes` where its size is known, `is_checked` where its checksum is."""

    name: str
    url: str
    auth: AuthBase | None
    bytes: int | None
    is_checked: bool

    @property
    def host(self) -> str:
        """Host and port, without user name and password."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


class RefusedError(Exception):
    """The server answered with a status that does not pass."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class _CutError(Exception):
    """One attempt ended early; says how, after the host's name, and how long to wait, s."""

    def __init__(self, what: str, wait_s: float = 0.0) -> None:
        super().__init__(what)
        self.wait_s = wait_s


def transfer(session: requests.Session, remote: Remote, part: Part, patience: Patience) -> None:
    """Complete `part`, from where it stands. RefusedError if the server says no.

    UserError: the server stays unreachable or asks for too long a wait, the address is none, the
    file is not of the size expected or a web page, or the disk has no room for it. OSError: it
    cannot be written. Whatever came stays in `part`.
    """
    failures, most = 0, part.size
    while True:
        try:
            _attempt(session, remote, part, patience.timeout_s)
            return
        except _CutError as cut:
            failures = 1 if part.size > most else failures + 1
            most = max(most, part.size)
            _wait(cut, failures, remote, patience)


def check_space(folder: Path, missing: int, what: str) -> None:
    """UserError if the disk under `folder` has no room for `missing` more bytes."""
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise UserError(
            f"{what} needs {decimal(missing)} more in {folder}, where {decimal(free)} are free; "
            "make room there or set data_dir to a folder on another disk."
        )


def _wait(cut: _CutError, failures: int, remote: Remote, patience: Patience) -> None:
    if cut.wait_s > patience.longest_s:
        raise UserError(
            f"{remote.name}: {remote.host} {cut} and asks to wait for {cut.wait_s:.0f} s; "
            "run the same command again after that."
        ) from None
    if failures >= patience.tries:
        raise UserError(
            f"{remote.name} could not be downloaded: {remote.host} {cut}, {failures} times in a "
            "row; run the same command again later, it goes on from what has come."
        ) from None
    back_off_s = patience.base_s * 2 ** (failures - 1)
    time.sleep(max(cut.wait_s, min(back_off_s, patience.longest_s)))


def _attempt(session: requests.Session, remote: Remote, part: Part, timeout_s: float) -> None:
    known = part.read_version()
    start = part.size if known.validator or remote.is_checked else 0
    if start and start == known.bytes:
        return
    with _ask(session, remote, start, known, timeout_s) as response:
        version = _read_version(response)
        if start and response.status_code == requests.codes.requested_range_not_satisfiable:
            _finish_or_restart(part, version)
            return
        _check_status(response, start)
        _check_answer(response, version, remote, part)
        if response.status_code == requests.codes.ok:
            part.start(version)
        elif _first_byte(response) != start or not version.is_like(known):
            part.discard()
            raise _CutError("changed the file while it was downloaded")
        _receive(response, part, remote, version.bytes or remote.bytes)


def _ask(
    session: requests.Session, remote: Remote, start: int, known: Version, timeout_s: float
) -> requests.Response:
    """Send the request. The library's own messages hold addresses and headers: none is passed."""
    headers = {"Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={start}-"} if start else {}
    headers |= {"If-Range": known.validator} if start and known.validator else {}
    try:
        return session.get(
            remote.url, headers=headers, auth=remote.auth, stream=True, timeout=timeout_s
        )
    except requests.exceptions.SSLError:
        what = "has no TLS certificate that this machine trusts, or does not speak TLS"
    except requests.Timeout:
        raise _CutError(f"did not answer within {timeout_s:g} s") from None
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        raise _CutError(_explain_connection(error)) from None
    except (requests.RequestException, HTTPError, ValueError):
        what = "is no address to download from, or redirects to none"
    raise UserError(
        f"{remote.name} cannot be downloaded: {remote.host} {what}; check the "
        "address, or name another server with --mirror URL."
    )


def _explain_connection(error: BaseException) -> str:
    """Find the resolver's complaint, which the library wraps twice."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "cannot be reached through the proxy of this machine"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NameResolutionError):
        return "is not known to the name service of this machine"
    return "cannot be reached or closed the connection"


def _read_version(response: requests.Response) -> Version:
    headers = response.headers
    size = headers.get("Content-Length", "")
    if response.status_code != requests.codes.ok:
        size = headers.get("Content-Range", "").rpartition("/")[2]
    return Version(
        etag=headers.get("ETag", ""),
        modified=headers.get("Last-Modified", ""),
        bytes=int(size) if size.isdecimal() else None,
    )


def _finish_or_restart(part: Part, version: Version) -> None:
    if part.size != version.bytes:
        part.discard()
        raise _CutError("has a shorter file than the part that came before")


def _check_status(response: requests.Response, start: int) -> None:
    status = response.status_code
    if status in TRY_AGAIN:
        raise _CutError(f"answers HTTP {status}", _read_retry_after(response.headers))
    if status != requests.codes.ok and not (start and status == requests.codes.partial_content):
        raise RefusedError(status)


def _read_retry_after(headers: Mapping[str, str]) -> float:
    try:
        return Retry().parse_retry_after(headers.get("Retry-After", "0"))
    except InvalidHeader:
        return 0.0


def _check_answer(
    response: requests.Response, version: Version, remote: Remote, part: Part
) -> None:
    """UserError before the first byte where the answer is not the file or finds no room."""
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise UserError(
            f"{remote.name}: {remote.host} sends a web page in place of the file; "
            "name another server with --mirror URL."
        )
    if version.bytes is None:
        return
    if remote.bytes not in (None, version.bytes):
        raise UserError(
            f"{remote.name} has {version.bytes} bytes on {remote.host} where {remote.bytes} were "
            "expected; name another server with --mirror URL."
        )
    check_space(part.path.parent, version.bytes - part.size, remote.name)


def _first_byte(response: requests.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _receive(response: requests.Response, part: Part, remote: Remote, total: int | None) -> None:
    with show_bytes(remote.name, total) as advance, part.path.open("ab", buffering=0) as file:
        advance(file.tell())
        try:
            for block in response.raw.stream(BLOCK, decode_content=False):
                rest = memoryview(block)
                while rest:  # at a full disk a part of a block may be written
                    rest = rest[file.write(rest) :]
                advance(len(block))
        except HTTPError:
            raise _CutError("cut the connection or fell silent") from None
    if total is not None and part.size < total:
        raise _CutError("sent less than it promised")
