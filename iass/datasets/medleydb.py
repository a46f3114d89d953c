"""medleydb: 196 multitrack songs with labels, one half of the paper's second set."""

from dataclasses import dataclass

from iass.foundation.card import Archive, Card, Tools, TrackFiles
from iass.foundation.errors import UserError

METADATA_COMMIT = "537bb7bad0601fc58e4fff8404f71658b86ef60e"  # of marl/medleydb, MIT

# Target -> the labels (field `instrument` of a stem) that count as it.
INSTRUMENTS = {
    "vocals": ("male singer", "female singer", "vocalists"),
    "drums": ("drum set",),
    "bass": ("electric bass", "double bass"),
    "electric_guitar": ("clean electric guitar", "distorted electric guitar"),
    "acoustic_guitar": ("acoustic guitar",),
    "piano": ("piano",),
}


@dataclass(frozen=True)
class DataSet(Card):
    """Versions 1 (122 songs) and 2 (74 songs): folders T with T_MIX.wav and T_STEMS/T_STEM_01.wav.

    Songs that contain the instrument, and those of them without bleed, counted from the metadata:
    bass 122 and 90, drums 106 and 81, vocals 86 and 65, electric guitar 73 and 57,
    acoustic guitar 35 and 25, piano 72 and 33.
    """

    title = "MedleyDB"
    description = (
        "196 songs at 44.1 kHz with a mixture, stems and instrument labels. The mixture is not the "
        "plain sum of the stems; bleed is flagged per song, and the errata list songs flagged "
        "wrongly. 46 songs of MUSDB18 come from here."
    )
    citation = (
        "Bittner, Salamon, Tierney, Mauch, Cannam, Bello: MedleyDB, a multitrack dataset for "
        "annotation-intensive MIR research, ISMIR 2014."
    )
    licence = (
        "Audio CC BY-NC-SA: no commercial use, changed versions under the same terms; metadata MIT."
    )
    access = (
        "Ask for access at https://zenodo.org/record/1649325 (version 1) and "
        "https://zenodo.org/record/1715175 (version 2); it is granted per request and can take "
        "months. Two songs are open: https://zenodo.org/record/1438309."
    )
    archives = (
        Archive(name="MedleyDB version 1", url="https://zenodo.org/record/1649325"),
        Archive(name="MedleyDB version 2", url="https://zenodo.org/record/1715175"),
        Archive(
            name="metadata", url=f"https://github.com/marl/medleydb/archive/{METADATA_COMMIT}.zip"
        ),
    )
    targets = {name: (name,) for name in INSTRUMENTS}  # a stem per target, summed by its labels
    splits = ("train", "valid", "test")
    protocol = "per_target"

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Not in this version: UserError says where the set is to be had."""
        raise UserError(
            "medleydb cannot be prepared by this version yet: a later release will do it; its "
            "audio needs access to https://zenodo.org/record/1649325 and "
            "https://zenodo.org/record/1715175, so ask for that now and run the default config."
        )
