"""One song through one method, block by block: memory does not grow with the song."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, isclose, lcm

import numpy as np

from iass.foundation.audio import Append, check_finite
from iass.foundation.errors import UserError
from iass.foundation.memory import explain_shortage
from iass.foundation.method import Activity, BaseMethod, Blocks, Estimate
from iass.separation.kinds import Song, hand_over

_NOT_FINITE = "the method made it of a song that has none; look for a fault in its model or code"
_TOO_LARGE = (
    "separate fewer targets at a time, or take a device with more memory (CUDA_VISIBLE_DEVICES=-1 "
    "takes the CPU)"
)


@dataclass(frozen=True)
class Block:
    """Samples start..stop-1 are kept of what is made of first..last-1."""

    start: int
    stop: int
    first: int
    last: int


def cut_blocks(samples: int, plan: Blocks | None) -> list[Block]:
    """Return the blocks of a song of `samples`, which adjoin; without a plan it is one block."""
    if plan is None:
        return [Block(0, samples, 0, samples)]
    length, context = (_round_up(size, plan.unit) for size in (plan.length, plan.context))
    stops = [(start, min(start + length, samples)) for start in range(0, samples, length)]
    return [Block(a, b, max(0, a - context), min(samples, b + context)) for a, b in stops]


def merge_plans(plans: Iterable[Blocks]) -> Blocks:
    """Return blocks that suit every one of `plans`."""
    known = list(plans)
    return Blocks(
        length=max(plan.length for plan in known),
        context=max(plan.context for plan in known),
        unit=lcm(*(plan.unit for plan in known)),
    )


def plan_song(method: BaseMethod, song: Song) -> list[Block]:
    """Return the blocks in which a method gets a song."""
    plan = method.plan_blocks(song.mixture.rate_hz, song.models)
    return cut_blocks(song.mixture.samples, plan)


def separate_blocks(
    method: BaseMethod, song: Song, blocks: Iterable[Block], where: str
) -> Iterator[dict[str, Estimate]]:
    """Yield the estimates of each block, without its context, so that they join to the song's.

    UserError names `where` (method and song) and what is wrong with an estimate, or that there is
    too little memory.
    """
    separate = hand_over(method, song)
    for block in blocks:
        with explain_shortage(where, _TOO_LARGE):
            estimates = separate(block.first, block.last)
        _check_estimates(estimates, song, block, where)
        yield {target: _trim(estimates[target], song, block, where) for target in song.targets}


def write_estimates(
    parts: Iterable[Mapping[str, Estimate]], files: Mapping[str, Append]
) -> dict[str, Activity]:
    """Append every part to its target's file, and return the joined activity where there is one."""
    curves: dict[str, _Curve] = {}
    for part in parts:
        for target, estimate in part.items():
            files[target](estimate.audio)
            if estimate.activity:
                curves.setdefault(target, _Curve(estimate.activity.hop_s)).append(estimate.activity)
    return {target: curve.join() for target, curve in curves.items()}


class _Curve:
    """Activity that grows in two buffers: small arrays kept among large ones hold freed memory."""

    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        self._probability, self._gate = array("f"), array("f")

    def append(self, activity: Activity) -> None:
        """Add the next frames."""
        self._probability.frombytes(activity.probability.astype(np.float32).tobytes())
        self._gate.frombytes(activity.gate.astype(np.float32).tobytes())

    def join(self) -> Activity:
        """Return all frames."""
        probability, gate = (np.array(curve) for curve in (self._probability, self._gate))
        return Activity(probability, gate, self._hop_s)


def _check_estimates(
    estimates: Mapping[str, Estimate], song: Song, block: Block, where: str
) -> None:
    shape = (song.mixture.channels, block.last - block.first)
    if set(estimates) != set(song.targets):
        raise UserError(f"{where} gave {sorted(estimates)}, asked were {sorted(song.targets)}.")
    for target, estimate in estimates.items():
        if estimate.audio.shape != shape or estimate.audio.dtype != np.float32:
            raise UserError(
                f"{where} gave '{target}' as {estimate.audio.dtype} {estimate.audio.shape}; the "
                f"mixture is float32 {shape}, and so must be the estimate."
            )
        check_finite(
            estimate.audio, f"{where}: the estimate of '{target}'", block.first, _NOT_FINITE
        )


def _trim(estimate: Estimate, song: Song, block: Block, where: str) -> Estimate:
    """Return what is left of an estimate without the block's context."""
    audio = estimate.audio[:, block.start - block.first : block.stop - block.first]
    if estimate.activity is None:
        return Estimate(audio)
    frames = _select_frames(estimate.activity, song, block, where)
    return Estimate(
        audio,
        Activity(
            estimate.activity.probability[frames],
            estimate.activity.gate[frames],
            estimate.activity.hop_s,
        ),
    )


def _select_frames(activity: Activity, song: Song, block: Block, where: str) -> slice:
    """Return the frames centred in start..stop-1; the song's last block keeps those at its end."""
    hop = activity.hop_s * song.mixture.rate_hz
    for place in {block.first, block.start}:
        if not isclose(place / hop, round(place / hop), abs_tol=1e-6):
            raise UserError(
                f"{where} gives activity every {hop:g} samples, but a block begins at sample "
                f"{place}; let plan_blocks give that hop as the unit."
            )
    is_last = block.stop == song.mixture.samples
    stop = None if is_last else round((block.stop - block.first) / hop)
    return slice(round((block.start - block.first) / hop), stop)


def _round_up(size: int, unit: int) -> int:
    return ceil(size / unit) * unit
