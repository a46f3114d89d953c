from pathlib import Path

import numpy as np
import pytest
from full_disk import limit_file_size

from iass.foundation.audio import write_wav
from iass.foundation.errors import UserError
from iass.preparation.store import open_store, read_chunk, write_store

RATE_HZ = 44100


def _write_stems(folder: Path, *stems: np.ndarray) -> list[Path]:
    paths = [folder / f"{index}.wav" for index in range(len(stems))]
    for path, audio in zip(paths, stems, strict=True):
        write_wav(path, audio, RATE_HZ)
    return paths


def test_16_bit_stems_are_kept_as_their_integers(tmp_path: Path) -> None:
    stems = np.random.default_rng(0).integers(-32768, 32768, (3, 2, 100)).astype(np.int16)
    write_store(tmp_path / "a.npy", _write_stems(tmp_path, *stems))
    store = open_store(tmp_path / "a.npy")
    assert store.dtype == np.int16
    np.testing.assert_array_equal(store, stems)
    np.testing.assert_array_equal(read_chunk(store, 1, 0, 100), stems[1] / np.float32(32768))


def test_other_stems_are_kept_as_floats_and_mono_fills_the_width(tmp_path: Path) -> None:
    stereo = np.random.default_rng(0).standard_normal((2, 50)).astype(np.float32)
    mono = np.full((1, 50), 256, np.int16)
    write_store(tmp_path / "a.npy", _write_stems(tmp_path, stereo, mono))
    store = open_store(tmp_path / "a.npy")
    np.testing.assert_array_equal(read_chunk(store, 0, 0, 50), stereo)
    np.testing.assert_array_equal(read_chunk(store, 1, 0, 50), np.full((2, 50), 256 / 32768))


def test_a_chunk_over_the_end_is_padded_with_zeros(tmp_path: Path) -> None:
    write_store(tmp_path / "a.npy", _write_stems(tmp_path, np.full((1, 10), 16384, np.int16)))
    chunk = read_chunk(open_store(tmp_path / "a.npy"), 0, 8, 4)
    np.testing.assert_array_equal(chunk, [[0.5, 0.5, 0.0, 0.0]])


def test_a_store_is_what_numpy_would_save(tmp_path: Path) -> None:
    stems = np.random.default_rng(0).integers(-32768, 32768, (3, 2, 100)).astype(np.int16)
    write_store(tmp_path / "a.npy", _write_stems(tmp_path, *stems))
    np.save(tmp_path / "b.npy", stems)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_a_full_disk_is_a_sentence_and_leaves_the_old_store(tmp_path: Path) -> None:
    (stem,) = _write_stems(tmp_path, np.ones((1, 100), np.int16))
    write_store(tmp_path / "store" / "a.npy", [stem])
    with limit_file_size(999), pytest.raises(UserError) as caught:
        write_store(tmp_path / "store" / "a.npy", [stem] * 5)
    assert str(caught.value).startswith(f"{tmp_path}/store/a.npy cannot be written (File too large")
    assert list((tmp_path / "store").iterdir()) == [tmp_path / "store" / "a.npy"]
    assert open_store(tmp_path / "store" / "a.npy").shape == (1, 1, 100)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY half", b"pickle me"])
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.npy is not a training store"):
        open_store(tmp_path / "a.npy")
