"""What is odd about the files of a track: the measuring half of `iass data check`.

A finding is an *error* where preparation refuses the track, a *warning* where its scores or its
training suffer, and a *note* where it is only worth knowing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf, log10
from pathlib import Path
from typing import Literal

import numpy as np

from iass.foundation.audio import AudioInfo, AudioStream, FloatArray, probe_audio, stream_audio
from iass.foundation.card import TrackFiles
from iass.foundation.errors import UserError
from iass.preparation.describe import RATE_HZ

SUM_WARNING_DB = -30.0  # residual from which the stems do not sum to the mixture; AAC has -22 dB
CANCEL_DB = -60.0  # level of (L+R)/2 below the stereo signal from which a mono stem is lost
CLIP_LEVEL = 1 - 2**-15  # full scale of 16 bits

_BLOCK = 1 << 16  # samples read at a time; what is made of them fits into a core's cache
_COMMON_DEPTH = "PCM_16"
_EXACT_DEPTHS = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")  # soundfile's subtypes
_LINES = 50  # of a list of findings
_MIXTURE = "mixture"

Severity = Literal["error", "warning", "note"]
Kind = Literal[
    "file", "samples", "rate", "channels", "depth", "length", "silence", "phase", "clipping",
    "sum", "flag", "missing",
]  # fmt: skip

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing about one track, in a sentence that names the files by stem."""

    track: str
    what: Kind
    severity: Severity
    sentence: str


def inspect_track(files: TrackFiles) -> list[Finding]:
    """Read all files of a track in blocks and return what is odd about them.

    It raises nothing for a bad file: that is a finding. Memory does not depend on the length.
    """
    paths = dict(files.stems) | ({_MIXTURE: files.mixture} if files.mixture else {})
    infos, findings = _probe_files(files.id, paths)
    findings += _compare_headers(files.id, infos)
    levels, broken = _measure_files(files.id, {name: paths[name] for name in infos})
    findings += broken
    findings += [f for name, level in levels.items() for f in _judge_level(files.id, name, level)]
    if files.mixture and set(levels) == set(paths):
        findings += _compare_sum(files.id, paths, infos)
    return findings + [
        Finding(files.id, "flag", "note", f"known defect: {flag}") for flag in files.flags
    ]


def format_findings(findings: Sequence[Finding], tracks: int) -> str:
    """Return counts, then the findings by track, the worst tracks first, in at most 50 lines.

    `tracks` is the number of tracks that were inspected.
    """
    counts = [_count(sum(f.severity == s for f in findings), s) for s in _SEVERITIES]
    lines = [f"{_count(tracks, 'track')} checked: {', '.join(counts)}"]
    ordered = _sort_findings(findings)
    shown = 0
    for before, finding in zip([None, *ordered], ordered, strict=False):
        heading = [finding.track] if before is None or before.track != finding.track else []
        if len(lines) + len(heading) + 2 > _LINES:  # itself, and the count of the rest
            break
        lines += [*heading, f"  {finding.severity:7}  {finding.what:8}  {finding.sentence}"]
        shown += 1
    if rest := ordered[shown:]:
        others = len({finding.track for finding in rest})
        lines.append(f"and {_count(len(rest), 'finding')} more in {_count(others, 'track')}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _sort_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Order by the worst of each track, then as the tracks came, then by severity."""
    rank = {severity: index for index, severity in enumerate(_SEVERITIES)}
    worst: dict[str, int] = {}
    for finding in findings:
        here = rank[finding.severity]
        worst[finding.track] = min(here, worst.get(finding.track, here))
    place = {track: index for index, track in enumerate(worst)}
    return sorted(findings, key=lambda f: (worst[f.track], place[f.track], rank[f.severity]))


def _probe_files(
    track: str, paths: Mapping[str, Path]
) -> tuple[dict[str, AudioInfo], list[Finding]]:
    infos, findings = {}, []
    if not set(paths) - {_MIXTURE}:
        findings.append(Finding(track, "file", "error", "the track has no stem"))
    for name, path in paths.items():
        try:
            infos[name] = probe_audio(path)
        except UserError as error:
            findings.append(Finding(track, "file", "error", f"{name}: {error}"))
    return infos, findings


def _compare_headers(track: str, infos: Mapping[str, AudioInfo]) -> Iterator[Finding]:
    rates = {name: f"{info.rate_hz} Hz" for name, info in infos.items()}
    if any(info.rate_hz != RATE_HZ for info in infos.values()):
        sentence = f"{_group(rates)}; the benchmark works at {RATE_HZ} Hz: resample"
        yield Finding(track, "rate", "error", sentence)
    yield from _compare_channels(track, {name: info.channels for name, info in infos.items()})
    depths = {name: info.subtype for name, info in infos.items()}
    if not set(depths.values()) <= {_COMMON_DEPTH}:
        exact = set(depths.values()) <= set(_EXACT_DEPTHS)
        yield Finding(track, "depth", "note" if exact else "warning", _group(depths))
    if len({info.samples for info in infos.values()}) > 1:
        yield Finding(track, "length", "error", _describe_lengths(infos))


def _compare_channels(track: str, channels: Mapping[str, int]) -> Iterator[Finding]:
    names = {1: "mono", 2: "stereo"}
    described = {name: names.get(count, f"{count} channels") for name, count in channels.items()}
    if any(count > 2 for count in channels.values()):
        yield Finding(track, "channels", "error", f"{_group(described)}; mix down to two or one")
    elif any(count == 1 for count in channels.values()):
        yield Finding(track, "channels", "note", _group(described))


def _describe_lengths(infos: Mapping[str, AudioInfo]) -> str:
    lengths = {
        name: f"{info.samples} samples ({info.samples / info.rate_hz:.3f} s)"
        for name, info in infos.items()
    }
    samples = [info.samples for info in infos.values()]
    seconds = [info.samples / info.rate_hz for info in infos.values()]
    apart = f"{max(samples) - min(samples)} samples ({max(seconds) - min(seconds):.3f} s)"
    return f"{_group(lengths)}: {apart} apart; pad or trim"


def _group(values: Mapping[str, str]) -> str:
    """Return "44100 Hz (bass, drums), 48000 Hz (mixture)"."""
    named: dict[str, list[str]] = {}
    for name, value in values.items():
        named.setdefault(value, []).append(name)
    return ", ".join(f"{value} ({', '.join(names)})" for value, names in named.items())


@dataclass(frozen=True)
class _Level:
    """Sums over a file: of squares, of squares of the mean over channels, of clipped samples."""

    energy: float = 0.0
    mono_energy: float = 0.0
    clipped: int = 0


def _measure_files(
    track: str, paths: Mapping[str, Path]
) -> tuple[dict[str, _Level], list[Finding]]:
    levels, findings = {}, []
    for name, path in paths.items():
        try:
            with stream_audio(path) as stream:
                levels[name] = _measure(stream)
        except UserError as error:
            findings.append(Finding(track, "samples", "error", f"{name}: {error}"))
    return levels, findings


def _measure(stream: AudioStream) -> _Level:
    level = _Level()
    for start in range(0, stream.info.samples, _BLOCK):
        stop = min(start + _BLOCK, stream.info.samples)
        audio = np.ascontiguousarray(stream.read(start, stop))
        level = _Level(
            level.energy + _sum_squares(audio) / len(audio),
            level.mono_energy + _sum_squares(audio.mean(axis=0)),
            level.clipped + _count_clipped(audio),
        )
    return level


def _sum_squares(audio: FloatArray) -> float:
    return float(np.square(audio, dtype=np.float64).sum())


def _count_clipped(audio: FloatArray) -> int:
    """Return the number of places where three samples in a row of a channel are at full scale."""
    top = np.abs(audio) >= CLIP_LEVEL
    if not top.any() or audio.shape[1] < 3:
        return 0
    runs = top[:, :-2] & top[:, 1:-1] & top[:, 2:]
    return int(runs[:, 0].sum() + (runs[:, 1:] & ~runs[:, :-1]).sum())


def _judge_level(track: str, name: str, level: _Level) -> Iterator[Finding]:
    if level.energy == 0.0:
        yield Finding(track, "silence", "warning", f"{name} is silent: every sample is zero")
    elif (mono_db := _ratio_db(level.mono_energy, level.energy)) < CANCEL_DB:
        sentence = f"{name} cancels in mono: (L+R)/2 is {-mono_db:.0f} dB below its channels"
        yield Finding(track, "phase", "warning", sentence)
    if level.clipped:
        places = _count(level.clipped, "place")
        sentence = f"{name} is at full scale for 3 samples or more in {places}"
        yield Finding(track, "clipping", "note", sentence)


def _compare_sum(
    track: str, paths: Mapping[str, Path], infos: Mapping[str, AudioInfo]
) -> Iterator[Finding]:
    """Compare the mixture with the sum of the stems, where they can be added as they are."""
    widths = {info.channels for info in infos.values()} - {1}
    if len({info.rate_hz for info in infos.values()}) > 1 or len(widths) > 1:
        return
    residual, mixture = _measure_residual(paths, max(info.samples for info in infos.values()))
    level_db = _ratio_db(residual, mixture)
    if level_db >= SUM_WARNING_DB:
        sentence = (
            f"the stems do not sum to the mixture: what is left is at {level_db:+.1f} dB of it "
            f"(warned from {SUM_WARNING_DB:.0f} dB)"
        )
        yield Finding(track, "sum", "warning", sentence)


def _measure_residual(paths: Mapping[str, Path], samples: int) -> tuple[float, float]:
    """Return the energies of mixture - sum of stems, and of the mixture."""
    residual = mixture = 0.0
    with ExitStack() as stack:
        streams = {name: stack.enter_context(stream_audio(path)) for name, path in paths.items()}
        wide = max(stream.info.channels for stream in streams.values())
        for start in range(0, samples, _BLOCK):
            stop = min(start + _BLOCK, samples)
            blocks = {name: _read_padded(s, start, stop, wide) for name, s in streams.items()}
            mixed = blocks.pop(_MIXTURE)
            residual += _sum_squares(mixed - sum(blocks.values(), np.zeros_like(mixed)))
            mixture += _sum_squares(mixed)
    return residual, mixture


def _read_padded(stream: AudioStream, start: int, stop: int, channels: int) -> FloatArray:
    """Return (channels, stop - start), zero beyond the end; a mono file is on all channels."""
    audio = np.zeros((channels, stop - start), np.float32)
    end = min(stop, stream.info.samples)
    if end > start:
        audio[:, : end - start] = stream.read(start, end)
    return audio


def _ratio_db(part: float, whole: float) -> float:
    if part == 0.0:
        return -inf
    return inf if whole == 0.0 else 10 * log10(part / whole)
