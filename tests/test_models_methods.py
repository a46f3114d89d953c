"""IASS and Open-Unmix as methods: what they load, and what `separate` promises."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_set import RATE_HZ, make_job, write_tiny_set

from baselines.iass import Method as Iass
from baselines.iass import Task
from baselines.open_unmix import Method as OpenUnmix
from iass.foundation.errors import UserError
from iass.models.unet import count_parameters
from iass.training.chunks import Batch

SMALL = {"n_fft": 1024, "hop": 512, "max_hz": 6000.0}
METHODS = {
    "iass": Iass(widths=(3, 4), **SMALL),
    "open_unmix": OpenUnmix(hidden_size=8, layers=1, **SMALL),
}
CASES = [(name, channels) for name in METHODS for channels in ("mono", "stereo")]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One trained model per method and number of channels."""
    source = tmp_path_factory.mktemp("tiny")
    write_tiny_set(source)
    found = {}
    for name, channels in CASES:
        job = make_job(source, source / name / channels, channels=channels, steps=2)
        METHODS[name].fit(job)
        found[name, channels] = job.folder
    return found


def make_noise(channels, samples):
    width = 1 if channels == "mono" else 2
    return np.random.default_rng(0).normal(size=(width, samples)).astype(np.float32)


def separate(name, folder, mixture):
    method = METHODS[name]
    return method.separate(mixture, RATE_HZ, {"bass": method.load(folder)})["bass"]


@pytest.mark.parametrize(("name", "channels"), CASES)
@pytest.mark.parametrize("samples", [1, 2, 700, 1024, 5001])
def test_an_estimate_is_as_long_as_its_mixture(name, channels, samples, folders):
    mixture = make_noise(channels, samples)
    estimate = separate(name, folders[name, channels], mixture)
    assert estimate.audio.shape == mixture.shape
    assert estimate.audio.dtype == np.float32
    assert np.isfinite(estimate.audio).all()


@pytest.mark.parametrize(("name", "channels"), CASES)
@pytest.mark.parametrize("gain", [0.0, 1e-7, 1.0, 1e3])
def test_an_estimate_is_finite_at_any_gain_and_the_mixture_is_untouched(
    name, channels, gain, folders
):
    mixture = make_noise(channels, 9000) * np.float32(gain)
    mixture.setflags(write=False)
    before = mixture.copy()
    first = separate(name, folders[name, channels], mixture)
    second = separate(name, folders[name, channels], mixture)
    assert np.isfinite(first.audio).all()
    np.testing.assert_array_equal(mixture, before)
    np.testing.assert_array_equal(first.audio, second.audio)


@pytest.mark.parametrize("name", METHODS)
def test_a_mixture_in_any_memory_order_is_separated(name, folders):
    mixture = make_noise("stereo", 3000)
    reordered = np.asfortranarray(mixture)[:, ::-1][:, ::-1]
    folder = folders[name, "stereo"]
    expected = separate(name, folder, mixture).audio
    np.testing.assert_array_equal(separate(name, folder, reordered).audio, expected)


@pytest.mark.parametrize("name", METHODS)
def test_another_sample_rate_is_refused(name, folders):
    method = METHODS[name]
    models = {"bass": method.load(folders[name, "mono"])}
    with pytest.raises(UserError, match="48000 Hz"):
        method.separate(make_noise("mono", 3000), 48000, models)


def test_a_mono_open_unmix_separates_each_channel_of_a_stereo_song_by_itself(folders):
    folder, stereo = folders["open_unmix", "mono"], make_noise("stereo", 3000)
    both = separate("open_unmix", folder, stereo).audio
    for channel in (0, 1):
        alone = separate("open_unmix", folder, stereo[channel : channel + 1]).audio[0]
        np.testing.assert_allclose(both[channel], alone, atol=1e-6)


def test_a_stereo_open_unmix_hears_a_mono_song_on_both_channels(folders):
    folder, mono = folders["open_unmix", "stereo"], make_noise("mono", 3000)
    found = separate("open_unmix", folder, mono).audio
    assert found.shape == (1, 3000)
    twice = separate("open_unmix", folder, np.repeat(mono, 2, axis=0)).audio
    np.testing.assert_allclose(found[0], twice.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_a_model_is_rebuilt_from_its_own_options_not_the_caller_s(name, folders):
    folder, mixture = folders[name, "mono"], make_noise("mono", 3000)
    other = type(METHODS[name])()
    found = other.separate(mixture, RATE_HZ, {"bass": other.load(folder)})["bass"].audio
    np.testing.assert_array_equal(found, separate(name, folder, mixture).audio)


def test_a_loaded_open_unmix_is_not_in_training(folders):
    assert not METHODS["open_unmix"].load(folders["open_unmix", "mono"]).network.training


@pytest.mark.parametrize("name", METHODS)
def test_a_model_with_options_of_another_version_is_refused_by_its_file(name, folders, tmp_path):
    folder = folders[name, "mono"]
    facts = json.loads((folder / "model.json").read_text())
    facts["options"]["colour"] = "blue"
    (tmp_path / "model.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match=r"model\.json: .*'colour'"):
        METHODS[name].load(tmp_path)


def test_iass_without_its_classifier_is_refused(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = folders["iass", "mono"]
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "activity" not in name}
    save_file(kept, tmp_path / "model.safetensors")
    (tmp_path / "model.json").write_bytes((folder / "model.json").read_bytes())
    with pytest.raises(UserError, match=r"'activity\..*is missing"):
        METHODS["iass"].load(tmp_path)


def test_iass_reports_its_activity_at_the_frames_of_the_centred_transform(folders):
    activity = separate("iass", folders["iass", "mono"], make_noise("mono", 5000)).activity
    assert activity.probability.shape == activity.gate.shape == (-(-5000 // 512) + 1,)
    assert activity.hop_s == 512 / RATE_HZ
    assert set(activity.gate.tolist()) <= {0.0, 1.0}
    assert activity.probability.dtype == activity.gate.dtype == np.float32


def test_a_closed_gate_silences_and_an_open_one_leaves_the_mask(folders):
    model = METHODS["iass"].load(folders["iass", "mono"])
    mixture = make_noise("mono", 5000)
    closed = replace(model, method=replace(model.method, threshold=1.0))
    opened = replace(model, method=replace(model.method, threshold=0.0))
    estimates = METHODS["iass"].separate(mixture, RATE_HZ, {"closed": closed, "opened": opened})
    assert not np.any(estimates["closed"].audio)
    estimate = estimates["opened"]
    assert np.all(estimate.activity.gate == 1)
    assert np.any(estimate.audio)


def test_a_variant_of_a_model_has_the_mask_of_its_training_and_a_gate_of_its_own(folders):
    model = METHODS["iass"].load(folders["iass", "mono"])
    closed = Iass().vary(model, {"threshold": 1.0})
    opened = Iass().vary(model, {"gate": "none"})
    assert (opened.method.gate, opened.method.n_fft) == ("none", SMALL["n_fft"])
    mixture = make_noise("mono", 5000)
    estimates = Iass().separate(mixture, RATE_HZ, {"closed": closed, "opened": opened})
    assert not np.any(estimates["closed"].audio)
    always = replace(model, method=replace(model.method, threshold=0.0))
    expected = Iass().separate(mixture, RATE_HZ, {"always": always})["always"]
    np.testing.assert_array_equal(estimates["opened"].audio, expected.audio)


def test_stereo_iass_applies_one_mask_to_both_channels(folders):
    mixture = make_noise("stereo", 5000)
    mixture[1] = 0.5 * mixture[0]
    audio = separate("iass", folders["iass", "stereo"], mixture).audio
    np.testing.assert_allclose(audio[1], 0.5 * audio[0], atol=1e-6)


def test_iass_learns_that_a_tone_plays_where_the_labels_say():
    """Labels and frames must agree in time: the label of the frame centred on the tone's start."""
    seen = {}

    class Spy(torch.nn.Module):
        def forward(self, magnitude):
            seen["energy"] = magnitude[0, 0].sum(dim=0)
            return torch.ones_like(magnitude), torch.zeros(magnitude.shape[0], magnitude.shape[-1])

    def record(logits, labels):
        seen["labels"] = labels[0]
        return logits.sum()

    samples, start = 40 * 1024, 20 * 1024
    audio = torch.zeros(1, 1, samples)
    audio[..., start : start + 1024] = torch.sin(torch.arange(1024) * 0.3)
    labels = torch.zeros(1, 41)
    labels[0, 20] = 1  # the label centred at the start of the tone
    task = Task(Spy(), Iass().stft, 2.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("baselines.iass.activity_loss", record)
        task.compute_losses(Batch(audio, audio, labels))
    assert seen["labels"].shape == seen["energy"].shape
    frame = int(seen["labels"].argmax())
    assert frame * 1024 + 2048 == start
    assert int(seen["energy"].argmax()) in (frame, frame + 1)  # the tone is centred between both


def test_iass_learns_other_labels_from_the_loudness_of_the_target(folders, tmp_path):
    write_tiny_set(tmp_path)
    method = replace(METHODS["iass"], label_source="loudness", label_floor_db=-20.0)
    job = make_job(tmp_path, tmp_path / "loudness", channels="mono", steps=2)
    method.fit(job)
    facts = json.loads((job.folder / "model.json").read_text())
    assert facts["options"]["label_source"] == "loudness"
    weights = [path / "model.safetensors" for path in (job.folder, folders["iass", "mono"])]
    assert weights[0].read_bytes() != weights[1].read_bytes()


def test_open_unmix_has_the_published_number_of_parameters():
    assert count_parameters(OpenUnmix().build("stereo", RATE_HZ)) == 8_893_348
    assert count_parameters(OpenUnmix().build("mono", RATE_HZ)) == 7_078_818


def test_a_configured_list_of_widths_works_as_the_tuple():
    listed = Iass(widths=[3, 4], **SMALL).build(RATE_HZ)
    assert count_parameters(listed) == count_parameters(METHODS["iass"].build(RATE_HZ))


@pytest.mark.parametrize(
    ("method", "options", "named"),
    [
        (Iass, {"widths": []}, r"options\.widths is \[\]"),
        (Iass, {"widths": [1, 4]}, r"options\.widths is \[1, 4\]; give 2 or more"),
        (Iass, {"widths": [8, 0]}, r"options\.widths is \[8, 0\]"),
        (Iass, {"widths": [8, -4]}, r"options\.widths is \[8, -4\]"),
        (Iass, {"filter_length": 20}, "options.filter_length is 20; give an odd number"),
        (Iass, {"filter_length": -1}, "options.filter_length is -1; give an odd number"),
        (Iass, {"threshold": 1.5}, "options.threshold is 1.5"),
        (Iass, {"threshold": -0.1}, "options.threshold is -0.1"),
        (Iass, {"threshold": math.nan}, "options.threshold is nan"),
        (Iass, {"activity_weight": -1}, "options.activity_weight is -1"),
        (Iass, {"activity_weight": math.nan}, "options.activity_weight is nan"),
        (Iass, {"label_source": "song"}, "label_source is 'song'; choose one of stem, loudness"),
        (Iass, {"label_floor_db": math.inf}, "options.label_floor_db is inf"),
        (Iass, {"max_hz": 0}, "options.max_hz is 0"),
        (Iass, {"hop": 4096}, "hop of 4096 needs n_fft >= 8192"),
        (OpenUnmix, {"hidden_size": 7}, "options.hidden_size is 7; give an even number"),
        (OpenUnmix, {"hidden_size": 0}, "options.hidden_size is 0"),
        (OpenUnmix, {"layers": 0}, "options.layers is 0"),
        (OpenUnmix, {"max_hz": math.inf}, "options.max_hz is inf"),
        (OpenUnmix, {"n_fft": 0}, "needs n_fft >= 2048, not 0"),
    ],
)
def test_an_option_out_of_range_is_refused_when_the_method_is_loaded(method, options, named):
    with pytest.raises(UserError, match=named) as caught:
        method(**options)
    assert "\n" not in str(caught.value)


def test_the_narrowest_good_options_build_a_network_that_runs():
    magnitude = torch.rand(1, 1, 513, 4)
    gated = Iass(widths=(2, 2), threshold=0, activity_weight=0, filter_length=1, **SMALL)
    mask, _ = gated.build(RATE_HZ).eval()(magnitude)
    assert mask.shape == magnitude.shape
    masked = OpenUnmix(hidden_size=2, layers=1, **SMALL).build("mono", RATE_HZ).eval()
    assert masked(magnitude).shape == magnitude.shape
