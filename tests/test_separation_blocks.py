"""Songs in blocks: how they are cut, and what each kind of method is handed of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bands import TARGETS, write_band
from small_models import RATE_HZ, hold_song, make_music, separate_by

from iass.foundation.audio import FloatArray
from iass.foundation.errors import UserError
from iass.foundation.method import Activity, Blocks, Bound, Estimate, Oracle
from iass.preparation.manifest import read_manifest
from iass.preparation.tracks import open_mixture, open_reference, read_mixture, read_reference
from iass.separation.blocks import Block, cut_blocks, merge_plans
from iass.separation.kinds import open_track


def test_blocks_adjoin_and_reach_into_their_neighbours() -> None:
    assert cut_blocks(10, Blocks(length=4, context=3)) == [
        Block(0, 4, 0, 7),
        Block(4, 8, 1, 10),
        Block(8, 10, 5, 10),
    ]


def test_blocks_begin_at_multiples_of_the_unit() -> None:
    assert cut_blocks(11, Blocks(length=3, context=1, unit=2)) == [
        Block(0, 4, 0, 6),
        Block(4, 8, 2, 10),
        Block(8, 11, 6, 11),
    ]


def test_a_song_without_a_plan_is_one_block_and_so_is_a_short_one() -> None:
    assert cut_blocks(10, None) == cut_blocks(10, Blocks(10, 5)) == [Block(0, 10, 0, 10)]


def test_plans_of_several_models_are_merged_to_one_that_suits_all() -> None:
    assert merge_plans([Blocks(8, 5, 4), Blocks(12, 3, 6)]) == Blocks(12, 5, 12)


@dataclass(frozen=True)
class _Whole(Bound):
    """Notes what it is handed; a user's method that knows nothing of blocks."""

    seen: list[int] = field(default_factory=list)

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        self.seen.append(mixture.shape[1])
        return {target: Estimate(mixture.copy()) for target in targets}


def test_a_method_that_plans_nothing_gets_the_whole_song() -> None:
    method, mixture = _Whole(), make_music(2, 5000)
    song = hold_song(mixture, ["a"], {})
    estimate = separate_by(method, song, method.plan_blocks(RATE_HZ, {}))["a"]
    np.testing.assert_array_equal(estimate.audio, mixture)
    assert method.seen == [5000]


class _Truth(Oracle):
    """Gives the references back, a block at a time."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, references: Mapping[str, FloatArray]
    ) -> dict[str, Estimate]:
        return {target: Estimate(reference) for target, reference in references.items()}

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks:
        return Blocks(4000, 100)


@pytest.mark.parametrize("channels", ["mono", "stereo"])
def test_an_oracle_in_blocks_gets_that_part_of_each_reference(
    tmp_path: Path, channels: Any
) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.5)
    manifest = read_manifest(band.manifest)
    track, targets = manifest.tracks[0], list(TARGETS)
    with open_track(band.manifest, manifest, track, channels, targets, {}) as song:
        found = separate_by(_Truth(), song, _Truth().plan_blocks(RATE_HZ, {}))
    for target, estimate in found.items():
        reference = read_reference(band.manifest, manifest, track, target, channels)
        np.testing.assert_array_equal(estimate.audio, reference)


@pytest.mark.parametrize("channels", ["mono", "stereo"])
def test_a_part_of_a_sum_of_stems_is_that_part_of_the_whole(tmp_path: Path, channels: Any) -> None:
    band = write_band(tmp_path, {"t": "test"}, seconds=0.2)
    manifest = read_manifest(band.manifest)
    track = manifest.tracks[0]
    mixture = read_mixture(band.manifest, track, channels)
    with open_mixture(band.manifest, track, channels) as stream:
        assert (stream.channels, stream.samples) == mixture.shape
        for start, stop in ((0, 1), (100, 8820), (7, 7)):
            np.testing.assert_array_equal(stream.read(start, stop), mixture[:, start:stop])
    other = read_reference(band.manifest, manifest, track, "other", channels)
    with open_reference(band.manifest, manifest, track, "other", channels) as stream:
        np.testing.assert_array_equal(stream.read(50, 60), other[:, 50:60])


class _Faulty(Bound):
    """Gives a sample that is no number."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        audio = mixture.copy()
        audio[:, -1] = np.nan
        return {target: Estimate(audio) for target in targets}


def test_a_value_that_is_no_number_is_laid_to_the_method_and_not_to_a_file() -> None:
    song = hold_song(make_music(1, 50), ["a"], {})
    with pytest.raises(UserError, match=r"estimate of 'a' has a NaN.* sample 25;") as caught:
        separate_by(_Faulty(), song, Blocks(16, 10))
    assert "the method made it" in str(caught.value)
    assert "file" not in str(caught.value)


class _Greedy(Bound):
    """Wants more memory than any machine has."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        return {target: Estimate(torch.empty(1 << 58).numpy()) for target in targets}


def test_a_method_without_enough_memory_ends_in_a_sentence() -> None:
    song = hold_song(make_music(1, 50), ["a"], {})
    with pytest.raises(UserError, match=r"the method needs more memory.*; separate fewer targets"):
        separate_by(_Greedy(), song, None)


@dataclass(frozen=True)
class _Crooked(Bound):
    """Gives activity every 3 samples, but lets its song be cut anywhere."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        curve = np.zeros(mixture.shape[1] // 3 + 1, np.float32)
        return {t: Estimate(mixture, Activity(curve, curve, 3 / rate_hz)) for t in targets}


def test_blocks_that_activity_does_not_fit_are_refused() -> None:
    song = hold_song(make_music(1, 50), ["a"], {})
    with pytest.raises(UserError, match=r"every 3 samples.*sample 1[06]; let plan_blocks"):
        separate_by(_Crooked(), song, Blocks(16, 6))
