"""What a data set is, as one hash: the same on every machine, wherever its files lie."""

from iass.foundation.card import Split
from iass.foundation.files import hash_text
from iass.preparation.manifest import Manifest, Stem, Track


def hash_data(manifest: Manifest, *splits: Split) -> str:
    """Return the sha256 of all that scores or a model depend on in the tracks of `splits`.

    Audio (by its own sha256), ids, which stems make up which target, flags and order enter; paths,
    titles and licences do not.
    """
    tracks = [_describe_track(track) for track in manifest.tracks if track.split in splits]
    return hash_text(repr((manifest.mixture_rule, sorted(manifest.targets.items()), tracks)))


def _describe_track(track: Track) -> tuple[object, ...]:
    stems = {name: _describe_stem(stem) for name, stem in sorted(track.stems.items())}
    mixture = _describe_stem(track.mixture) if track.mixture else None
    return (track.id, track.split, track.targets, stems, mixture, track.flags)


def _describe_stem(stem: Stem) -> tuple[str, int, int, int]:
    return (stem.sha256, stem.rate_hz, stem.samples, stem.channels)
