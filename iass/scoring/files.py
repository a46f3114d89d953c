"""A song as two folders of WAV files, one per target, read piece by piece."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from iass.foundation.audio import AudioStream, stream_audio
from iass.foundation.errors import UserError
from iass.scoring.song import Song

MIXTURE = "mixture"


@dataclass(frozen=True)
class SongFiles:
    """References and estimates in the order of the targets, and the mixture where there is one."""

    targets: Sequence[str]
    references: Sequence[Path]
    estimates: Sequence[Path]
    mixture: Path | None

    def list_paths(self) -> list[Path]:
        """Return every file."""
        return [*self.references, *self.estimates, *([self.mixture] if self.mixture else [])]


def list_wavs(folder: Path) -> list[Path]:
    """Return the files *.wav of a folder by name, without hidden ones; none if it is no folder."""
    found = folder.glob("*.wav")
    return sorted(path for path in found if not path.name.startswith(".") and path.is_file())


def find_files(
    references: Path, estimates: Path, targets: Sequence[str] | None = None
) -> SongFiles:
    """Return the files of a song: a target is a *.wav among the references but for mixture.wav.

    `targets` chooses some of them. UserError names what is missing.
    """
    found = [path.stem for path in list_wavs(references) if path.stem != MIXTURE]
    if not found:
        raise UserError(f"{references} holds no reference *.wav; add one file per target.")
    for target in targets or []:
        if target not in found:
            names = ", ".join(found)
            raise UserError(f"{references} holds no {target}.wav; choose targets among: {names}.")
    chosen = [target for target in found if targets is None or target in targets]
    mixture = references / f"{MIXTURE}.wav"
    return SongFiles(
        targets=chosen,
        references=[references / f"{target}.wav" for target in chosen],
        estimates=[_find_estimate(references, estimates, target) for target in chosen],
        mixture=mixture if mixture.is_file() else None,
    )


@contextmanager
def open_song(files: SongFiles) -> Iterator[tuple[Song, int]]:
    """Give a song whose signals read from open files, and its rate in Hz.

    UserError if a file cannot be read or differs from the others in rate, channels or length, and,
    when the signals are read, at a NaN or infinite sample.
    """
    with ExitStack() as stack:
        references = [stack.enter_context(stream_audio(path)) for path in files.references]
        estimates = [stack.enter_context(stream_audio(path)) for path in files.estimates]
        mixture = stack.enter_context(stream_audio(files.mixture)) if files.mixture else None
        first = references[0]
        for stream in [*references[1:], *([mixture] if mixture else [])]:
            _check_fit(stream, first)
        for estimate, reference in zip(estimates, references, strict=True):
            _check_fit(estimate, reference)
        song = Song(
            targets=files.targets,
            samples=first.info.samples,
            references=[stream.read for stream in references],
            estimates=[stream.read for stream in estimates],
            mixture=mixture.read if mixture else None,
        )
        yield song, first.info.rate_hz


def _find_estimate(references: Path, estimates: Path, target: str) -> Path:
    path = estimates / f"{target}.wav"
    if not path.is_file():
        reference = references / path.name
        raise UserError(
            f"{path} is missing, but there is {reference}; add the estimate, or name the others "
            "with --targets, for scores of that smaller set."
        )
    return path


def _check_fit(stream: AudioStream, other: AudioStream) -> None:
    ours, theirs = stream.info, other.info
    for found, wanted, unit in (
        (ours.rate_hz, theirs.rate_hz, "Hz"),
        (ours.channels, theirs.channels, "channel(s)"),
        (ours.samples, theirs.samples, "samples"),
    ):
        if found != wanted:
            raise UserError(
                f"{stream.path} has {found} {unit}, but {other.path} {wanted}; all files of a song "
                "must agree in rate, channels and length, so write the wrong one again."
            )
