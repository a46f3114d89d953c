"""What each kind of method is handed. This is where the truth is kept from competitors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

from iass.foundation.audio import Channels, FloatArray
from iass.foundation.method import (
    BaseMethod,
    Bound,
    Command,
    Estimate,
    Oracle,
    Pretrained,
    Trained,
)
from iass.preparation.manifest import Manifest, Track
from iass.preparation.tracks import read_mixture, read_reference
from iass.separation.command import run_command


@dataclass(frozen=True)
class TrackView:
    """One test track with what any kind may ask of it; audio is read when asked for."""

    path: Path
    manifest: Manifest
    track: Track
    channels: Channels
    targets: tuple[str, ...]
    models: Mapping[str, Any]
    """Loaded model per target; empty for kinds that learn nothing."""

    @property
    def mixture(self) -> FloatArray:
        """The mixture (channels, samples)."""
        return read_mixture(self.path, self.track, self.channels)

    @property
    def references(self) -> dict[str, FloatArray]:
        """The reference (channels, samples) of every target: for oracles only."""
        return {
            target: read_reference(self.path, self.manifest, self.track, target, self.channels)
            for target in self.targets
        }


@singledispatch
def separate_song(method: BaseMethod, song: TrackView) -> dict[str, Estimate]:
    """Let a method separate a song, handing it what its kind may see."""
    raise TypeError(f"{type(method).__name__} is of no known kind")


@separate_song.register(Bound)
@separate_song.register(Pretrained)
def _from_mixture(method: Bound | Pretrained, song: TrackView) -> dict[str, Estimate]:
    return method.separate(song.mixture, song.track.rate_hz, song.targets)


@separate_song.register
def _from_truth(method: Oracle, song: TrackView) -> dict[str, Estimate]:
    return method.separate(song.mixture, song.track.rate_hz, song.references)


@separate_song.register
def _from_models(method: Trained, song: TrackView) -> dict[str, Estimate]:
    return method.separate(song.mixture, song.track.rate_hz, song.models)


@separate_song.register
def _from_command(method: Command, song: TrackView) -> dict[str, Estimate]:
    return run_command(method, song.mixture, song.track.rate_hz, song.targets)
