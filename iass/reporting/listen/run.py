"""The step `listen`: excerpts and scores become the listening page."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from iass.reporting.context import RUNS, Context
from iass.reporting.listen.content import Curve, Index, LeftOut, Song
from iass.reporting.listen.page import STATIC, write_page
from iass.reporting.listen.records import Place
from iass.reporting.listen.songs import Source, build_song, open_sources
from iass.scoring.table import read_scores

TITLE = "What the methods make of the music"
CLIPS = (
    "Every clip is an MP3 by one encoder with one setting. An excerpt is where most targets play, "
    "by the labels; of several trainings the first is heard."
)
_MB = 1e6
_CURVE, _VALUE, _FRAME, _SONG, _PAGE = 200, 8, 100, 4000, 20000  # bytes of text, at most


class PageWish(BaseModel):
    """What the config says of the page; `left_out` are whole data sets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_mb: float
    private: bool
    contexts: list[Context]
    left_out: list[LeftOut]


def write_listening_page(
    wish: PageWish, excerpts: Iterable[Path], scores: Path, folder: Path
) -> None:
    """Write the page to `folder`, with one song in memory; `excerpts` are folders of both steps.

    Songs that would make it larger than `max_mb` are left out, and the page says so.
    """
    sources = open_sources(wish.contexts, excerpts, read_scores(scores))
    songs = [(source, place) for source in sources for place in source.references.places]
    room = wish.max_mb * _MB - _measure_page() - _SONG * len(songs)
    fitting = find_fitting(map(_measure, songs), room)
    index = Index(
        title=TITLE,
        data=" ".join(dict.fromkeys(f"{context.data.rstrip('.')}." for context in wish.contexts)),
        private=wish.private,
        footer=tuple(_write_footer(sources)),
        left_out=(
            *wish.left_out,
            *(one for source in sources for one in source.references.left_out),
            *(
                _leave_out(*song, wish)
                for song, fits in zip(songs, fitting, strict=True)
                if not fits
            ),
        ),
    )
    kept = (song for song, fits in zip(songs, fitting, strict=True) if fits)
    (folder / "songs").mkdir(parents=True, exist_ok=True)  # an output, also of a page without songs
    write_page(index, (build_song(*song) for song in kept), folder)


def find_fitting(sizes: Iterable[float], room: float) -> list[bool]:
    """Return which of some songs find room, by their sizes; a smaller one may after a larger."""
    fitting = []
    for size in sizes:
        fits = size <= room
        room -= size * fits
        fitting.append(fits)
    return fitting


def measure_song(song: Song) -> int:
    """Return how many bytes a song takes on the page, at most."""
    curves: list[Curve] = [*song.labels.values(), *song.activity.values()]
    frames = [frame for row in song.sdr.values() for frame in row]
    return (
        _SONG
        + _CURVE * (len(song.clips) + len(curves) + len(song.sdr))
        + sum(-(-len(clip.audio) // 3) * 4 for clip in song.clips.values())
        + sum(_VALUE * len(curve.values) for curve in curves)
        + sum(_FRAME + len(json.dumps(frame.reason)) for frame in frames)
    )


def _measure(song: tuple[Source, Place]) -> int:
    return measure_song(build_song(*song))


def _measure_page() -> int:
    return sum(path.stat().st_size for path in STATIC.iterdir()) + _PAGE


def _leave_out(source: Source, place: Place, wish: PageWish) -> LeftOut:
    reason = f"the page would be larger than {wish.max_mb:g} MB (listen.max_mb in the config)"
    return LeftOut(f"{place.artist} - {place.title}", source.context.dataset, reason)


def _write_footer(sources: Sequence[Source]) -> Iterable[str]:
    yield CLIPS
    for source in sources:
        yield f"{_describe(source.context)} {_list_runs(source)}"


def _describe(context: Context) -> str:
    return (
        f"{context.experiment} on {context.dataset}: SDR of {context.window_s:g}-s frames as "
        "museval computes it; silence scores 0 dB."
    )


def _list_runs(source: Source) -> str:
    """Return the run ids behind the SDR, which lead to data, code and machine."""
    runs = source.scores.groupby("method", sort=False)["run_id"].unique().to_dict()
    made = [method for method in source.context.methods if method in runs]
    known = ", ".join(f"{method} {' '.join(runs[method])}" for method in made)
    return f"Runs, see {RUNS}: {known or 'none'}."
