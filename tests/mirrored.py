"""Cards that work on the replicas, and what they make of them."""

from pathlib import Path

from file_server import FileServer
from replica import Replicas

from iass.datasets import medleydb_sample, mm
from iass.foundation.card import Card, TrackFiles
from iass.preparation.tools import PreparationTools


def make_card(replicas: Replicas, **options: object) -> mm.DataSet:
    """Return mm without the songs that have no replica."""
    return mm.DataSet(leave_out=replicas.list_left_out(), **options)


def fetch_all(replicas: Replicas, mirror: FileServer, data: Path) -> Path:
    """Fetch mm and the sample to a data_dir; return it."""
    for name, card in (("mm", make_card(replicas)), ("sample", medleydb_sample.DataSet())):
        card.fetch(PreparationTools(data / name, 1, replicas.lock, mirror.url))
    return data


def prepare(card: Card, data: Path, name: str = "mm") -> dict[str, TrackFiles]:
    """Return the tracks of a card by id; `name` is its folder's."""
    return {track.id: track for track in card.prepare(PreparationTools(data / name))}
