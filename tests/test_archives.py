import io
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from archive_files import (
    FORMATS,
    add_to_tar,
    make_noise,
    make_song,
    refuses,
    take_all,
    write_archive,
    write_tar,
    write_zip,
)
from wav_folders import read_visible

from iass.preparation.archives import open_archive
from iass.preparation.extraction import extract_archive

CENTRAL = b"PK\x01\x02"  # starts an entry of a zip's directory
LOCAL = b"PK\x03\x04"  # starts a member of a zip


def _patch(path: Path, mark: bytes, offset: int, value: bytes, index: int = 0) -> Path:
    """Overwrite bytes of the header `index` of those that start with `mark`."""
    data = bytearray(path.read_bytes())
    place = -1
    for _ in range(index + 1):
        place = data.index(mark, place + 1)
    data[place + offset : place + offset + len(value)] = value
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "member",
    ["../evil.wav", "a/../../evil.wav", "/evil.wav", "C:/evil.wav", "c:evil.wav", "a\\evil.wav"],
)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str, member: str) -> None:
    archive = write_archive(tmp_path / name, {"good.wav": b"1", member: b"2"})
    assert "publisher" in refuses(archive, "leads out of the folder")


def test_a_zero_byte_in_a_name_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a?.wav": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"a?.wav", b"a\0.wav"))
    refuses(archive, "leads out of the folder or is none")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_a_link_or_device_in_a_zip_is_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("Song/a.wav")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refuses(tmp_path / "a.zip", r"'Song/a\.wav', which is a link or a device")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_a_link_or_device_in_a_tar_is_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        add_to_tar(archive, "Song/a.wav", b"1")
        add_to_tar(archive, "Song/b.wav", kind=kind)
    refuses(tmp_path / "a.tar", r"'Song/b\.wav', which is a link, a device")


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.wav")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "a.wav",
        "GNU.sparse.realsize": "5",
    }
    body = b"1\n4\n1\n".ljust(512, b"\0") + b"x"
    info.size = len(body)
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(body))
    refuses(tmp_path / "a.tar", "a sparse file")


@pytest.mark.parametrize("name", FORMATS)
def test_a_member_that_comes_twice_is_refused(tmp_path: Path, name: str) -> None:
    composed, decomposed = "Öje.wav", "O\u0308je.wav"
    archive = write_archive(tmp_path / name, {composed: b"1", decomposed: b"2"})
    refuses(archive, r"'Öje\.wav', and holds it twice")


@pytest.mark.parametrize(("raw", "name"), [(b"\xc3\x96je", "Öje"), (b"\x99je_", "Öje_")])
def test_a_zip_name_without_the_flag_is_utf8_if_it_can_be_and_cp437_else(
    tmp_path: Path, raw: bytes, name: str
) -> None:
    archive = write_zip(tmp_path / "a.zip", {"1234": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"1234", raw))
    extract_archive(archive, tmp_path / "out", take_all)
    assert set(read_visible(tmp_path / "out")) == {name}


def test_a_tar_name_that_is_no_utf8_is_latin_1(tmp_path: Path) -> None:
    with tarfile.open(
        tmp_path / "a.tar", "w", format=tarfile.USTAR_FORMAT, encoding="latin-1"
    ) as archive:
        add_to_tar(archive, "Öje", b"1")
    extract_archive(tmp_path / "a.tar", tmp_path / "out", take_all)
    assert set(read_visible(tmp_path / "out")) == {"Öje"}


def _declare(archive: Path, size: int, checksum: int | None = None) -> Path:
    """Change size and CRC-32 in a one-member zip's directory."""
    _patch(archive, CENTRAL, 24, struct.pack("<L", size))
    return (
        archive if checksum is None else _patch(archive, CENTRAL, 16, struct.pack("<L", checksum))
    )


def test_a_member_that_yields_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"bomb.wav": bytes(50_000_000)})
    _declare(archive, 49_999_999)
    refuses(archive, r"'bomb\.wav', which holds more bytes than it declares")
    _declare(archive, 10, zlib.crc32(bytes(10)))  # zipfile alone would take these ten bytes
    refuses(archive, r"'bomb\.wav', is cut or damaged \(Bad CRC-32")


def test_a_member_that_yields_less_than_it_declares_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.wav": bytes(1000)})
    refuses(_declare(archive, 1001), "fewer bytes than it declares")


def test_a_zip_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"bomb.wav": bytes(10_000_000)})
    refuses(_declare(archive, 1 << 31), f"declares more than {(1 << 31) - 1} unpacked")


def test_a_tar_that_declares_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("bomb.wav")
        info.size = 1 << 40
        archive.addfile(info)  # only its header
    refuses(tmp_path / "a.tar", "declares more than .* unpacked")


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.wav": make_noise(5000, 0), "b.wav": b"1"})
    data = archive.read_bytes()
    second = data.index(LOCAL, 1)
    _patch(archive, CENTRAL, 20, struct.pack("<L", second + 1), index=0)
    refuses(archive, r"'a\.wav', whose bytes reach into the next member")


@pytest.mark.parametrize("flag", [0x01, 0x40])
def test_an_encrypted_member_is_refused(tmp_path: Path, flag: int) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.wav": b"1"})
    _patch(archive, CENTRAL, 8, bytes([flag]))
    assert "by hand" in refuses(archive, r"'a\.wav' is encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9])
def test_an_unusual_packing_is_refused(tmp_path: Path, method: int) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.wav": b"1"})
    _patch(archive, CENTRAL, 10, struct.pack("<H", method))
    refuses(archive, f"is packed by method {method}")


def test_a_wrong_crc_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a.wav": make_noise(100_000, 0)})
    data = bytearray(archive.read_bytes())
    data[50_000] ^= 1
    archive.write_bytes(data)
    assert "download it again" in refuses(archive, r"a\.wav.* is cut or damaged")


def test_a_flipped_bit_in_a_gzip_is_refused_before_the_first_file(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", make_song())
    data = bytearray(archive.read_bytes())
    data[-100_000] ^= 1
    archive.write_bytes(data)
    refuses(archive, "is cut or damaged")


def test_a_broken_header_inside_a_tar_is_not_taken_for_its_end(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar", {"a": bytes(100), "b": b"1", "c": b"2"})
    data = bytearray(archive.read_bytes())
    data[1024] ^= 1  # the name of b, after a's header and data of one block each
    archive.write_bytes(data)
    refuses(archive, "header is broken")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.7, 0.98])
def test_a_cut_archive_is_refused(tmp_path: Path, name: str, part: float) -> None:
    archive = write_archive(tmp_path / name, make_song())
    data = archive.read_bytes()
    archive.write_bytes(data[: int(part * len(data))])
    assert "download it again" in refuses(archive, "is cut or damaged")


@pytest.mark.parametrize("blocks", [2, 4, 5])
def test_a_tar_cut_between_two_members_is_refused(tmp_path: Path, blocks: int) -> None:
    archive = write_tar(tmp_path / "a.tar", {"a": b"1", "b": b"2"})
    archive.write_bytes(archive.read_bytes()[: blocks * 512])
    refuses(archive, "its end is missing")


@pytest.mark.parametrize("last", [1, 8])
def test_a_gzip_cut_in_its_last_bytes_is_refused(tmp_path: Path, last: int) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", make_song())
    archive.write_bytes(archive.read_bytes()[:-last])
    refuses(archive, "is cut or damaged")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz"])
def test_a_web_page_is_no_archive(tmp_path: Path, name: str) -> None:
    archive = tmp_path / name
    archive.write_bytes(b"<html>Not found</html>" * 100)
    refuses(archive, "is cut or damaged")


def test_an_archive_of_another_kind_is_to_be_unpacked_by_hand(tmp_path: Path) -> None:
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    refuses(tmp_path / "a.rar", "neither a .zip nor a .tar.gz; unpack it by hand")


def test_zip_members_have_their_crc_and_tar_members_have_none(tmp_path: Path) -> None:
    with open_archive(write_zip(tmp_path / "a.zip", {"a": b"123456789"})) as members:
        assert [(str(m.path), m.size, m.crc32) for m in members] == [("a", 9, 0xCBF43926)]
    with open_archive(write_tar(tmp_path / "a.tar", {"a": b"123456789"})) as members:
        assert [(str(m.path), m.size, m.crc32) for m in members] == [("a", 9, None)]
