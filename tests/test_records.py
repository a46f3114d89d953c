"""Restricted records: what the API tells whom, and what else brings their files."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from downloads import QUICK
from file_server import Fault, FileServer, Route, serve

from iass.foundation.card import Archive, Record
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.preparation.records import list_record
from iass.preparation.tools import PreparationTools

CONTENT = b"the archive" * 1000
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ACCESS = "Ask for access at https://example.org/1"


def _answer(url: str, **changes: object) -> bytes:
    file = {
        "key": "Set_V1.tar.gz",
        "size": len(CONTENT),
        "checksum": MD5,
        "links": {"self": f"{url}/content"},
    }
    return json.dumps({"id": 1, "metadata": {}, "files": [file | changes]}).encode()


def _record(url: str) -> Record:
    return Record(f"{url}/record", "set-v1", "SOME_TOKEN", ("Set_V1.tar.gz",))


def _tools(folder: Path, mirror: str | None = None) -> PreparationTools:
    return PreparationTools(folder / "data" / "set", 1, folder / "lock.json", mirror)


@pytest.fixture
def server() -> FileServer:
    with serve(record=Route(b"{}"), content=Route(CONTENT, token="secret")) as running:
        running.routes["/record"].content = _answer(running.url)
        yield running


def test_with_access_the_files_come_with_the_token_and_are_locked(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    tools = _tools(tmp_path)
    tools.fetch_record(_record(server.url), ACCESS)
    (archive,) = tools.list_record(_record(server.url))
    assert archive.name == "set-v1/Set_V1.tar.gz"
    assert tools.locate(archive).read_bytes() == CONTENT
    locked = {archive.name: {"bytes": len(CONTENT), "sha256": SHA256}}
    assert read_json(tmp_path / "lock.json") == locked
    assert {r.headers["Authorization"] for r in server.requests} == {"Bearer secret"}


def test_what_is_there_is_neither_asked_for_nor_fetched_again(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    tools = _tools(tmp_path)
    tools.fetch_record(_record(server.url), ACCESS)
    asked = len(server.requests)
    tools.fetch_record(_record(server.url), ACCESS)
    assert len(server.requests) == asked


@pytest.mark.parametrize("status", [None, 401, 403, 404])
def test_without_access_a_sentence_says_what_to_ask_for_and_where_to_place_files(
    server: FileServer, tmp_path: Path, status: int | None
) -> None:
    route = server.routes["/record"]
    route.content, route.always = b'{"id": 1, "metadata": {}}', Fault(status=status)
    with pytest.raises(UserError) as caught:
        _tools(tmp_path).fetch_record(_record(server.url), ACCESS)
    sentence = str(caught.value)
    assert f"{ACCESS}. Once you have it, set SOME_TOKEN" in sentence
    assert str(tmp_path / "data" / "archives" / "set-v1") in sentence
    assert "--mirror" in sentence


def test_archives_placed_by_hand_are_taken_and_locked(server: FileServer, tmp_path: Path) -> None:
    server.routes["/record"].content = b"{}"
    placed = tmp_path / "data" / "archives" / "set-v1" / "as I named it.zip"
    placed.parent.mkdir(parents=True)
    placed.write_bytes(CONTENT)
    tools = _tools(tmp_path)
    tools.fetch_record(_record(server.url), ACCESS)
    assert [item.name for item in tools.list_record(_record(server.url))] == [
        "set-v1/as I named it.zip"
    ]
    assert read_json(tmp_path / "lock.json")["set-v1/as I named it.zip"]["sha256"] == SHA256
    placed.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(UserError, match="move it away"):
        tools.fetch_record(_record(server.url), ACCESS)


def test_a_mirror_needs_neither_api_nor_token(tmp_path: Path) -> None:
    with serve(**{"set-v1/Set_V1.tar.gz": Route(CONTENT)}) as mirror:
        tools = _tools(tmp_path, mirror.url)
        tools.fetch_record(_record("http://127.0.0.1:9"), ACCESS)
        assert [request.path for request in mirror.requests] == ["/set-v1/Set_V1.tar.gz"]
        assert tools.locate(Archive("set-v1/Set_V1.tar.gz", "")).read_bytes() == CONTENT


def test_a_file_other_than_listed_is_refused(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    server.routes["/record"].content = _answer(server.url, checksum=f"md5:{'0' * 32}")
    with pytest.raises(UserError, match="checksum"):
        _tools(tmp_path).fetch_record(_record(server.url), ACCESS)


def test_the_token_goes_to_no_other_host(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    with serve(content=Route(CONTENT)) as other:
        links = {"self": f"{other.url}/content"}
        server.routes["/record"].content = _answer(server.url, links=links)
        with pytest.raises(UserError, match="gets no token of yours"):
            _tools(tmp_path).fetch_record(_record(server.url), ACCESS)
        assert other.requests == []


@pytest.mark.parametrize("content", [b"no JSON", b'{"files": [{"key": "a.zip"}]}', b"[1]"])
def test_an_answer_that_is_no_list_of_files_is_refused(
    server: FileServer, tmp_path: Path, content: bytes
) -> None:
    server.routes["/record"].content = content
    with pytest.raises(UserError, match="something else than a record's list of files"):
        _tools(tmp_path).fetch_record(_record(server.url), ACCESS)
    assert list((tmp_path / "data" / "archives" / "set-v1").glob("record.json*")) == []


def test_a_path_for_a_file_name_is_refused(server: FileServer, tmp_path: Path) -> None:
    server.routes["/record"].content = _answer(server.url, key="../../up.zip")
    with pytest.raises(UserError, match="no file name"):
        _tools(tmp_path).fetch_record(_record(server.url), ACCESS)


def test_a_server_that_falters_is_asked_again(server: FileServer, tmp_path: Path) -> None:
    server.routes["/record"].faults = [Fault(status=503), Fault(cut_after=10)]
    listed = list_record(_record(server.url), tmp_path, None, ACCESS, QUICK)
    assert listed == [
        Archive("set-v1/Set_V1.tar.gz", f"{server.url}/content", len(CONTENT), MD5, "SOME_TOKEN")
    ]


def test_a_broken_listing_on_the_disk_is_named(server: FileServer, tmp_path: Path) -> None:
    record = replace(_record(server.url), url=f"{server.url}/record")
    list_record(record, tmp_path, None, ACCESS, QUICK)
    (tmp_path / "set-v1" / "record.json").write_text("[1]")
    with pytest.raises(UserError, match=r"record\.json is no list of files; delete it"):
        list_record(record, tmp_path, None, ACCESS, QUICK)


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no archive; fetch it with"):
        _tools(tmp_path).list_record(_record("http://127.0.0.1:9"))
    with pytest.raises(UserError, match="is missing; fetch it with"):
        _tools(tmp_path).locate(Archive("set-v1/a.zip", ""))
