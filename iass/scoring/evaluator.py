"""Scores of WAV files without the workflow: one track, or trees of tracks, to files of scores."""

from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from iass.foundation.code import hash_code
from iass.foundation.config import Protocol
from iass.foundation.device import check_device
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, hash_text
from iass.foundation.memory import explain_shortage
from iass.foundation.progress import run_parallel
from iass.foundation.provenance import describe_packages
from iass.scoring import bss_eval
from iass.scoring.bss_eval.parallel import limit_torch_threads
from iass.scoring.engines import score_exactly
from iass.scoring.files import SongFiles, find_files, open_song
from iass.scoring.finished import keep_finished
from iass.scoring.folders import TrackFolders, find_pair, find_tracks
from iass.scoring.frames import FrameGrid
from iass.scoring.museval_json import write_museval_json
from iass.scoring.protocols import PROTOCOLS
from iass.scoring.score import METRICS, score_song
from iass.scoring.table import (
    Score,
    concatenate,
    tabulate_scores,
    write_scores,
    write_scores_csv,
)

EXPERIMENT = "scored"
PACKAGES = ("numpy", "soundfile", "torch")  # whose versions a track's scores depend on
SHORTEST_S = 0.001  # s; a frame below could round to no sample
LONGEST_S = 30  # s; memory grows with the frame, by the filters' spectra


@dataclass(frozen=True)
class Options:
    """How tracks are scored; no targets means all that have a reference."""

    targets: Sequence[str] | None = None
    metrics: Sequence[str] = METRICS
    protocol: Protocol = "joint"
    window_s: float = 1.0
    hop_s: float = 1.0
    device: str = "cpu"
    jobs: int = 1


@dataclass(frozen=True)
class Evaluation:
    """The score table of all tracks that could be scored, and why each of the others was not."""

    scores: pd.DataFrame
    failures: Sequence[str] = ()


Write = Callable[[Path, pd.DataFrame], None]
Outcome = pd.DataFrame | UserError


def evaluate_folders(
    references: Path, estimates: Path, output: Path, options: Options
) -> Evaluation:
    """Score the WAV files of one track into a file, or those of a tree of tracks into a folder.

    The file is museval's .json or our table as .parquet or .csv. The folder gets museval's
    <subset>/<track>.json and scores.parquet; finished tracks are kept in .finished, so that a
    killed run is taken up where it was. A track that cannot be scored stops no other.

    UserError if nothing can be scored, with the reason; then no file of `output` is changed.
    """
    _check_options(options)
    pair = find_pair(references, estimates)
    if pair:
        return _evaluate_pair(pair, output, options)
    return _evaluate_tree(references, estimates, output, options)


def _check_options(options: Options) -> None:
    for metric in options.metrics:
        if metric not in METRICS:
            raise UserError(f"There is no metric '{metric}'; choose among {', '.join(METRICS)}.")
    for name, value_s in (("window", options.window_s), ("hop", options.hop_s)):
        if not SHORTEST_S <= value_s <= LONGEST_S:
            raise UserError(
                f"--{name} is {value_s} s; give a number of s from {SHORTEST_S} to {LONGEST_S}."
            )
    check_device(options.device)


def _evaluate_pair(track: TrackFolders, output: Path, options: Options) -> Evaluation:
    write = _choose_writer(output, options)
    [outcome] = _score_tracks([track], None, options)
    if isinstance(outcome, UserError):
        raise outcome
    scores = _name_source(outcome, track.references, track.estimates)
    write(output, scores)
    return Evaluation(scores)


def _evaluate_tree(references: Path, estimates: Path, output: Path, options: Options) -> Evaluation:
    tracks = find_tracks(references, estimates)
    _refuse_strangers(output, tracks)
    if output.is_file() or output.suffix in (".json", ".parquet", ".csv"):
        raise UserError(f"{references} is a tree of tracks, but {output} a file; give a folder.")
    outcomes = _score_tracks(tracks, output / ".finished", options)
    failures = [str(outcome) for outcome in outcomes if isinstance(outcome, UserError)]
    scored = [outcome for outcome in outcomes if not isinstance(outcome, UserError)]
    if not scored:
        raise UserError(f"None of {len(tracks)} tracks was scored: {failures[0]}")
    for track, outcome in zip(tracks, outcomes, strict=True):
        _write_track(output / track.subset / f"{track.name}.json", outcome, options)
    scores = _name_source(concatenate(scored), references, estimates)
    write_scores(output / "scores.parquet", scores)
    return Evaluation(scores, failures)


def _refuse_strangers(output: Path, tracks: Sequence[TrackFolders]) -> None:
    """UserError if museval would read a file from `output` that this run does not write."""
    ours = {output / track.subset / f"{track.name}.json" for track in tracks}
    for folder in sorted({path.parent for path in ours}):
        for path in sorted(folder.glob("*.json")):
            if path not in ours:
                raise UserError(
                    f"{path} is of a track that is not scored now; remove it or give a new folder."
                )


def _write_track(path: Path, outcome: Outcome, options: Options) -> None:
    if isinstance(outcome, UserError):
        path.unlink(missing_ok=True)  # of another run, and not what the table says
    else:
        write_museval_json(path, outcome, options.window_s)


def _choose_writer(output: Path, options: Options) -> Write:
    """Return the writer that the suffix of `output` asks for."""
    writers: dict[str, Write] = {
        ".json": partial(_write_json, options.window_s),
        ".parquet": write_scores,
        ".csv": write_scores_csv,
    }
    if output.suffix not in writers or output.is_dir():
        raise UserError(
            f"{output} is no file for one track's scores; end it in .json, .parquet or .csv."
        )
    if output.suffix == ".json" and not {*options.metrics} & {*bss_eval.METRICS}:
        names = ", ".join(bss_eval.METRICS)
        raise UserError(f"{output} would be empty, for museval's JSON holds {names}; use .csv.")
    return writers[output.suffix]


def _write_json(window_s: float, path: Path, scores: pd.DataFrame) -> None:
    if scores["frame_s"].isna().all():
        raise UserError(
            f"{path} would be empty, for no target ever sounds; use .csv to get the reasons."
        )
    write_museval_json(path, scores, window_s)


def _score_tracks(
    tracks: Sequence[TrackFolders], kept: Path | None, options: Options
) -> list[Outcome]:
    """Return each track's scores, or why it has none."""
    processes = min(options.jobs, len(tracks))
    threads = max(1, torch.get_num_threads() // processes)
    work = partial(_try_track, options, threads, kept)
    try:
        return run_parallel(work, tracks, "score", processes)
    except BrokenProcessPool:
        raise UserError(
            "A process was killed while it scored, perhaps for lack of memory; use fewer --jobs."
        ) from None


def _try_track(options: Options, threads: int, kept: Path | None, track: TrackFolders) -> Outcome:
    advice = "use fewer --jobs or fewer --targets"
    try:
        with limit_torch_threads(threads), explain_shortage(track.name, advice):
            return _score_track(options, kept, track)
    except UserError as error:
        return error
    except OSError as error:
        return UserError(f"{error.filename or track.name}: {error.strerror or error}.")


def _score_track(options: Options, kept: Path | None, track: TrackFolders) -> pd.DataFrame:
    """Return the rows of a track, from `kept` if they are there."""
    files = find_files(track.references, track.estimates, options.targets)
    if options.protocol == "per_target" and files.mixture is None:
        raise UserError(
            f"{track.references} holds no mixture.wav, which the protocol per_target needs; add it "
            "or choose --protocol joint."
        )
    key = _hash_content(files, options)
    compute = partial(_compute_scores, files, options)
    rows = keep_finished(kept, key, compute) if kept else compute()
    return rows.assign(track=track.name, run_id=key[:16])


def _hash_content(files: SongFiles, options: Options) -> str:
    """Hash all that the scores depend on, names of folders left out."""
    content = (
        files.targets,
        [hash_file(path) for path in files.list_paths()],
        sorted(options.metrics),
        options.protocol,
        options.window_s,
        options.hop_s,
        options.device,
        hash_code("iass.scoring.evaluator"),
        describe_packages(*PACKAGES),
    )
    return hash_text(repr(content))


def _compute_scores(files: SongFiles, options: Options) -> pd.DataFrame:
    with open_song(files) as (song, rate_hz):
        window, hop = (int(s * rate_hz) for s in (options.window_s, options.hop_s))
        scores = score_song(
            song,
            FrameGrid(max(1, window), max(1, hop), rate_hz),
            PROTOCOLS[options.protocol],
            partial(score_exactly, device=options.device),
            options.metrics,
        )
    return _tabulate(scores, options)


def _tabulate(scores: Sequence[Score], options: Options) -> pd.DataFrame:
    """Return the rows without the names of track, method and data set."""
    return tabulate_scores(
        scores,
        experiment=EXPERIMENT,
        dataset="",
        method="",
        seed=None,
        track="",
        protocol=options.protocol,
        flags="",
        run_id="",
    )


def _name_source(scores: pd.DataFrame, references: Path, estimates: Path) -> pd.DataFrame:
    return scores.assign(dataset=references.resolve().name, method=estimates.resolve().name)
