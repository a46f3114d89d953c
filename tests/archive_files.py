"""Small archives, honest and not, for the tests of unpacking."""

import io
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from iass.foundation.errors import UserError
from iass.preparation.extraction import extract_archive

FORMATS = ("song.zip", "song.tar", "song.tar.gz")
Content = Mapping[str, bytes]


def take_all(path: PurePosixPath) -> PurePosixPath | None:
    return path


def make_noise(size: int, seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def make_song(files: int = 4, size: int = 100_000) -> dict[str, bytes]:
    """Return noise, and one file that packs well."""
    noise = {f"Song/stem {n}.wav": make_noise(size, n) for n in range(files)}
    return noise | {"Song/silent.wav": bytes(size)}


def write_zip(path: Path, content: Content) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, content: Content) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, data in content.items():
            add_to_tar(archive, name, data)
    return path


def add_to_tar(
    archive: tarfile.TarFile, name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, len(data), "/etc/passwd"
    archive.addfile(info, io.BytesIO(data))


def write_archive(path: Path, content: Content) -> Path:
    return (write_zip if path.suffix == ".zip" else write_tar)(path, content)


def refuses(archive: Path, match: str) -> str:
    """Check that nothing of the archive is unpacked and return the one sentence that says why."""
    folder = archive.parent / "out" / "deeper"
    with pytest.raises(UserError, match=match) as error:
        extract_archive(archive, folder, take_all)
    sentence = str(error.value)
    assert str(archive) in sentence
    assert "\n" not in sentence
    found = [path for path in archive.parent.rglob("*") if path.is_file()]
    assert [path for path in found if path.name != ".unpacking.lock"] == [archive]
    return sentence
