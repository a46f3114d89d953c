"""falcon69: six seconds of real music, the MUSDB18 excerpt inside the package stempeg."""

from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from iass.datasets.musdb.stems import RATE_HZ, STREAMS, decode_streams
from iass.foundation.audio import write_wav
from iass.foundation.card import Card, Tools, TrackFiles
from iass.foundation.errors import UserError
from iass.foundation.footprint import Footprint, count_audio_bytes

TRIM_SAMPLES = 4096  # per end; the last 2048 of every stem reach full scale (DATA, embedded)
TRACK_ID = "The Easton Ellises - Falcon 69"
LICENCE = "CC BY-NC-SA 3.0"


@dataclass(frozen=True)
class DataSet(Card):
    """One real test track, decoded from AAC, so the mixture is not the exact sum of the stems."""

    title = "Falcon 69"
    description = "A 6-s excerpt of one real MUSDB18 song; test only."
    citation = (
        "Rafii, Liutkus, Stöter, Mimilakis, Bittner: The MUSDB18 corpus for music separation, 2017."
    )
    licence = (
        "CC BY-NC-SA 3.0: may be shared with the artist's name, under the same terms and without "
        "commercial use; read from the installed package, not shipped."
    )
    publishable = (LICENCE,)
    access = "Comes with the package stempeg; nothing to download."
    targets = {name: (name,) for name in ("vocals", "drums", "bass", "other")}
    splits = ("test",)
    protocol = "joint"

    @property
    def footprint(self) -> Footprint:
        """Mixture and stems as floats."""
        return Footprint(built=count_audio_bytes(6.0, len(STREAMS), bytes_per_sample=4))

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Decode the five streams to float WAVs, 4096 samples shorter at each end."""
        audio = decode_streams(find_excerpt())
        files = {name: tools.folder / TRACK_ID / f"{name}.wav" for name in STREAMS}
        for name, samples in zip(STREAMS, audio, strict=True):
            write_wav(files[name], samples[:, TRIM_SAMPLES:-TRIM_SAMPLES], RATE_HZ)
        mixture = files.pop("mixture")
        return [
            TrackFiles(
                id=TRACK_ID,
                title="Falcon 69",
                artist="The Easton Ellises",
                split="test",
                stems=files,
                mixture=mixture,
                licence=LICENCE,
            )
        ]


def find_excerpt() -> Path:
    """Return the excerpt inside the installed package stempeg, which need not be importable."""
    spec = PathFinder.find_spec("stempeg")  # sees past a stand-in that museval may have got
    if spec is None or spec.origin is None:
        raise UserError("falcon69 lies in the package stempeg, which is missing; install stempeg.")
    return Path(spec.origin).parent / "data" / "The Easton Ellises - Falcon 69.stem.mp4"
