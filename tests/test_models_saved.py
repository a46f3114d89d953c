import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from iass.foundation.errors import UserError
from iass.models.saved import check_rate, load_weights, read_facts, save_model

FACTS = {"options": {"hop": 4}, "rate_hz": 44100, "channels": "mono"}


def test_a_saved_network_comes_back_and_is_ready_to_separate(tmp_path):
    network, other = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    network(torch.randn(4, 3))
    save_model(tmp_path, network.state_dict(), FACTS)
    load_weights(tmp_path, other)
    assert not other.training
    assert torch.equal(other.running_mean.cpu(), network.running_mean)
    facts = read_facts(tmp_path, ["hop"])
    assert (facts.options, facts.rate_hz, facts.channels) == ({"hop": 4}, 44100, "mono")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: {"weight": w["weight"]}, "'bias' is missing"),
        (lambda w: w | {"extra": torch.ones(1)}, "'extra' is unknown"),
        (lambda w: w | {"bias": torch.ones(5)}, r"'bias' is \[5\], not \[2\]"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(tmp_path, change, words):
    network = nn.Linear(3, 2)
    save_model(tmp_path, network.state_dict(), FACTS)
    path = tmp_path / "model.safetensors"
    save_file(change(load_file(path)), path)
    with pytest.raises(UserError, match=words) as error:
        load_weights(tmp_path, network)
    assert str(path) in str(error.value)


def test_missing_or_damaged_weights_are_named(tmp_path):
    with pytest.raises(UserError, match=r"model\.safetensors"):
        load_weights(tmp_path, nn.Linear(1, 1))
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"model\.safetensors"):
        load_weights(tmp_path, nn.Linear(1, 1))


@pytest.mark.parametrize("text", ["[]", '{"options": {}}', '{"options": 1, "rate_hz": 1}'])
def test_facts_that_lack_something_are_refused_by_the_file_s_name(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(UserError, match=r"model\.json"):
        read_facts(tmp_path, ["hop"])


def test_another_sample_rate_is_refused():
    check_rate(44100, 44100)
    with pytest.raises(UserError, match="48000 Hz"):
        check_rate(48000, 44100)
