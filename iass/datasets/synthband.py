"""synthband: bands that play only here, synthesised from General MIDI, deterministic in a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from iass.foundation.card import Card, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes
from iass.synthesis import STEMS, SongPlan, check_request, plan_songs, render_song, write_song


@dataclass(frozen=True)
class DataSet(Card):
    """Songs with exact stems, for demonstrations and tests; synthesised, not real music.

    songs: number of songs per split. seconds: their length per split, s (DEMO: 18, 18, 10).
    seed: of the whole set.
    """

    seed: int = 0
    songs: Mapping[str, int] = field(default_factory=lambda: {"train": 24, "valid": 4, "test": 8})
    seconds: Mapping[str, float] = field(
        default_factory=lambda: {"train": 18.0, "valid": 18.0, "test": 10.0}
    )

    title = "synthband"
    description = "Synthesised bands of seven instruments with known notes; not real music."
    citation = "This project."
    licence = "Generated music: CC0-1.0; the sound font TimGM6mb it is rendered with: GPL-2."
    publishable = ("CC0-1.0",)
    access = "Generated on this machine; nothing to download."
    targets = {
        "vocals": ("vocals",),
        "drums": ("drums",),
        "bass": ("bass",),
        "electric_guitar": ("electric_guitar",),
        "acoustic_guitar": ("acoustic_guitar",),
        "piano": ("piano",),
        "other": ("electric_guitar", "acoustic_guitar", "piano", "ensemble"),
    }
    splits = ("train", "valid", "test")
    protocol = "per_target"

    def __post_init__(self) -> None:
        """UserError names an option that no band can be planned from."""
        check_request(self.seed, self.songs, self.seconds)

    @property
    def footprint(self) -> Footprint:
        """A WAV per stem and of the mixture, and stores of the stems."""
        seconds = {split: count * self.seconds[split] for split, count in self.songs.items()}
        kept = sum(length for split, length in seconds.items() if split != "test")
        return Footprint(
            built=count_audio_bytes(sum(seconds.values()), len(STEMS) + 1),
            stores=count_audio_bytes(kept, len(STEMS)),
        )

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Render every song: WAVs whose integer sum is the mixture, and the notes as MIDI."""
        plans = plan_songs(self.seed, self.songs, self.seconds)
        return tools.run_parallel(partial(_render, tools.folder), plans, "synthband: songs")


def _render(folder: Path, plan: SongPlan) -> TrackFiles:
    song_folder = folder / plan.id
    write_song(render_song(plan), song_folder)
    return TrackFiles(
        id=plan.id,
        title=plan.title,
        artist="synthband",
        split=plan.split,
        stems={stem: song_folder / f"{stem}.wav" for stem in STEMS},
        licence="CC0-1.0",
        extras={"notes": song_folder / "notes.mid"},
    )
