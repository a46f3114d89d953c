"""Networks on songs in blocks: the same estimates as on the whole song."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import (
    IASS,
    OPEN_UNMIX,
    RATE_HZ,
    hold_song,
    make_music,
    save_iass,
    save_open_unmix,
    separate_by,
)

from iass.foundation.method import Activity, Blocks, Estimate
from iass.separation.blocks import plan_song

LENGTHS = (1, 255, 256, 1023, 1024, 4096, 44100)


@pytest.fixture(scope="module")
def iass(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Models of six targets, whose gates open and close."""
    root = tmp_path_factory.mktemp("iass")
    names = ("vocals", "drums", "bass", "piano", "other", "flute")
    models = {name: IASS.load(save_iass(root, name)) for name in names}
    mixture = make_music(2, RATE_HZ)
    found = separate_by(IASS, hold_song(mixture, names, models), None)
    return {name: _aim(model, found[name].activity) for name, model in models.items()}


def _aim(model: Any, activity: Activity | None) -> Any:
    """Put the threshold into the widest gap among the middle frames: no frame is at it."""
    assert activity is not None
    sorted_, frames = np.sort(activity.probability), len(activity.probability)
    middle = sorted_[2 * frames // 5 : 3 * frames // 5].astype(float)
    widest = int(np.argmax(np.diff(np.log(middle / (1 - middle)))))
    threshold = float(np.sqrt(middle[widest] * middle[widest + 1]))
    return replace(model, method=replace(model.method, threshold=threshold))


def _check_equal(found: Estimate, expected: Estimate) -> None:
    """Differences stay below 1e-5 of full scale, and gates are the same."""
    assert found.audio.shape == expected.audio.shape
    assert np.abs(found.audio - expected.audio).max() < 1e-5
    assert found.activity is not None
    assert expected.activity is not None
    np.testing.assert_allclose(found.activity.probability, expected.activity.probability, atol=1e-5)
    np.testing.assert_array_equal(found.activity.gate, expected.activity.gate)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", LENGTHS)
@pytest.mark.parametrize("length", [256, 1024, 10000])
def test_iass_in_blocks_equals_iass_on_the_whole_song(
    iass: dict[str, Any], length: int, samples: int, channels: int
) -> None:
    models = {"vocals": iass["vocals"]}
    song = hold_song(make_music(channels, samples), list(models), models)
    plan = replace(IASS.own_blocks, length=length)
    whole = separate_by(IASS, song, None)["vocals"]
    _check_equal(separate_by(IASS, song, plan)["vocals"], whole)
    assert whole.activity is not None
    assert len(whole.activity.gate) == -(-samples // 256) + 1  # frames overlap by half


def test_the_gates_and_estimates_of_these_tests_are_alive(iass: dict[str, Any]) -> None:
    song = hold_song(make_music(2, RATE_HZ), list(iass), iass)
    for estimate in separate_by(IASS, song, None).values():
        assert estimate.activity is not None
        assert 0.2 < estimate.activity.gate.mean() < 0.8
        assert 0.005 < np.abs(estimate.audio).max() < 5


@pytest.mark.parametrize("missing", [4, 6])
def test_with_less_context_the_joins_would_be_seen(iass: dict[str, Any], missing: int) -> None:
    models = {"vocals": iass["vocals"]}
    song = hold_song(make_music(2, RATE_HZ), list(models), models)
    plan = IASS.own_blocks
    short = Blocks(1024, plan.context - missing * 256, 256)
    whole = separate_by(IASS, song, None)["vocals"].audio
    assert np.abs(separate_by(IASS, song, short)["vocals"].audio - whole).max() > 1e-4


def test_the_paper_s_context_is_twenty_frames_and_without_its_filter_sixteen() -> None:
    """A window of 4 frames, activity +-6 and the median +-10, or the mask +-12 (METHOD 2)."""
    paper = type(IASS)()
    assert paper.own_blocks == Blocks(256 * 1024, 20 * 1024, 1024)
    assert replace(paper, filter_length=1).own_blocks == Blocks(256 * 1024, 16 * 1024, 1024)


def test_six_targets_in_one_pass_equal_one_by_one(iass: dict[str, Any]) -> None:
    mixture = make_music(2, RATE_HZ)
    plan = replace(IASS.own_blocks, length=5000)
    together = separate_by(IASS, hold_song(mixture, list(iass), iass), plan)
    for target, model in iass.items():
        alone = separate_by(IASS, hold_song(mixture, [target], {target: model}), plan)[target]
        np.testing.assert_array_equal(together[target].audio, alone.audio)


def test_open_unmix_gets_songs_of_twenty_seconds_whole_and_longer_ones_with_eight_of_context(
    tmp_path: Path,
) -> None:
    models = {"vocals": OPEN_UNMIX.load(save_open_unmix(tmp_path, "vocals"))}
    short = hold_song(np.zeros((1, 20 * RATE_HZ), np.float32), ["vocals"], models)
    assert len(plan_song(OPEN_UNMIX, short)) == 1
    longer = hold_song(np.zeros((1, 21 * RATE_HZ), np.float32), ["vocals"], models)
    assert [block.start for block in plan_song(OPEN_UNMIX, longer)] == [0, 1723 * 512]
    assert [block.first for block in plan_song(OPEN_UNMIX, longer)] == [0, (1723 - 690) * 512]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("learned", ["mono", "stereo"])
def test_open_unmix_in_blocks_forgets_what_lies_seconds_away(
    tmp_path: Path, learned: Any, channels: int
) -> None:
    models = {"vocals": OPEN_UNMIX.load(save_open_unmix(tmp_path, "vocals", channels=learned))}
    song = hold_song(make_music(channels, 4 * RATE_HZ), ["vocals"], models)
    whole = separate_by(OPEN_UNMIX, song, None)["vocals"].audio
    assert whole.shape == (channels, 4 * RATE_HZ)
    assert np.abs(whole).max() > 0.01
    differences = []
    for frames in (0, 20, 200):
        plan = Blocks(RATE_HZ, frames * 512, 512)
        blocked = separate_by(OPEN_UNMIX, song, plan)["vocals"].audio
        differences.append(np.abs(blocked - whole).max())
    assert differences[0] > 3 * differences[1] > 100 * differences[2]
    assert differences[2] < 1e-6
