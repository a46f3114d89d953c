"""The step `prepare`: a card's files become a manifest, activity labels and training stores."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from iass.foundation.card import Card, Tools, TrackFiles
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.plugins import load_card
from iass.preparation.activity import write_labels
from iass.preparation.describe import describe_tracks
from iass.preparation.manifest import Manifest, write_manifest


def prepare_dataset(
    name: str, entry: DatasetEntry, tools: Tools, manifest: Path, labels: Path
) -> None:
    """Prepare the data set `name`: write its files to its folder, its manifest and its labels.

    UserError names the file that is missing, broken, of another rate or of another length.
    """
    card = load_card(name, entry)
    files = card.prepare(tools)
    check_tracks(name, files)
    described, found = describe_tracks(_start_manifest(name, card, files), files, manifest, tools)
    write_labels(labels, found)
    write_manifest(manifest, described)


def _start_manifest(name: str, card: Card, files: Iterable[TrackFiles]) -> Manifest:
    has_mixture = any(track.mixture for track in files)
    return Manifest(
        dataset=name,
        protocol=card.protocol,
        targets={target: list(stems) for target, stems in card.targets.items()},
        mixture_rule="file" if has_mixture else "sum",
        tracks=[],
    )


def check_tracks(name: str, files: Sequence[TrackFiles]) -> None:
    """UserError if a card found nothing, or tracks whose ids or mixtures cannot stand together."""
    if not files:
        raise UserError(f"{name}: its card found 0 tracks; check the folder it reads.")
    ids = [track.id for track in files]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice:
        raise UserError(f"{name}: two tracks have the id '{twice}'; make the ids unique.")
    unsafe = next((one for one in ids if Path(one).name != one or one in ("", "..")), None)
    if unsafe is not None:
        raise UserError(
            f"{name}: the track id '{unsafe}' is no file name; its card must change it."
        )
    if len({track.mixture is None for track in files}) > 1:
        raise UserError(
            f"{name}: some tracks have a mixture file and some have none; make all alike."
        )
