import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.preparation.checksums import (
    ChecksumLock,
    LockedFile,
    confirm_checksum,
    is_verified,
    write_receipt,
)

ONE = f"md5:{hashlib.md5(b'one').hexdigest()}"


@pytest.mark.parametrize("text", ["[]", '{"a.zip": {"bytes": 1}}', "not JSON"])
def test_a_lock_that_is_none_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock.json").write_text(text)
    with pytest.raises(UserError, match=r"lock\.json"):
        ChecksumLock(tmp_path / "lock.json").find("a.zip")


def test_a_lock_takes_files_from_many_hands_and_stays_sorted(tmp_path: Path) -> None:
    lock = ChecksumLock(tmp_path / "locks" / "lock.json")
    seen = {
        f"{index:02}.zip": LockedFile(bytes=index, sha256=f"{index:064}") for index in range(20)
    }
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: lock.record(name, seen[name]), reversed(seen)))
    assert list(read_json(lock.path)) == sorted(seen)
    assert {name: lock.find(name) for name in seen} == seen


def test_a_lock_does_not_forget_what_it_saw_first(tmp_path: Path) -> None:
    lock = ChecksumLock(tmp_path / "lock.json")
    first, other = (LockedFile(bytes=1, sha256=digit * 64) for digit in "ab")
    lock.record("a.zip", first)
    lock.record("a.zip", first)
    with pytest.raises(UserError, match=r"another checksum for a\.zip"):
        lock.record("a.zip", other)
    assert lock.find("a.zip") == first


def test_a_receipt_holds_for_one_checksum_and_an_unchanged_file(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    assert not is_verified(path, "md5:00")
    path.write_bytes(b"one")
    write_receipt(path, "md5:00")
    assert is_verified(path, "md5:00")
    assert not is_verified(path, "md5:01")
    path.write_bytes(b"longer")
    assert not is_verified(path, "md5:00")


def test_a_receipt_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"one")
    (tmp_path / "a.zip.verified.json").write_text('{"checksum": "md5:00"}')
    assert not is_verified(path, "md5:00")


def test_a_file_that_was_verified_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"one")
    write_receipt(path, "md5:00")  # which it has not: only reading would tell
    assert confirm_checksum(path) == "md5:00"


def test_a_copy_with_another_time_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"one")
    write_receipt(path, ONE)
    os.utime(path, ns=(1, 1))
    assert not is_verified(path, ONE)
    assert confirm_checksum(path) == ONE
    assert is_verified(path, ONE)


@pytest.mark.parametrize("content", [b"two", b"longer"])
def test_a_file_that_changed_after_it_was_verified_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"one")
    write_receipt(path, ONE)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    for _ in range(2):
        with pytest.raises(UserError, match=r"a\.zip has changed since .*; move it away and fetch"):
            confirm_checksum(path)


@pytest.mark.parametrize("receipt", [None, "{half", '{"checksum": "crc32:00", "bytes": 3}'])
def test_a_file_that_was_never_verified_is_refused(tmp_path: Path, receipt: str | None) -> None:
    path = tmp_path / "a.zip"
    with pytest.raises(UserError, match=r"a\.zip is missing; fetch it"):
        confirm_checksum(path)
    path.write_bytes(b"one")
    if receipt is not None:
        (tmp_path / "a.zip.verified.json").write_text(receipt)
    with pytest.raises(UserError, match=r"a\.zip was never compared with its checksum"):
        confirm_checksum(path)
