"""One track's files become its manifest entry, its activity labels and its training store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.foundation.audio import AudioInfo, FloatArray, probe_audio
from iass.foundation.card import Tools, TrackFiles
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file
from iass.preparation.activity import compute_activity
from iass.preparation.manifest import Manifest, Stem, Track, relative_path
from iass.preparation.store import write_store
from iass.preparation.tracks import read_mixture, read_reference

RATE_HZ = 44100  # the rate of every data set and network of the benchmark (METHOD section 2)

Labels = dict[tuple[str, str], FloatArray]
"""Activity confidence (frames,) by track id and target."""


def describe_tracks(
    empty: Manifest, files: Sequence[TrackFiles], path: Path, tools: Tools
) -> tuple[Manifest, Labels]:
    """Return the manifest `empty` with its tracks, and their labels; write the training stores.

    `path` is where the manifest will lie. UserError names the file that is missing, broken, of
    another rate or of another length.
    """
    describe = _Describer(empty, path, tools.folder / "store")
    described = tools.run_parallel(describe, files, f"{empty.dataset}: labels, checksums")
    labels = {(track.id, t): label for track, found in described for t, label in found.items()}
    return empty.model_copy(update={"tracks": [track for track, _ in described]}), labels


@dataclass(frozen=True)
class _Describer:
    """Turns one track's files into its manifest entry, labels and store; picklable."""

    manifest: Manifest
    path: Path
    stores: Path

    def __call__(self, files: TrackFiles) -> tuple[Track, dict[str, FloatArray]]:
        track = self._describe(files)
        # One target at a time: a song's targets in stereo together do not fit a small machine.
        found = {target: self._label(track, target) for target in self.manifest.targets}
        read_mixture(self.path, track, "stereo")  # refuses a broken file now rather than later
        sounding = [target for target, (sounds, _) in found.items() if sounds]
        labels = {target: label for target, (_, label) in found.items()}
        return track.model_copy(update={"targets": sounding}), labels

    def _label(self, track: Track, target: str) -> tuple[bool, FloatArray]:
        """Return whether a target sounds at all, and its activity confidence (frames,)."""
        audio = read_reference(self.path, self.manifest, track, target, "stereo")
        return bool(audio.any()), compute_activity(audio)

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
        if info.channels > 2:
            raise UserError(
                f"{paths[name]} has {info.channels} channels; mix it down to mono or stereo."
            )
        if info.samples != first.samples:
            raise UserError(
                f"{paths[name]} has {info.samples} samples, the other stems of '{files.id}' have "
                f"{first.samples}; pad or trim it."
            )
    return infos
