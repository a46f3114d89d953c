"""What each kind of method is handed. This is where the truth is kept from competitors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

from iass.foundation.audio import Channels, Signal
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
from iass.preparation.tracks import open_mixture, open_reference
from iass.separation.command import run_command

Separate = Callable[[int, int], dict[str, Estimate]]
"""Separates the samples start..stop-1 of a song."""


@dataclass(frozen=True)
class Song:
    """One song with what any kind may ask of it; audio is read when asked for.

    `open_references` gives the reference of every target, for oracles only. `models` holds the
    loaded model per target, and nothing for kinds that learn nothing.
    """

    mixture: Signal
    open_references: Callable[[], Mapping[str, Signal]]
    targets: Sequence[str]
    models: Mapping[str, Any]


@contextmanager
def open_track(
    path: Path,
    manifest: Manifest,
    track: Track,
    channels: Channels,
    targets: Sequence[str],
    models: Mapping[str, Any],
) -> Iterator[Song]:
    """Open a track of the manifest at `path`."""
    with ExitStack() as stack:

        def open_references() -> Mapping[str, Signal]:
            return {
                target: stack.enter_context(open_reference(path, manifest, track, target, channels))
                for target in targets
            }

        mixture = stack.enter_context(open_mixture(path, track, channels))
        yield Song(mixture, open_references, targets, models)


@singledispatch
def hand_over(method: BaseMethod, song: Song) -> Separate:
    """Return how a method separates part of a song, with what its kind may see in its hands."""
    raise TypeError(f"{type(method).__name__} is of no known kind")


@hand_over.register
def _from_mixture(method: Bound, song: Song) -> Separate:
    mixture = song.mixture
    return lambda start, stop: method.separate(
        mixture.read(start, stop), mixture.rate_hz, song.targets
    )


@hand_over.register
def _from_weights(method: Pretrained, song: Song) -> Separate:
    mixture = song.mixture
    return lambda start, stop: method.separate(
        mixture.read(start, stop), mixture.rate_hz, song.models, song.targets
    )


@hand_over.register
def _from_truth(method: Oracle, song: Song) -> Separate:
    mixture, references = song.mixture, song.open_references()
    return lambda start, stop: method.separate(
        mixture.read(start, stop),
        mixture.rate_hz,
        {target: signal.read(start, stop) for target, signal in references.items()},
    )


@hand_over.register
def _from_models(method: Trained, song: Song) -> Separate:
    mixture = song.mixture
    return lambda start, stop: method.separate(
        mixture.read(start, stop), mixture.rate_hz, song.models
    )


@hand_over.register
def _from_command(method: Command, song: Song) -> Separate:
    mixture = song.mixture
    return lambda start, stop: run_command(
        method, mixture.read(start, stop), mixture.rate_hz, song.targets
    )
