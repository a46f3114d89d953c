"""What is heard of a data set: which test tracks, and which seconds of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from iass.foundation.audio import FloatArray
from iass.foundation.errors import UserError
from iass.preparation.activity import ACTIVE, LABEL_HOP
from iass.preparation.manifest import Manifest, Track
from iass.reporting.listen.content import LeftOut
from iass.scoring.table import ERRATUM

STEP_S = 1  # an excerpt starts at a whole second of its song, as frames of scores do


class Wish(BaseModel):
    """What the config and the card of a data set say of its excerpts.

    `names` are the ids of tracks in place of the first `tracks`; `publishable` are the licences of
    tracks that a public page may play, which a `private` one does not ask for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tracks: int
    names: list[str] | None
    seconds: float
    publishable: list[str]
    private: bool

    def allows(self, track: Track) -> bool:
        """Return whether the page may play a track."""
        return self.private or track.licence in self.publishable


def choose_tracks(
    manifest: Manifest, targets: Sequence[str], wish: Wish
) -> tuple[list[Track], list[LeftOut]]:
    """Return the test tracks to hear, and those that are left out for their licence.

    Where the wish names none: those without known faults in which most targets sound, the first
    of equals. UserError if a name is no test track.
    """
    tracks = manifest.select("test")
    if wish.names is not None:
        named = [_find_track(manifest.dataset, tracks, name) for name in dict.fromkeys(wish.names)]
        return [track for track in named if wish.allows(track)], [
            LeftOut(f"{track.artist} - {track.title}", manifest.dataset, explain([track.licence]))
            for track in named
            if not wish.allows(track)
        ]
    sound = [track for track in tracks if not any(flag.startswith(ERRATUM) for flag in track.flags)]
    ranked = sorted(filter(wish.allows, sound), key=lambda track: -_count_targets(track, targets))
    return ranked[: wish.tracks], _sum_up(manifest.dataset, tracks, wish)


def choose_start(labels: Mapping[str, FloatArray], samples: int, length: int, rate_hz: int) -> int:
    """Return the sample at which most targets play for the next `length`, the first of equals.

    `labels` are confidences (frames,) by target; a start is a whole second of the song.
    """
    playing = _count_playing(labels)
    starts = np.arange(0, max(samples - length, 0) + 1, STEP_S * rate_hz)
    first = np.minimum(-(-starts // LABEL_HOP), len(playing) - 1)
    behind = np.clip(-(-(starts + length) // LABEL_HOP), first + 1, len(playing))
    before = np.concatenate([[0], np.cumsum(playing)])
    return int(starts[np.argmax((before[behind] - before[first]) / (behind - first))])


def explain(licences: Sequence[str]) -> str:
    """Return why a public page does not play tracks of some licences."""
    known = ", ".join(sorted({licence or "unknown" for licence in licences}))
    return (
        f"the licence ({known}) keeps it from a public page; with listen.private in the config the "
        "page is for your own use, and plays it"
    )


def _count_playing(labels: Mapping[str, FloatArray]) -> FloatArray:
    """Return how many targets play in each frame (frames,)."""
    if not labels:
        return np.zeros(1, np.float32)
    playing = [curve >= ACTIVE for curve in labels.values()]
    return np.asarray(np.sum(playing, axis=0), np.float32)


def _count_targets(track: Track, targets: Sequence[str]) -> int:
    return len(set(track.targets) & set(targets))


def _find_track(dataset: str, tracks: Sequence[Track], name: str) -> Track:
    found = next((track for track in tracks if track.id == name), None)
    if found is None:
        raise UserError(
            f"listen.names.{dataset} names '{name}', which is no test track of it; "
            f"results/data/{dataset}/manifest.json lists them."
        )
    return found


def _sum_up(dataset: str, tracks: Sequence[Track], wish: Wish) -> list[LeftOut]:
    kept = [track.licence for track in tracks if not wish.allows(track)]
    title = f"{len(kept)} of {len(tracks)} test tracks"
    return [LeftOut(title, dataset, explain(kept))] if kept else []
