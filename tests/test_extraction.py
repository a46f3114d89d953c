import json
import os
import shutil
import tarfile
import time
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from archive_files import FORMATS, make_song, refuses, take_all, write_archive, write_tar, write_zip
from wav_folders import read_visible

from iass.foundation.errors import UserError
from iass.preparation.extraction import extract_archive


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_arrives_and_a_second_call_does_not_look_into_the_archive(
    tmp_path: Path, name: str
) -> None:
    song = make_song()
    archive = write_archive(tmp_path / name, song)
    paths = extract_archive(archive, tmp_path / "out", take_all)
    assert paths == [tmp_path / "out" / member for member in song]
    assert read_visible(tmp_path / "out") == song
    status = archive.stat()
    archive.write_bytes(bytes(status.st_size))  # unreadable, of the same size and time
    os.utime(archive, ns=(status.st_atime_ns, status.st_mtime_ns))
    started_s = time.perf_counter()
    assert extract_archive(archive, tmp_path / "out", take_all) == paths
    assert time.perf_counter() - started_s < 0.1
    archive.unlink()
    assert extract_archive(archive, tmp_path / "out", take_all) == paths


def test_the_receipt_tells_what_was_unpacked_from_what(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"in/b.wav": b"123456789", "in/c.txt": b"x"})
    extract_archive(archive, tmp_path, lambda p: PurePosixPath(p.name) if p.stem == "b" else None)
    receipt = json.loads((tmp_path / ".extracted-a.zip.json").read_text())
    assert receipt["complete"]
    assert receipt["bytes"] == archive.stat().st_size
    assert receipt["members"] == [
        {"member": "in/b.wav", "target": "b.wav", "bytes": 9, "crc32": 0xCBF43926},  # CRC's check
        {"member": "in/c.txt", "target": None, "bytes": 1, "crc32": None},
    ]


def test_another_archive_or_another_wish_is_unpacked_again(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": b"old", "b": b"other"})
    out = tmp_path / "out"
    assert extract_archive(archive, out, lambda p: p if p.name == "a" else None) == [out / "a"]
    assert extract_archive(archive, out, take_all) == [out / "a", out / "b"]
    write_zip(archive, {"a": b"new", "b": b"other"})
    os.utime(archive, ns=(1, 1))
    extract_archive(archive, out, take_all)
    assert (out / "a").read_bytes() == b"new"


def test_a_given_checksum_is_part_of_the_receipt(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": b"1"})
    extract_archive(archive, tmp_path / "out", take_all, "sha256:1")
    archive.unlink()
    assert extract_archive(archive, tmp_path / "out", take_all, "sha256:1")
    assert extract_archive(archive, tmp_path / "out", take_all)
    with pytest.raises(UserError, match="does not exist; download it first"):
        extract_archive(archive, tmp_path / "out", take_all, "sha256:2")


def test_a_copied_archive_with_the_same_checksum_is_not_unpacked_again(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar", {"a": b"1"})
    (path,) = extract_archive(archive, tmp_path / "out", take_all, "sha256:1")
    kept = path.stat().st_ino
    os.utime(archive, ns=(1, 1))
    extract_archive(archive, tmp_path / "out", take_all, "sha256:1")
    assert path.stat().st_ino == kept
    extract_archive(archive, tmp_path / "out", take_all, "sha256:2")
    assert path.stat().st_ino != kept


@pytest.mark.parametrize("name", FORMATS)
def test_a_lost_or_cut_file_comes_back_and_the_others_are_not_written(
    tmp_path: Path, name: str
) -> None:
    song = make_song()
    archive = write_archive(tmp_path / name, song)
    paths = extract_archive(archive, tmp_path / "out", take_all)
    paths[0].unlink()
    paths[1].write_bytes(b"cut")
    kept = {path: path.stat().st_ino for path in paths[2:]}
    extract_archive(archive, tmp_path / "out", take_all)
    assert read_visible(tmp_path / "out") == song
    assert {path: path.stat().st_ino for path in paths[2:]} == kept


@pytest.mark.parametrize("receipt", [None, "", "{half", '{"schema_version": 7}'])
def test_a_file_of_the_right_size_and_wrong_content_is_found_by_its_crc(
    tmp_path: Path, receipt: str | None
) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": b"right", "b": b"right"})
    right, wrong = extract_archive(archive, tmp_path / "out", take_all)
    wrong.write_bytes(b"wrong")
    kept = right.stat().st_ino
    place = tmp_path / "out" / ".extracted-a.zip.json"
    place.unlink()
    if receipt is not None:
        place.write_text(receipt)
    extract_archive(archive, tmp_path / "out", take_all)
    assert wrong.read_bytes() == b"right"
    assert right.stat().st_ino == kept


def test_nested_folders_are_found_by_the_track(tmp_path: Path) -> None:
    content = {
        "V1/Audio/A_B/A_B_MIX.wav": b"mix",
        "V1/Audio/A_B/A_B_STEMS/A_B_STEM_01.wav": b"stem",
        "V1/Audio/Other/Other_MIX.wav": b"no",
    }

    def find_track(path: PurePosixPath) -> PurePosixPath | None:
        parts = path.parts
        return PurePosixPath(*parts[parts.index("A_B") :]) if "A_B" in parts else None

    extract_archive(write_zip(tmp_path / "a.zip", content), tmp_path / "out", find_track)
    assert read_visible(tmp_path / "out") == {
        "A_B/A_B_MIX.wav": b"mix",
        "A_B/A_B_STEMS/A_B_STEM_01.wav": b"stem",
    }


@pytest.mark.parametrize("name", FORMATS)
def test_what_macos_adds_is_dropped_and_folders_and_empty_files_are_no_trouble(
    tmp_path: Path, name: str
) -> None:
    content = {
        "__MACOSX/Song/._a.wav": b"1",
        "Song/.DS_Store": b"2",
        "Song/._a.wav": b"3",
        "Song/a.wav": b"4",
        "Song/empty.txt": b"",
    }
    archive = write_archive(tmp_path / name, content)
    if name == "song.zip":
        with zipfile.ZipFile(archive, "a") as opened:
            opened.mkdir("Song/folder")
    assert len(extract_archive(archive, tmp_path / "out", take_all)) == 2
    assert read_visible(tmp_path / "out") == {"Song/a.wav": b"4", "Song/empty.txt": b""}


def test_an_archive_without_a_wanted_file_gives_an_empty_list(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": b"1"})
    assert extract_archive(archive, tmp_path / "out", lambda path: None) == []
    assert extract_archive(archive, tmp_path / "out", lambda path: None) == []
    assert extract_archive(write_zip(tmp_path / "b.zip", {}), tmp_path / "out", take_all) == []


def test_a_link_on_the_disk_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"Song/a.wav": b"1"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Song").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"'Song/a\.wav', whose place .* is not in"):
        extract_archive(archive, tmp_path / "out", take_all)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("place", ["../a", "/tmp/evil", "x/../../a"])
def test_a_card_that_places_a_file_outside_is_refused(tmp_path: Path, place: str) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": b"1"})
    with pytest.raises(UserError, match="is not in"):
        extract_archive(archive, tmp_path / "out" / "in", lambda path: PurePosixPath(place))


def test_no_member_can_pass_for_a_receipt(tmp_path: Path) -> None:
    refuses(write_zip(tmp_path / "a.zip", {".extracted-b.zip.json": b"{}"}), "kept for receipts")


def test_two_members_in_one_place_are_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"x/a": b"1", "y/a": b"2"})
    with pytest.raises(UserError, match="'y/a', which goes where 'x/a' goes"):
        extract_archive(archive, tmp_path / "out", lambda path: PurePosixPath(path.name))


@pytest.mark.parametrize("name", FORMATS)
def test_names_are_unicode_in_normal_form_c(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / name, {"O\u0308jebokören, Jokers & 'M.E.R.C.'": b"1"})
    extract_archive(archive, tmp_path / "out", take_all)
    assert set(read_visible(tmp_path / "out")) == {"Öjebokören, Jokers & 'M.E.R.C.'"}


def test_what_does_not_fit_on_the_disk_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("a.wav")
        info.size = free + (1 << 30)
        archive.addfile(info)
    with (tmp_path / "a.tar").open("r+b") as stream:  # a hole, so that the archive itself fits
        stream.truncate(info.size + 10 * 512)
    _refuses_for_space(tmp_path / "a.tar")


def _refuses_for_space(archive: Path) -> None:
    with pytest.raises(UserError, match=r"a\.tar.*free"):
        extract_archive(archive, archive.parent / "out", take_all)
    assert read_visible(archive.parent / "out") == {}


def test_a_file_where_a_folder_must_go_is_named(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"Song/a.wav": b"1"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Song").write_text("in the way")
    with pytest.raises(UserError, match=r"out/Song.* cannot be written"):
        extract_archive(archive, tmp_path / "out", take_all)
