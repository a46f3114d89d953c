import base64
from pathlib import Path

import pytest
from downloads import CONTENT, MD5, SHA256, fetch, list_visible, start_child
from file_server import Fault, Route, serve

from iass import __version__
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.preparation.checksums import ChecksumLock
from iass.preparation.download import Source, fetch_file, fetch_files

ACCESS = "Request access to the record at https://zenodo.org/records/1649325."


def test_a_file_is_fetched_once_and_found_the_second_time(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT)) as server:
        for _ in range(2):
            assert fetch(server, tmp_path, checksum=SHA256).read_bytes() == CONTENT
        assert len(server.requests) == 1
    assert server.requests[0].headers["User-Agent"].startswith(f"iass-bench/{__version__} (")
    assert list_visible(tmp_path) == {"set.zip", "set.zip.verified.json"}


def test_an_md5_and_a_folder_in_the_name_are_understood(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT)) as server:
        source = Source("songs/one.zip", f"{server.url}/set", checksum=MD5)
        path = fetch_file(source, tmp_path, ChecksumLock(tmp_path / "lock.json"))
    assert path == tmp_path / "songs" / "one.zip"
    assert path.read_bytes() == CONTENT


def test_without_access_the_sentence_says_what_to_request_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOME_TOKEN", raising=False)
    with serve(set=Route(CONTENT, token="secret")) as server, pytest.raises(UserError) as caught:
        fetch(server, tmp_path, token_variable="SOME_TOKEN", access=ACCESS)
    message = str(caught.value)
    assert "HTTP 403 (a token is read from SOME_TOKEN: it is not set)" in message
    assert ACCESS.rstrip(".") in message
    assert f"place the file at {tmp_path / 'set.zip'}" in message
    assert len(server.requests) == 1


def test_a_token_opens_a_restricted_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret\n")
    with serve(set=Route(CONTENT, token="secret")) as server:
        path = fetch(server, tmp_path, token_variable="SOME_TOKEN", access=ACCESS)
    assert path.read_bytes() == CONTENT


def test_a_token_that_is_not_enough_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "another-secret")
    with serve(set=Route(CONTENT, token="secret")) as server:
        talkative = "import logging; logging.basicConfig(level=logging.DEBUG)"
        child = start_child(f"{server.url}/set?key=hidden", tmp_path, talkative)
        stderr = child.communicate(timeout=20)[1]
    assert child.returncode == 1
    assert "another-secret" not in stderr
    message = stderr.splitlines()[-1]
    assert "the token in it was not enough" in message
    assert "hidden" not in message
    assert server.requests[0].headers["Authorization"] == "Bearer another-secret"


def test_a_token_that_fits_no_header_is_refused_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "sec\nret")
    with serve(set=Route(CONTENT)) as server, pytest.raises(UserError) as caught:
        fetch(server, tmp_path, token_variable="SOME_TOKEN")
    assert "SOME_TOKEN holds a character" in str(caught.value)
    assert "ret" not in str(caught.value)
    assert server.requests == []


def test_a_token_stays_with_its_host_when_redirected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    with serve(set=Route(CONTENT, [Fault(cut_after=500_000)])) as other:
        there = Fault(status=302, headers={"Location": f"{other.url}/set"})
        here = Fault(status=302, headers={"Location": "/again"})
        routes = {"set": Route(b"", always=here), "again": Route(b"", always=there)}
        with serve(**routes) as server:
            path = fetch(server, tmp_path, token_variable="SOME_TOKEN")
    assert path.read_bytes() == CONTENT
    sent = [request.headers.get("Authorization") for request in server.requests]
    assert sent == ["Bearer secret"] * 4
    assert [request.start > 0 for request in other.requests] == [False, True]
    assert all("Authorization" not in request.headers for request in other.requests)


def test_a_mirror_serves_by_name_and_sees_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    with serve(**{"sets/a%20song.zip": Route(CONTENT)}) as server:
        source = Source("a song.zip", "https://127.0.0.1:1/x", None, SHA256, "SOME_TOKEN")
        lock = ChecksumLock(tmp_path / "lock.json")
        path = fetch_file(source, tmp_path, lock, f"{server.url}/sets/")
    assert path.read_bytes() == CONTENT
    assert "Authorization" not in server.requests[0].headers


def test_a_mirror_that_asks_for_a_password_gets_it_from_netrc_and_nobody_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serve(**{"set.zip": Route(CONTENT, [Fault(cut_after=500_000)])}) as server:
        source = Source("set.zip", "https://127.0.0.1:1/x", checksum=SHA256)
        path = fetch_file(source, tmp_path, ChecksumLock(tmp_path / "lock.json"), server.url)
    assert path.read_bytes() == CONTENT
    basic = f"Basic {base64.b64encode(b'me:secret').decode()}"
    assert [request.headers["Authorization"] for request in server.requests] == [basic] * 2


def test_a_mirror_is_no_way_round_the_checksum(tmp_path: Path) -> None:
    with serve(**{"set.zip": Route(CONTENT[::-1])}) as server:
        source = Source("set.zip", "https://127.0.0.1:1/x", checksum=SHA256)
        with pytest.raises(UserError, match=f"where {SHA256} was expected"):
            fetch_file(source, tmp_path, ChecksumLock(tmp_path / "lock.json"), server.url)


@pytest.mark.parametrize("mirror", ["laboratory", "ftp://host/", "http://[", "https://u:pw@"])
def test_a_mirror_that_is_no_address_is_refused(tmp_path: Path, mirror: str) -> None:
    source = Source("set.zip", "https://127.0.0.1:1/x")
    with pytest.raises(UserError, match="--mirror is no address") as caught:
        fetch_file(source, tmp_path, ChecksumLock(tmp_path / "lock.json"), mirror)
    assert "pw" not in str(caught.value)


def test_a_missing_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    with serve() as server, pytest.raises(UserError) as caught:
        fetch(server, tmp_path, "gone")
    assert f"{server.url}/gone answers HTTP 404" in str(caught.value)
    assert "--mirror URL" in str(caught.value)


@pytest.mark.parametrize("checksum", [SHA256, MD5])
def test_a_wrong_file_is_refused_and_leaves_nothing(tmp_path: Path, checksum: str) -> None:
    with serve(set=Route(CONTENT[::-1])) as server:
        with pytest.raises(UserError, match=f"where {checksum} was expected; it was deleted"):
            fetch(server, tmp_path, checksum=checksum)
        assert list_visible(tmp_path) == set()
        server.routes["/set"].content = CONTENT
        assert fetch(server, tmp_path, checksum=checksum).read_bytes() == CONTENT


def test_a_wrong_file_that_somebody_placed_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"mine")
    with serve(set=Route(CONTENT)) as server:
        with pytest.raises(UserError, match="move it away and run again"):
            fetch(server, tmp_path, checksum=SHA256)
        with pytest.raises(UserError, match="4 bytes where 3000000 were expected"):
            fetch(server, tmp_path, bytes=len(CONTENT))
    assert (tmp_path / "set.zip").read_bytes() == b"mine"


def test_a_right_file_that_somebody_placed_is_used(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(CONTENT)
    with serve(set=Route(CONTENT)) as server:
        fetch(server, tmp_path, checksum=SHA256)
    assert server.requests == []


def test_a_file_that_changed_on_the_disk_is_verified_again(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT)) as server:
        path = fetch(server, tmp_path)
        path.write_bytes(CONTENT[::-1])
        with pytest.raises(UserError, match=f"where {SHA256} was expected"):
            fetch(server, tmp_path)


def test_the_first_download_is_recorded_and_binds_the_next(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT)) as server:
        path = fetch(server, tmp_path)
        locked = {"set.zip": {"bytes": len(CONTENT), "sha256": SHA256.removeprefix("sha256:")}}
        assert read_json(tmp_path / "lock.json") == locked
        path.unlink()
        server.routes["/set"].content = CONTENT[::-1]
        with pytest.raises(UserError, match=r"lock\.json"):
            fetch(server, tmp_path)
    assert list_visible(tmp_path) == {"lock.json", "set.zip.verified.json"}


def test_the_lock_of_a_replica_goes_before_the_card(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT)) as server:
        fetch(server, tmp_path).unlink()
        path = fetch(server, tmp_path, bytes=7, checksum="sha256:00")
    assert path.read_bytes() == CONTENT


def test_a_truncated_file_is_refused_before_it_is_fetched(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT[:-1])) as server:
        with pytest.raises(UserError, match=r"2999999 bytes on .* where 3000000 were expected"):
            fetch(server, tmp_path, bytes=len(CONTENT))
        with pytest.raises(UserError, match="has the checksum"):
            fetch(server, tmp_path, checksum=SHA256)


def test_a_full_disk_is_a_sentence_and_what_came_is_kept(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000000, 1000000))"
    with serve(set=Route(CONTENT)) as server:
        child = start_child(f"{server.url}/set", tmp_path, limit)
        stderr = child.communicate(timeout=20)[1]
        assert child.returncode == 1
        assert stderr.startswith(f"{tmp_path} takes no more bytes (File too large)")
        assert len(stderr.splitlines()) == 1
        assert (tmp_path / "set.zip.part").stat().st_size == 1_000_000
        assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1].start == 1_000_000


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    # Root may write everywhere; inside the folder, nobody needs no way to it.
    become_nobody = f"import os; os.chdir({str(tmp_path)!r}); os.getuid() or os.setuid(65534)"
    with serve(set=Route(CONTENT)) as server:
        child = start_child(f"{server.url}/set", Path(), become_nobody)
        stderr = child.communicate(timeout=20)[1]
    tmp_path.chmod(0o755)
    assert child.returncode == 1
    assert "cannot be used (Permission denied)" in stderr
    assert len(stderr.splitlines()) == 1
    assert server.requests == []


def test_a_file_in_place_of_the_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with serve(set=Route(CONTENT)) as server, pytest.raises(UserError, match="cannot be used"):
        fetch(server, tmp_path / "data")


def test_two_processes_fetch_a_file_once(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT, piece_pause_s=0.005)) as server:
        children = [start_child(f"{server.url}/set", tmp_path) for _ in range(2)]
        results = [child.communicate(timeout=30)[1] for child in children]
    assert results == ["", ""]
    assert [child.returncode for child in children] == [0, 0]
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert [request.sent for request in server.requests] == [len(CONTENT)]


def test_several_files_come_in_order_over_one_connection_at_a_time(tmp_path: Path) -> None:
    with serve(a=Route(b"one"), b=Route(b"two", [Fault(status=500)])) as server:
        sources = [Source(f"{name}.zip", f"{server.url}/{name}") for name in "ba"]
        paths = fetch_files(sources, tmp_path, ChecksumLock(tmp_path / "lock.json"))
    assert [path.read_bytes() for path in paths] == [b"two", b"one"]
    assert list(read_json(tmp_path / "lock.json")) == ["a.zip", "b.zip"]


def test_files_that_do_not_fit_together_are_refused_before_the_first_byte(
    tmp_path: Path,
) -> None:
    with serve(set=Route(CONTENT)) as server:
        sources = [
            Source(name, f"{server.url}/set", bytes=size)
            for name, size in (("a.zip", len(CONTENT)), ("b.zip", 10**18))
        ]
        with pytest.raises(UserError, match=r"the set of 2 files needs 1\.0 EB more in .* free;"):
            fetch_files(sources, tmp_path, ChecksumLock(tmp_path / "lock.json"))
    assert server.requests == []


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.zip", "a/b/c.zip", ""])
def test_a_name_outside_the_folder_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="is no file name"):
        Source(name, "https://host/x")


@pytest.mark.parametrize("checksum", ["crc32:00", "sha256:", "00ff", "md5:xyz"])
def test_a_checksum_of_another_kind_is_refused(checksum: str) -> None:
    with pytest.raises(UserError, match="is no sha256"):
        Source("a.zip", "https://host/x", checksum=checksum)
