"""The leakage guard: no model may have been trained on a song that it is scored on."""

from pathlib import Path

from iass.datasets.multitracks.artists import Named
from iass.datasets.multitracks.guard import refuse_overlap
from iass.datasets.multitracks.overlap import find_overlap
from iass.foundation.files import write_json
from iass.preparation.manifest import Manifest, read_manifest


def check_overlap(experiment: str, train: Path, test: Path, allowed: bool, output: Path) -> None:
    """Write the songs that the manifest `train` learns from and that the manifest `test` scores.

    UserError if there are any and they are not `allowed`.
    """
    learned = _list_learned(read_manifest(train))
    pairs = find_overlap(learned, read_manifest(test).select("test"))
    if not allowed:
        refuse_overlap(f"experiments.{experiment}", pairs)
    write_json(output, {"allowed": allowed, "pairs": pairs})


def _list_learned(manifest: Manifest) -> list[Named]:
    return [*manifest.select("train"), *manifest.select("valid")]
