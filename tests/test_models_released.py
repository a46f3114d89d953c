"""The authors' .pth files: every tensor lands where the table says, and faults are named."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from released import make_unet, release_unet
from torch import Tensor
from torch.nn import functional

from baselines.iass_released import FILES, Method
from iass.foundation.errors import UserError
from iass.models.pth import read_tensors
from iass.models.released import load_released, rename
from iass.separation.blocks import cut_blocks

RATE_HZ = 44100


def _norm(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    stats = [w[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    return functional.batch_norm(x, *stats)


def _conv(x: Tensor, w: dict[str, Tensor], name: str, **options: object) -> Tensor:
    return functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], **options)


def _transposed(x: Tensor, w: dict[str, Tensor], name: str, **options: object) -> Tensor:
    return functional.conv_transpose2d(x, w[f"{name}.weight"], w[f"{name}.bias"], **options)


def _encode(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    inner = functional.leaky_relu(
        _norm(_conv(x, w, f"{name}.conv1", padding=1), w, f"{name}.bn1"), 0.01
    )
    outer = functional.leaky_relu(
        _norm(_conv(inner, w, f"{name}.conv2", padding=1), w, f"{name}.bn2"), 0.01
    )
    return _conv(outer + _conv(x, w, f"{name}.skip"), w, f"{name}.ds", stride=(3, 1))


def _decode(x: Tensor, w: dict[str, Tensor], name: str, bins: int, skip: Tensor | None) -> Tensor:
    missing = bins - 3 * x.shape[2]
    x = _transposed(x, w, f"{name}.us", stride=(3, 1), output_padding=(missing, 0))
    x = x if skip is None else torch.cat((x, skip), 1)
    first = functional.leaky_relu(_transposed(x, w, f"{name}.conv2d", padding=1), 0.01)
    second = _transposed(_norm(first, w, f"{name}.bn2d"), w, f"{name}.conv1d", padding=1)
    if skip is None:
        return second
    return _norm(functional.leaky_relu(second, 0.01), w, f"{name}.bn1d")


def compute_by_the_table(w: dict[str, Tensor], magnitude: Tensor) -> tuple[Tensor, Tensor]:
    """Mask (1, 1, 2049, frames) and logits (1, 1, 1, frames) by METHOD section 2, row by row."""
    x = (magnitude[:, :, :1487] - w["input_mean"][:, None]) / w["input_scale"][:, None]
    one = _encode(x, w, "encode.block1")
    two = _encode(one, w, "encode.block2")
    latent = _encode(two, w, "encode.block3")
    assert (one.shape[2], two.shape[2], latent.shape[2]) == (495, 165, 55)
    skip_one = _conv(one, w, "encode.conv3", padding=1)
    skip_two = _conv(two, w, "encode.conv2", padding=1)
    y = latent
    for step in (1, 2, 3):
        y = _norm(_conv(y, w, f"InstDecoder.ct{step}", stride=(3, 1)), w, f"InstDecoder.b{step}")
    logits = _conv(y, w, "InstDecoder.ct4", stride=(2, 1))
    x = _decode(latent, w, "decode.d_block2", 165, skip_two)
    x = _decode(x, w, "decode.d_block3", 495, skip_one)
    x = _decode(x, w, "decode.d_block4", 1487, None)
    wide = functional.linear(x.transpose(2, 3), w["last.weight"], w["last.bias"])
    return torch.relu(wide * w["output_scale"] + w["output_mean"]).transpose(2, 3), logits


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return release_unet(make_unet())


@pytest.fixture
def path(tmp_path: Path, weights: dict[str, Tensor]) -> Path:
    torch.save(weights, tmp_path / "vox.pth")
    return tmp_path / "vox.pth"


def test_a_released_file_computes_what_the_table_of_the_method_says(path: Path) -> None:
    magnitude = 3 * torch.rand(1, 1, 2049, 7, generator=torch.Generator().manual_seed(1))
    network = load_released(path)
    assert not network.training
    with torch.inference_mode():
        mask, logits = network(magnitude)
        expected_mask, expected_logits = compute_by_the_table(torch.load(path), magnitude)
    assert mask.std() > 0.01
    assert logits.std() > 0.001
    torch.testing.assert_close(mask, expected_mask, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logits, expected_logits[:, 0, 0], rtol=1e-4, atol=1e-5)


def test_every_tensor_of_ours_has_a_name_of_its_own_among_theirs(
    weights: dict[str, Tensor],
) -> None:
    own = make_unet().state_dict()
    assert {rename(name) for name in own} == weights.keys() - {
        "sample_rate",
        "stft.window",
        "transform.0.window",
    }
    assert len({rename(name) for name in own}) == len(own)


def test_the_layout_that_came_before_zip_files_is_read_too(
    tmp_path: Path, weights: dict[str, Tensor]
) -> None:
    torch.save(weights, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    assert load_released(tmp_path / "a.pth").state_dict().keys() == make_unet().state_dict().keys()


def _without(name: str):
    return lambda w: {k: v for k, v in w.items() if not k.startswith(name)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without("InstDecoder"), r"'InstDecoder\.b1\.bias' is missing"),
        (_without("last.bias"), r"'last\.bias' is missing"),
        (_without("stft"), r"'stft\.window' is missing"),
        (lambda w: w | {"extra": torch.ones(1)}, "'extra' is unknown"),
        (lambda w: w | {"input_mean": torch.ones(1486)}, r"'input_mean' is \[1486\], not \[1487\]"),
        (lambda w: w | {"input_mean": -w["input_mean"]}, "'input_mean' is negative"),
        (lambda w: w | {"input_mean": w["input_mean"] / 0}, "'input_mean' holds values that are"),
        (lambda w: w | {"sample_rate": torch.tensor(48000)}, "48000 Hz, not for 44100 Hz"),
        (lambda w: w | {"stft.window": torch.ones(4096)}, r"'stft\.window' is no Hann window"),
        (lambda w: w | {"epoch": 7}, "other things than tensors"),
        (lambda w: list(w.values()), "other things than tensors"),
        (lambda w: {"state_dict": w}, "other things than tensors"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(
    path: Path, weights: dict[str, Tensor], change, words: str
) -> None:
    torch.save(change(weights), path)
    with pytest.raises(UserError, match=words) as caught:
        load_released(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no weights", b"\x80\x02}q\x00.", b"PK\x03\x04"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.pth (is no file of weights|holds other|is not of)"):
        load_released(tmp_path / "a.pth")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="is damaged"):
        read_tensors(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.pth cannot be read \(No such file"):
        read_tensors(tmp_path / "none.pth")


class _Trap:
    """What a hostile pickle does: it writes a file when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_file_is_never_run(
    tmp_path: Path, weights: dict[str, Tensor], is_zip: bool
) -> None:
    marker, file = tmp_path / "was_run", tmp_path / "a.pth"
    content = weights | {"trap": _Trap(marker)}
    torch.save(content, file, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(UserError, match="holds code, which is never run"):
        load_released(file)
    assert not marker.exists()
    file.write_bytes(pickle.dumps(_Trap(marker)))
    with pytest.raises(UserError, match="holds code, which is never run"):
        load_released(file)
    assert not marker.exists()
    pickle.loads(file.read_bytes())  # the trap is one
    assert marker.exists()


@pytest.fixture(scope="module")
def released_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    for seed, name in enumerate(FILES.values()):
        torch.save(release_unet(make_unet(seed)), folder / name)
    return folder


@pytest.fixture(scope="module")
def models(released_folder: Path):
    method = Method(folder=str(released_folder))
    return method.load(method.list_files(Path("unused")))


def _noise(channels: int, samples: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(2).normal(size=(channels, samples))).astype(np.float32)


def test_each_target_has_the_file_that_the_authors_named_for_it(tmp_path: Path) -> None:
    files = Method().list_files(tmp_path)
    assert set(files) == set(Method.targets)
    assert files["electric_guitar"] == tmp_path / "iass_released" / "elecgtr.pth"
    assert Method(folder="x").list_files(tmp_path)["vocals"] == Path("x/vox.pth")


def test_the_estimate_is_the_masked_mixture_with_l_plus_r_as_the_networks_input(models) -> None:
    mixture = _noise(2, 30000)
    found = Method(threshold=0.0).separate(mixture, RATE_HZ, models, ["piano"])
    window = torch.hann_window(4096)

    def transform(audio: np.ndarray) -> Tensor:
        return torch.stft(
            torch.from_numpy(audio), 4096, 1024, window=window, pad_mode="constant",
            return_complex=True,
        )  # fmt: skip

    with torch.inference_mode():
        mask, _ = models["piano"](transform(mixture.sum(0))[None, None].abs())
        masked = transform(mixture) * mask[0, 0]
    expected = torch.istft(masked, 4096, 1024, window=window, length=30000)
    np.testing.assert_allclose(found["piano"].audio, expected, atol=1e-6)
    assert found["piano"].activity.hop_s == 1024 / RATE_HZ


def test_mono_is_taken_for_half_the_sum_unless_told_otherwise(models) -> None:
    left = _noise(1, 9000)
    half = np.float32(0.5) * left

    def separate(mixture: np.ndarray, **options: bool) -> np.ndarray:
        method = Method(threshold=0.0, **options)
        return method.separate(mixture, RATE_HZ, models, ["drums"])["drums"].audio

    mono = separate(left)
    np.testing.assert_allclose(mono[0], separate(np.concatenate([left, left]))[1], atol=1e-6)
    assert np.abs(separate(left, sums_channels=False) - mono).max() > 1e-3
    np.testing.assert_allclose(separate(left, sums_channels=False), 2 * separate(half), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("samples", "gain"), [(1, 1.0), (1025, 1e-7), (5000, 1e3), (5000, 0.0)])
def test_released_iass_keeps_the_contract(models, channels, samples, gain) -> None:
    mixture = _noise(channels, samples) * np.float32(gain)
    mixture.setflags(write=False)
    found = Method().separate(mixture, RATE_HZ, models, list(Method.targets))
    assert list(found) == list(Method.targets)
    for estimate in found.values():
        assert estimate.audio.shape == mixture.shape
        assert estimate.audio.dtype == np.float32
        assert np.isfinite(estimate.audio).all()


def test_a_song_in_blocks_is_the_song_as_a_whole(models) -> None:
    mixture = _noise(2, 100 * 1024)
    plan = replace(Method().plan_blocks(RATE_HZ, models), length=30 * 1024)
    ungated = Method().separate(mixture, RATE_HZ, models, ["bass"])["bass"]
    method = Method(threshold=float(np.median(ungated.activity.probability)))

    def separate(first: int, last: int) -> np.ndarray:
        return method.separate(mixture[:, first:last], RATE_HZ, models, ["bass"])["bass"].audio

    whole = separate(0, mixture.shape[1])
    parts = [
        separate(b.first, b.last)[:, b.start - b.first :][:, : b.stop - b.start]
        for b in cut_blocks(mixture.shape[1], plan)
    ]
    assert len(parts) == 4
    assert whole.any()
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)


def test_another_rate_or_an_option_out_of_range_is_refused(models) -> None:
    with pytest.raises(UserError, match="48000 Hz"):
        Method().separate(_noise(1, 100), 48000, models, ["drums"])
    with pytest.raises(UserError, match="filter_length is 20"):
        Method(filter_length=20)
