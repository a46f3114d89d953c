"""The training store: one memory-mapped array per track, so that random chunks cost one copy.

A store is a .npy file of shape (stems, channels, samples), stems in the sorted order of their
names. 16-bit sources are kept as their exact integers, everything else as float32.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray, probe_audio, read_audio, read_pcm16
from iass.foundation.errors import UserError
from iass.foundation.files import replace_file

PCM16_SCALE = np.float32(2**-15)  # int16 to full scale +-1, as soundfile does


def write_store(path: Path, stems: Sequence[Path]) -> None:
    """Write the store of one track from its stem files, given in the sorted order of their names.

    Mono and stereo stems become equally wide. UserError names a file that cannot be read, or the
    store if the disk is full.
    """
    infos = [probe_audio(stem) for stem in stems]
    exact = all(info.subtype == "PCM_16" for info in infos)
    channels = max(info.channels for info in infos)
    shape = (len(stems), channels, infos[0].samples)
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.int16 if exact else np.float32)),
        "fortran_order": False,
        "shape": shape,
    }
    # Written, not mapped: a full disk is an error here, and would be a killed process there.
    with replace_file(path) as temporary, temporary.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for stem in stems:
            audio = read_pcm16(stem) if exact else read_audio(stem)[0]
            stream.write(np.ascontiguousarray(np.broadcast_to(audio, shape[1:])).data)


def open_store(path: Path) -> NDArray[Any]:
    """Memory-map a store read-only: (stems, channels, samples), int16 or float32."""
    try:
        store: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} is not a training store ({error}); prepare it again.") from None
    return store


def read_chunk(store: NDArray[Any], stem: int, start: int, samples: int) -> FloatArray:
    """Return one stem's float32 chunk (channels, samples), zero-padded beyond the end."""
    piece = store[stem, :, start : start + samples]
    chunk = np.empty((store.shape[1], samples), np.float32)
    scale = PCM16_SCALE if store.dtype == np.int16 else np.float32(1)
    np.multiply(piece, scale, out=chunk[:, : piece.shape[1]])  # converts and scales in one pass
    chunk[:, piece.shape[1] :] = 0
    return chunk
