"""Open-Unmix's published networks: they load strictly and separate as their package does."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from released import SMALL, TARGETS, Replica, make_network, save_replica
from small_models import hold_song, separate_by

from baselines import umx
from iass.foundation.errors import UserError
from iass.foundation.method import Blocks, Estimate
from iass.foundation.stand_ins import import_openunmix
from iass.separation.blocks import plan_song
from iass.separation.kinds import Song

RATE_HZ = 44100


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return save_replica(tmp_path_factory.mktemp("replica"))


@pytest.fixture(scope="module")
def models(files: Mapping[str, Path]) -> dict[str, torch.nn.Module]:
    return Replica().load(files)


def make_noise(channels: int, samples: int, gain: float = 0.1) -> np.ndarray:
    noise = np.random.default_rng(5).normal(size=(channels, samples)).cumsum(axis=1)
    return (gain * noise / np.abs(noise).max()).astype(np.float32)


@pytest.mark.parametrize("wiener", [0, 1])
def test_the_estimates_are_those_of_the_package_s_own_separator(models, wiener: int) -> None:
    mixture = make_noise(2, 310 * 1024)  # more than one window of the filter
    separator = (
        import_openunmix()
        .Separator(
            {target: make_network(seed) for seed, target in enumerate(TARGETS)},
            niter=wiener,
            wiener_win_len=300,
        )
        .eval()
    )
    with torch.inference_mode():
        expected = separator(torch.from_numpy(mixture)[None])[0].numpy()
    found = Replica(wiener=wiener).separate(mixture, RATE_HZ, models, TARGETS)
    assert list(found) == list(TARGETS)
    for target, theirs in zip(TARGETS, expected, strict=True):
        assert np.abs(theirs).max() > 1e-3
        np.testing.assert_allclose(found[target].audio, theirs, atol=1e-6)


def test_mono_is_heard_on_both_channels_and_given_back_as_one(models) -> None:
    mono = make_noise(1, 20000)
    both = Replica().separate(np.concatenate([mono, mono]), RATE_HZ, models, ["bass"])
    found = Replica().separate(mono, RATE_HZ, models, ["bass"])
    expected = both["bass"].audio.mean(axis=0, keepdims=True)
    np.testing.assert_allclose(found["bass"].audio, expected, atol=1e-6)


def test_the_filter_hears_all_four_networks_whatever_is_asked_for(models) -> None:
    mixture = make_noise(2, 20000)
    alone = Replica().separate(mixture, RATE_HZ, models, ["vocals"])
    all_of_them = Replica().separate(mixture, RATE_HZ, models, TARGETS)
    assert list(alone) == ["vocals"]
    np.testing.assert_array_equal(alone["vocals"].audio, all_of_them["vocals"].audio)


@pytest.mark.parametrize("wiener", [0, 1])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("samples", "gain"), [(1, 0.1), (2, 0.1), (2048, 0.1), (9000, 0.0), (9000, 1e-7), (9000, 1e3)]
)
def test_the_contract_holds_at_any_length_and_gain(models, wiener, channels, samples, gain) -> None:
    mixture = make_noise(channels, samples, gain)
    mixture.setflags(write=False)
    for estimate in Replica(wiener=wiener).separate(mixture, RATE_HZ, models, TARGETS).values():
        assert estimate.audio.shape == mixture.shape
        assert estimate.audio.dtype == np.float32
        assert np.isfinite(estimate.audio).all()


def test_what_the_networks_cannot_hear_is_refused(models) -> None:
    with pytest.raises(UserError, match="48000 Hz"):
        Replica().separate(make_noise(2, 100), 48000, models, TARGETS)
    with pytest.raises(UserError, match="has 6 channels; Open-Unmix takes one or two"):
        Replica().separate(make_noise(6, 100), RATE_HZ, models, TARGETS)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"release": "umxx"}, "options.release is 'umxx'; choose one of umx, umxhq, umxl"),
        ({"wiener": -1}, "options.wiener is -1"),
    ],
)
def test_an_option_out_of_range_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        umx.Method(**options)


def test_what_the_networks_of_2019_keep_of_their_transform_is_let_be(files, tmp_path) -> None:
    window = torch.hann_window(4096)
    old = torch.load(files["bass"]) | {"sample_rate": torch.tensor(44100), "stft.window": window}
    torch.save(old | {"transform.0.window": window}, tmp_path / "a.pth")
    loaded = umx.load_network(tmp_path / "a.pth", SMALL)
    assert loaded.state_dict().keys() == make_network(0).state_dict().keys()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: {k: v for k, v in w.items() if k != "fc2.weight"}, "'fc2.weight' is missing"),
        (lambda w: w | {"fc4.weight": torch.ones(1)}, "'fc4.weight' is unknown"),
        (lambda w: w | {"fc1.weight": torch.ones(16, 2974)}, r"'fc1.weight' is \[16, 2974\], not"),
    ],
)
def test_weights_of_another_layout_are_refused(files, tmp_path, change, words: str) -> None:
    torch.save(change(torch.load(files["bass"])), tmp_path / "a.pth")
    with pytest.raises(UserError, match=rf"a\.pth is not of the expected layout: {words}"):
        umx.load_network(tmp_path / "a.pth", SMALL)


@pytest.mark.parametrize(("release", "hidden"), [("umxhq", 512), ("umxl", 1024)])
def test_the_published_sizes_are_those_of_the_package(release: str, hidden: int) -> None:
    network = import_openunmix().OpenUnmix(2049, 2, umx.RELEASES[release].hidden_size, max_bin=1487)
    count = sum(item.numel() for item in network.parameters())
    assert count == {512: 8_893_348, 1024: 28_257_188}[hidden]  # METHOD section 3


def test_every_release_has_a_file_per_target_named_by_its_hash() -> None:
    names = [a.name for r in umx.RELEASES for a in umx.Method(release=r).archives.values()]
    assert len(set(names)) == 12
    for release in umx.RELEASES:
        archives = umx.Method(release=release).archives
        assert tuple(archives) == umx.Method.targets
        for target, archive in archives.items():
            folder, _, file = archive.name.partition("/")
            assert folder == release
            assert len(file.removeprefix(f"{target}-").removesuffix(".pth")) == 8
            assert archive.url.endswith(f"/files/{file}")


def test_the_terms_of_umxl_forbid_commercial_use_and_say_that_its_songs_are_private() -> None:
    licence = umx.Method(release="umxl").licence
    assert "CC BY-NC-SA 4.0: no commercial use" in licence
    assert "private set of stems" in licence


@pytest.fixture(scope="module")
def long_song(models) -> tuple[Song, dict[str, Estimate]]:
    """A song of two blocks, and its estimates when the method gets it whole."""
    song = hold_song(make_noise(2, 24 * RATE_HZ), list(TARGETS), models)
    return song, separate_by(Replica(), song, None)


def measure_difference(song: Song, whole: Mapping[str, Estimate], plan: Blocks) -> float:
    blocked = separate_by(Replica(), song, plan)
    return max(float(np.abs(blocked[t].audio - whole[t].audio).max()) for t in TARGETS)


@pytest.mark.slow
def test_a_long_song_in_blocks_differs_by_what_the_networks_forget(long_song) -> None:
    song, whole = long_song
    assert min(np.abs(estimate.audio).max() for estimate in whole.values()) > 0.01
    assert len(plan_song(Replica(), song)) == 2
    plan = Replica().plan_blocks(RATE_HZ, song.models)
    assert measure_difference(song, whole, plan) < 1e-7  # measured: 0


@pytest.mark.slow
def test_blocks_that_cut_a_window_of_the_filter_would_be_heard(long_song) -> None:
    plan = replace(Replica().plan_blocks(RATE_HZ, {}), unit=1024)
    assert measure_difference(*long_song, plan) > 1e-4
