"""The step `prepare`: a card's files become a manifest, activity labels and training stores."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from iass.foundation import progress
from iass.foundation.audio import AudioInfo, FloatArray, probe_audio
from iass.foundation.card import Card, TrackFiles
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file
from iass.foundation.plugins import load_card
from iass.preparation.activity import compute_activity, write_labels
from iass.preparation.manifest import (
    Manifest,
    Stem,
    Track,
    relative_path,
    write_manifest,
)
from iass.preparation.store import write_store
from iass.preparation.tracks import read_mixture, read_reference

RATE_HZ = 44100  # the rate of every data set and network of the benchmark (METHOD section 2)

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class PreparationTools:
    """What a card's `prepare` is handed: a folder for its files and the job's cores."""

    folder: Path
    processes: int

    def run_parallel(self, function: Callable[[S], T], items: Sequence[S], what: str) -> list[T]:
        """Return `function` of each item, in order, with a progress bar."""
        return progress.run_parallel(function, items, what, self.processes)


@dataclass(frozen=True)
class _Describer:
    """Turns one track's files into its manifest entry, labels and store; picklable."""

    manifest: Manifest
    path: Path
    stores: Path

    def __call__(self, files: TrackFiles) -> tuple[Track, dict[str, FloatArray]]:
        track = self._describe(files)
        references = {
            target: read_reference(self.path, self.manifest, track, target, "stereo")
            for target in self.manifest.targets
        }
        sounding = [target for target, audio in references.items() if audio.any()]
        read_mixture(self.path, track, "stereo")  # refuses a broken file now rather than later
        labels = {target: compute_activity(audio) for target, audio in references.items()}
        return track.model_copy(update={"targets": sounding}), labels

    def _describe(self, files: TrackFiles) -> Track:
        infos = _probe_stems(files)
        stems = {name: self._stem(path, infos[name]) for name, path in files.stems.items()}
        mixture = self._stem(files.mixture, infos["mixture"]) if files.mixture else None
        return Track(
            id=files.id,
            title=files.title,
            artist=files.artist,
            split=files.split,
            targets=[],
            stems=stems,
            mixture=mixture,
            store=self._write_store(files),
            extras={name: relative_path(path, self.path) for name, path in files.extras.items()},
            licence=files.licence,
            flags=list(files.flags),
        )

    def _stem(self, path: Path, info: AudioInfo) -> Stem:
        return Stem(
            path=relative_path(path, self.path),
            sha256=hash_file(path),
            rate_hz=info.rate_hz,
            samples=info.samples,
            channels=info.channels,
        )

    def _write_store(self, files: TrackFiles) -> str | None:
        if files.split == "test":
            return None
        path = self.stores / f"{files.id}.npy"
        write_store(path, [files.stems[name] for name in sorted(files.stems)])
        return relative_path(path, self.path)


def prepare_dataset(
    name: str, entry: DatasetEntry, folder: Path, manifest: Path, labels: Path, processes: int
) -> None:
    """Prepare the data set `name`: write its files to `folder`, its manifest and its labels.

    UserError names the file that is missing, broken, of another rate or of another length.
    """
    card = load_card(name, entry)
    tools = PreparationTools(folder, processes)
    files = card.prepare(tools)
    _check_tracks(name, files)
    empty = _start_manifest(name, card, files)
    described = tools.run_parallel(
        _Describer(empty, manifest, folder / "store"), files, f"{name}: labels, checksums"
    )
    write_labels(
        labels,
        {(track.id, target): c for track, found in described for target, c in found.items()},
    )
    write_manifest(manifest, empty.model_copy(update={"tracks": [track for track, _ in described]}))


def _start_manifest(name: str, card: Card, files: Iterable[TrackFiles]) -> Manifest:
    has_mixture = any(track.mixture for track in files)
    return Manifest(
        dataset=name,
        protocol=card.protocol,
        targets={target: list(stems) for target, stems in card.targets.items()},
        mixture_rule="file" if has_mixture else "sum",
        tracks=[],
    )


def _check_tracks(name: str, files: Sequence[TrackFiles]) -> None:
    if not files:
        raise UserError(f"{name}: its card found 0 tracks; check the folder it reads.")
    ids = [track.id for track in files]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice:
        raise UserError(f"{name}: two tracks have the id '{twice}'; make the ids unique.")


def _probe_stems(files: TrackFiles) -> dict[str, AudioInfo]:
    """Read the headers of a track's files and compare rate and length."""
    paths = dict(files.stems) | ({"mixture": files.mixture} if files.mixture else {})
    infos = {name: probe_audio(path) for name, path in paths.items()}
    first = next(iter(infos.values()))
    for name, info in infos.items():
        if info.rate_hz != RATE_HZ:
            raise UserError(
                f"{paths[name]} has {info.rate_hz} Hz, the benchmark works at {RATE_HZ} Hz; "
                "resample the file."
            )
        if info.samples != first.samples:
            raise UserError(
                f"{paths[name]} has {info.samples} samples, the other stems of '{files.id}' have "
                f"{first.samples}; pad or trim it."
            )
    return infos
