import email.utils
import os
import pty
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from downloads import CONTENT, QUICK, SHA256, fetch, start_child
from file_server import Fault, FileServer, Route, serve

from iass.foundation.errors import UserError
from iass.preparation.transfer import BLOCK, Patience


@pytest.mark.parametrize("resets", [False, True], ids=["fin", "rst"])
def test_twenty_cuts_at_random_bytes_cost_no_byte_twice_beyond_a_block(
    tmp_path: Path, resets: bool
) -> None:
    cuts = np.random.default_rng(20).integers(BLOCK + 1, 2 * BLOCK, 20)
    faults = [Fault(cut_after=int(cut), resets=resets) for cut in cuts]
    with serve(set=Route(CONTENT, faults)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 21
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        assert 0 <= before.start + before.sent - after.start <= BLOCK


def test_a_killed_download_goes_on_where_it_was(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT, piece_pause_s=0.01)) as server:
        child = start_child(f"{server.url}/set", tmp_path)
        part, deadline = tmp_path / "set.zip.part", time.monotonic() + 20
        while not (part.exists() and part.stat().st_size > 4 * BLOCK):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        size = part.stat().st_size
        assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1].headers["Range"] == f"bytes={size}-"
    assert server.requests[-1].start == size


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_a_server_that_asks_to_wait_is_waited_for(tmp_path: Path, as_date: bool) -> None:
    wait = email.utils.formatdate(time.time() + 2, usegmt=True) if as_date else "1"
    faults = [Fault(status=429, headers={"Retry-After": wait})]
    before = time.monotonic()
    with serve(set=Route(CONTENT, faults)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert time.monotonic() - before >= 0.9
    assert len(server.requests) == 2


def test_a_server_that_asks_to_wait_for_an_hour_ends_the_run(tmp_path: Path) -> None:
    faults = [Fault(status=503, headers={"Retry-After": "3600"})]
    with serve(set=Route(CONTENT, faults)) as server, pytest.raises(UserError, match="3600 s"):
        fetch(server, tmp_path)
    assert len(server.requests) == 1


def test_a_wait_that_cannot_be_read_is_an_ordinary_one(tmp_path: Path) -> None:
    faults = [Fault(status=503, headers={"Retry-After": "soon"})]
    with serve(set=Route(CONTENT, faults)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_passes(tmp_path: Path, status: int) -> None:
    with serve(set=Route(CONTENT, [Fault(status=status)] * 2)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_fault_that_does_not_pass_is_a_sentence(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT, always=Fault(status=500))) as server:
        with pytest.raises(UserError, match=r"HTTP 500, 3 times in a row; run the same"):
            fetch(server, tmp_path)
        assert len(server.requests) == QUICK.tries


def test_waits_double(tmp_path: Path) -> None:
    slow = Patience(tries=4, base_s=0.1)
    with serve(set=Route(CONTENT, [Fault(status=500)] * 3)) as server:
        before = time.monotonic()
        fetch(server, tmp_path, patience=slow)
    assert 0.1 + 0.2 + 0.4 <= time.monotonic() - before < 2.0


def test_an_answer_without_a_length_that_ends_early_is_continued(tmp_path: Path) -> None:
    faults = [Fault(cut_after=1_000_000, hides_length=True)]
    with serve(set=Route(CONTENT, faults)) as server:
        assert fetch(server, tmp_path, bytes=len(CONTENT)).read_bytes() == CONTENT
    assert [request.start for request in server.requests] == [0, 1_000_000]


def test_a_server_that_ignores_ranges_starts_over(tmp_path: Path) -> None:
    faults = [Fault(cut_after=1_000_000), Fault(ignores_range=True)]
    with serve(set=Route(CONTENT, faults)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert [request.start for request in server.requests] == [0, 0]


def test_a_server_that_always_starts_over_and_cuts_does_not_hold_us_for_ever(
    tmp_path: Path,
) -> None:
    always = Fault(cut_after=1_000_000, ignores_range=True)
    with serve(set=Route(CONTENT, always=always)) as server:
        with pytest.raises(UserError, match="3 times in a row"):
            fetch(server, tmp_path)
        assert len(server.requests) == 1 + QUICK.tries - 1


@pytest.mark.parametrize(
    ("etag", "modified", "ignores_if_range"),
    [
        ("", None, False),
        ("", None, True),
        (None, "Mon, 01 Jan 2024 00:00:00 GMT", False),
        ('W/"1"', "Mon, 01 Jan 2024 00:00:00 GMT", True),
        (None, None, False),
    ],
    ids=["etag", "etag-unheeded", "date", "weak-etag", "nothing"],
)
def test_a_file_that_changes_between_two_attempts_is_fetched_anew(
    tmp_path: Path, etag: str | None, modified: str | None, ignores_if_range: bool
) -> None:
    once = Patience(tries=1)
    newer = np.random.default_rng(5).bytes(len(CONTENT))
    with serve(set=Route(CONTENT, [Fault(cut_after=1_000_000)], etag=etag)) as server:
        route = server.routes["/set"]
        route.modified = modified
        with pytest.raises(UserError, match="cut the connection"):
            fetch(server, tmp_path, patience=once)
        route.content, route.always = newer, Fault(ignores_if_range=ignores_if_range)
        route.etag = 'W/"2"' if etag and etag.startswith("W/") else etag
        route.modified = "Tue, 02 Jan 2024 00:00:00 GMT" if modified else None
        path = fetch(server, tmp_path)
    assert path.read_bytes() == newer


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_a_date_lets_a_file_without_a_strong_etag_go_on(tmp_path: Path, etag: str | None) -> None:
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    route = Route(CONTENT, [Fault(cut_after=1_000_000)], etag=etag, modified=date)
    with serve(set=route) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[1].headers["If-Range"] == date
    assert server.requests[1].start == 1_000_000


def test_a_checksum_lets_a_file_without_a_version_go_on(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT, [Fault(cut_after=1_000_000)], etag=None)) as server:
        fetch(server, tmp_path, checksum=SHA256)
    assert [request.start for request in server.requests] == [0, 1_000_000]


def test_a_part_that_is_already_the_whole_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT)
    with serve(set=Route(CONTENT)) as server:
        assert fetch(server, tmp_path, checksum=SHA256).read_bytes() == CONTENT
    assert server.bodies() == []  # it answered 416


def test_a_part_that_is_longer_than_the_file_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT + b"more")
    with serve(set=Route(CONTENT)) as server:
        assert fetch(server, tmp_path, checksum=SHA256).read_bytes() == CONTENT


def test_a_web_page_is_not_taken_for_the_file(tmp_path: Path) -> None:
    page = Fault(headers={"Content-Type": "text/html; charset=utf-8"})
    with (
        serve(set=Route(b"<html>", always=page)) as server,
        pytest.raises(UserError, match="web page in place of the file"),
    ):
        fetch(server, tmp_path)


def test_bytes_come_as_they_lie_on_the_server(tmp_path: Path) -> None:
    mislabelled = Fault(headers={"Content-Encoding": "gzip"})
    with serve(set=Route(CONTENT, always=mislabelled)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_silent_server_is_left_after_the_time_borne(tmp_path: Path) -> None:
    hasty = Patience(tries=2, base_s=0.01, timeout_s=0.2)
    with (
        serve(set=Route(CONTENT, always=Fault(stalls_s=1.0))) as server,
        pytest.raises(UserError, match="fell silent, 2 times in a row"),
    ):
        fetch(server, tmp_path, patience=hasty)


def test_a_closed_port_is_a_sentence(tmp_path: Path) -> None:
    with serve() as server:
        pass
    with pytest.raises(UserError, match="cannot be reached"):
        fetch(server, tmp_path)


def test_a_server_without_tls_is_a_sentence(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT)) as server:
        server.url = server.url.replace("http:", "https:")
        with pytest.raises(UserError, match="TLS"):
            fetch(server, tmp_path)


def test_an_unknown_host_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*words: object, **more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)  # a question would leave the machine
    with pytest.raises(UserError, match=r"nowhere\.invalid is not known to the name service"):
        fetch(FileServer("http://nowhere.invalid", {}), tmp_path)


def test_a_redirect_to_nowhere_is_a_sentence(tmp_path: Path) -> None:
    away = Fault(status=302, headers={"Location": "gopher://host/?key=hidden"})
    with (
        serve(set=Route(CONTENT, always=away)) as server,
        pytest.raises(UserError, match="redirects to none") as caught,
    ):
        fetch(server, tmp_path)
    assert "hidden" not in str(caught.value)


def test_a_file_that_turns_out_too_large_is_refused_before_the_first_byte(
    tmp_path: Path,
) -> None:
    huge = Fault(headers={"Content-Length": str(10**18)}, cut_after=0)
    with (
        serve(set=Route(CONTENT, always=huge)) as server,
        pytest.raises(UserError, match=r"set\.zip needs 1\.0 EB more"),
    ):
        fetch(server, tmp_path)
    assert not (tmp_path / "set.zip.part").exists()


def test_a_bar_with_rate_and_time_is_shown_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with serve(set=Route(CONTENT, piece_pause_s=0.005)) as server:
        child = start_child(f"{server.url}/set", tmp_path, stderr=theirs)
        os.close(theirs)
        shown = b"".join(_read_terminal(ours))
        assert child.wait() == 0
    assert b"set.zip" in shown
    assert re.search(rb"3\.0/3\.0 MB.* MB/s.*0:00:00", shown)


def _read_terminal(handle: int) -> Iterator[bytes]:
    """Yield what comes until the other side is closed, which Linux reports as an error."""
    with suppress(OSError):
        while piece := os.read(handle, 4096):
            yield piece
    os.close(handle)
