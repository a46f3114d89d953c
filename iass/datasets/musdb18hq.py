"""musdb18hq: 150 songs with four stems each, uncompressed; the paper's first set."""

from dataclasses import dataclass

from iass.foundation.card import Archive, Card, Tools, TrackFiles
from iass.foundation.errors import UserError

# The 14 songs of train/ that validate, by folder name: musdb/configs/mus.yaml of the package musdb.
VALIDATION_TRACKS = (
    "ANiMAL - Rockshow",
    "Actions - One Minute Smile",
    "Alexander Ross - Goodbye Bolero",
    "Clara Berry And Wooldog - Waltz For My Victims",
    "Fergessen - Nos Palpitants",
    "James May - On The Line",
    "Johnny Lokke - Promises & Lies",
    "Leaf - Summerghost",
    "Meaxic - Take A Step",
    "Patrick Talbot - A Reason To Leave",
    "Skelpolu - Human Mistakes",
    "Traffic Experiment - Sirens",
    "Triviul - Angelsaint",
    "Young Griffo - Pennies",
)


@dataclass(frozen=True)
class DataSet(Card):
    """Folders train/ (100) and test/ (50), one per song, named "Artist - Title".

    Each holds mixture, vocals, drums, bass and other as .wav.
    """

    title = "MUSDB18-HQ"
    description = (
        "150 full songs, stereo at 44.1 kHz, with vocals, drums, bass and other: 86 to train, 14 "
        "to validate, 50 to test. Errata: in 'PR - Oh No' the stems do not sum to the left channel "
        "of the mixture, in 'Detsky Sad - Walkie Talkie' other leaks into drums, and the vocal "
        "stems of 22 songs carry bleed (sigsep/website, pull requests 27 and 48)."
    )
    citation = (
        "Rafii, Liutkus, Stöter, Mimilakis, Bittner: MUSDB18-HQ, an uncompressed version of "
        "MUSDB18, 2019, doi 10.5281/zenodo.3338373."
    )
    licence = (
        "A licence per song (102 restricted, 48 CC BY-NC-SA): academic use only, no "
        "redistribution of the restricted songs."
    )
    access = "Download musdb18hq.zip (22.7 GB) from https://zenodo.org/record/3338373."
    archives = (
        Archive(
            name="musdb18hq.zip",
            url="https://zenodo.org/record/3338373/files/musdb18hq.zip",
            checksum="sha256:baac80d0483c61d74b2e5f3be75fa557eec52898339e6aa45c1fa48833c5d21d",
        ),
    )
    targets = {name: (name,) for name in ("vocals", "drums", "bass", "other")}
    splits = ("train", "valid", "test")
    protocol = "joint"

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Not in this version: UserError says where the set is to be had."""
        raise UserError(
            "musdb18hq cannot be prepared by this version yet: a later release will fetch "
            "musdb18hq.zip (22.7 GB) from https://zenodo.org/record/3338373 by itself; until then "
            "run the default config."
        )
