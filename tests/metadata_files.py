"""Invented songs in the schema of MedleyDB's metadata, written as YAML files."""

from pathlib import Path
from typing import Any

import yaml


def describe_song(track: str, **changes: Any) -> dict[str, Any]:
    """Return the fields of one song; `labels` gives the instrument of each stem in turn."""
    labels = changes.pop("labels", ["drum set"])
    stems = {
        f"S{number:02d}": {
            "component": "",
            "filename": f"{track}_STEM_{number:02d}.wav",
            "instrument": label,
            "raw": {
                "R01": {"filename": f"{track}_RAW_{number:02d}_01.wav", "instrument": "kick drum"}
            },
        }
        for number, label in enumerate(labels, 1)
    }
    artist, _, title = track.partition("_")
    fields = {
        "album": "",
        "artist": artist,
        "composer": ["Nobody"],
        "has_bleed": "no",
        "mix_filename": f"{track}_MIX.wav",
        "origin": "Invented",
        "raw_dir": f"{track}_RAW",
        "stem_dir": f"{track}_STEMS",
        "stems": stems,
        "title": title,
        "version": 1.2,
    }
    return fields | changes


def write_song(folder: Path, track: str, **changes: Any) -> Path:
    """Write one song's file and return its path."""
    return write_fields(folder, track, describe_song(track, **changes))


def write_fields(folder: Path, track: str, fields: dict[str, Any]) -> Path:
    """Write the file of a song, whatever its fields are, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{track}_METADATA.yaml"
    path.write_text(yaml.safe_dump(fields, allow_unicode=True), "utf-8")
    return path
