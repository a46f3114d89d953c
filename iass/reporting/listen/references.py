"""The step `references`: choose what is heard of a data set; cut mixtures and references."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.foundation.audio import Channels
from iass.preparation.activity import LABEL_HOP, read_track_labels
from iass.preparation.manifest import Manifest, Track, read_manifest
from iass.preparation.tracks import open_mixture, open_reference
from iass.reporting.listen.choose import Wish, choose_start, choose_tracks
from iass.reporting.listen.cut import cut_curve, measure_level, write_clip
from iass.reporting.listen.records import MIXTURE, Place, References, clip_path, write_record


@dataclass(frozen=True)
class ReferenceJob:
    """One data set in one experiment. `quality` is LAME's."""

    experiment: str
    manifest: Path
    labels: Path
    targets: Sequence[str]
    channels: Channels
    wish: Wish
    quality: int


def cut_references(job: ReferenceJob, output: Path) -> None:
    """Write the chosen excerpts of mixtures and references, one song at a time.

    UserError if the wish names a track that is none, or a file has changed since prepare.
    """
    manifest = read_manifest(job.manifest)
    tracks, left_out = choose_tracks(manifest, job.targets, job.wish)
    places = [_cut_track(job, manifest, track, output) for track in tracks]
    record = References(
        experiment=job.experiment, dataset=manifest.dataset, places=places, left_out=left_out
    )
    write_record(output, record)


def _cut_track(job: ReferenceJob, manifest: Manifest, track: Track, output: Path) -> Place:
    found = read_track_labels(job.labels, track.id)
    labels = {target: found[target] for target in job.targets if target in found}
    length = min(round(job.wish.seconds * track.rate_hz), track.samples)
    start = choose_start(labels, track.samples, length, track.rate_hz)
    mixture_db, levels = _cut_clips(job, manifest, track, (start, start + length), output)
    return Place(
        id=track.id,
        title=track.title,
        artist=track.artist,
        licence=track.licence,
        flags=track.flags,
        rate_hz=track.rate_hz,
        start=start,
        samples=length,
        mixture_db=mixture_db,
        levels=levels,
        labels={
            target: cut_curve(curve, LABEL_HOP, start, length, track.rate_hz)
            for target, curve in labels.items()
        },
    )


def _cut_clips(
    job: ReferenceJob, manifest: Manifest, track: Track, part: tuple[int, int], output: Path
) -> tuple[float | None, dict[str, float | None]]:
    """Write a track's clips, one in memory at a time; return levels of mixture and references."""
    with open_mixture(job.manifest, track, job.channels) as mixture:
        audio = mixture.read(*part)
    mixture_db = measure_level(audio)
    write_clip(clip_path(output, track.id, MIXTURE), audio, track.rate_hz, job.quality)
    levels = {}
    for target in job.targets:
        with open_reference(job.manifest, manifest, track, target, job.channels) as reference:
            audio = reference.read(*part)
        write_clip(clip_path(output, track.id, target), audio, track.rate_hz, job.quality)
        levels[target] = measure_level(audio)
    return mixture_db, levels
