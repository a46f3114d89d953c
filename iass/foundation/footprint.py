"""What a prepared data set takes on the disk, worked out from the lengths of its songs."""

from dataclasses import dataclass

RATE_HZ = 44100
CHANNELS = 2  # mono files take half: what is worked out is rather too much


@dataclass(frozen=True)
class Footprint:
    """About how many bytes a data set takes, part by part; docs/COSTS.md has the sources.

    `archives` where the archives do not tell their sizes themselves (None: not published),
    `unpacked` the audio that is taken out of them, `built` the stems that are decoded or put
    together from it, `stores` the training songs once more, for random access.
    """

    unpacked: float = 0.0
    built: float = 0.0
    stores: float = 0.0
    archives: float | None = None


def count_audio_bytes(seconds: float, files: float, bytes_per_sample: int = 2) -> float:
    """Return the bytes of stereo audio at 44.1 kHz: 16 bits, or floats of 4 bytes per sample.

    `seconds` of music, each second of it in `files` files (per song, on average).
    """
    return seconds * files * RATE_HZ * CHANNELS * bytes_per_sample
