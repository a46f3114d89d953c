"""What a card is handed: archives are unpacked that have their checksum, and no others."""

from pathlib import Path

import pytest
from archive_files import take_all, write_zip
from file_server import Route, serve
from wav_folders import read_visible

from iass.foundation.card import Archive, Record
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.preparation.tools import PreparationTools

WAV, TEXT = {"Song/a.wav": b"1"}, {"ReadMe.txt": b"2"}


@pytest.fixture
def tools(tmp_path: Path) -> PreparationTools:
    (tmp_path / "data" / "archives" / "set-v1").mkdir(parents=True)
    return PreparationTools(tmp_path / "data" / "set", 1, tmp_path / "lock.json")


def _name(name: str) -> Archive:
    return Archive(name, "http://127.0.0.1:9/x")


def _place(tools: PreparationTools, name: str, content: dict[str, bytes]) -> Archive:
    write_zip(tools.archives / name, content)
    return _name(name)


def test_a_downloaded_archive_is_unpacked_even_when_it_is_gone_later(
    tools: PreparationTools, tmp_path: Path
) -> None:
    content = write_zip(tmp_path / "a.zip", WAV).read_bytes()
    with serve(set=Route(content)) as server:
        archive = Archive("a.zip", f"{server.url}/set")
        tools.fetch([archive], "")
    folder = tools.unpack(archive, take_all)
    assert read_visible(folder) == WAV
    (tools.archives / "a.zip").unlink()
    assert tools.unpack(archive, take_all) == folder


def test_an_archive_that_nobody_compared_with_its_checksum_is_not_unpacked(
    tools: PreparationTools, tmp_path: Path
) -> None:
    archive = _place(tools, "a.zip", WAV)
    with pytest.raises(UserError, match=r"a\.zip was never compared .*`iass data fetch` does it"):
        tools.unpack(archive, take_all)
    assert not (tmp_path / "data" / "unpacked").exists()
    tools.fetch([archive], "")
    assert read_visible(tools.unpack(archive, take_all)) == WAV


def test_an_archive_that_changed_after_it_was_fetched_is_not_unpacked(
    tools: PreparationTools, tmp_path: Path
) -> None:
    archive = _place(tools, "a.zip", WAV)
    tools.fetch([archive], "")
    _place(tools, "a.zip", {"Song/a.wav": b"3"})  # as long, and whole, but another
    with pytest.raises(UserError, match=r"a\.zip has changed since"):
        tools.unpack(archive, take_all)
    assert not (tmp_path / "data" / "unpacked").exists()
    _place(tools, "a.zip", WAV)  # now it is itself again
    assert read_visible(tools.unpack(archive, take_all)) == WAV


def test_one_archive_of_a_record_may_hold_nothing_that_is_wanted_but_not_all(
    tools: PreparationTools,
) -> None:
    record = Record("http://127.0.0.1:9/record", "set-v1", "SOME_TOKEN", ("audio.zip", "text.zip"))
    _place(tools, "set-v1/audio.zip", WAV)
    _place(tools, "set-v1/text.zip", TEXT)
    tools = PreparationTools(tools.folder, 1, tools.checksums, "http://127.0.0.1:9")
    tools.fetch_record(record, "")
    archives = tools.list_record(record)

    def keep_wavs(path: Path) -> Path | None:
        return path if path.suffix == ".wav" else None

    audio, text = tools.unpack_all(archives, keep_wavs)
    assert (read_visible(audio), read_visible(text)) == (WAV, {})
    with pytest.raises(UserError, match=r"set-v1/text\.zip: none of the files looked for is in it"):
        tools.unpack_all(archives[1:], keep_wavs)
    with pytest.raises(UserError, match=r"audio\.zip, .*text\.zip: none of the files looked for"):
        tools.unpack_all(archives, lambda path: None)


def test_what_was_placed_beside_the_files_of_a_mirror_is_verified_too(
    tools: PreparationTools, tmp_path: Path
) -> None:
    content = write_zip(tmp_path / "a.zip", TEXT).read_bytes()
    record = Record("http://127.0.0.1:9/record", "set-v1", "SOME_TOKEN", ("text.zip",))
    _place(tools, "set-v1/my own.zip", WAV)
    with serve(**{"set-v1/text.zip": Route(content)}) as server:
        tools = PreparationTools(tools.folder, 1, tools.checksums, server.url)
        tools.fetch_record(record, "")
    assert set(read_json(tools.checksums)) == {"set-v1/text.zip", "set-v1/my own.zip"}
    assert len(tools.unpack_all(tools.list_record(record), take_all)) == 2
