import numpy as np
import pytest
import scipy.signal
import torch

from iass.foundation.errors import UserError
from iass.foundation.stft import Stft


def _noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).standard_normal(shape))


@pytest.mark.parametrize("samples", [1, 2, 100, 1023, 1024, 1025, 30017])
def test_any_length_comes_back_whole(samples: int) -> None:
    stft = Stft(4096, 1024)
    audio = _noise(2, samples)
    spectrum = stft.transform(audio)
    assert spectrum.shape == (2, 2049, samples // 1024 + 1)
    torch.testing.assert_close(stft.invert(spectrum, samples), audio)


@pytest.mark.parametrize("samples", [1, 900, 1022, 1023, 1024, 30017, 30 * 1024 + 1022])
@pytest.mark.parametrize("n_fft", [2048, 2560, 4096])
def test_a_mask_never_makes_the_end_louder(n_fft: int, samples: int) -> None:
    stft = Stft(n_fft, 1024)
    audio = _noise(2, samples)
    spectrum = stft.transform(audio)
    assert spectrum.shape[-1] == stft.count_frames(samples)
    torch.testing.assert_close(stft.invert(spectrum, samples), audio)
    masked = stft.invert(spectrum * (torch.rand(spectrum.shape) < 0.5), samples)
    assert masked.abs().max() < 2 * audio.abs().max()


def test_frames_equal_scipys() -> None:
    audio = _noise(1, 10000)
    window = scipy.signal.get_window("hann", 1024)
    theirs = scipy.signal.ShortTimeFFT(window, 256, fs=1).stft(
        audio.numpy(), p0=0, p1=10000 // 256 + 1
    )
    ours = Stft(1024, 256).transform(audio).numpy()
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-9)


def test_uncentred_frames_start_at_the_first_sample() -> None:
    audio = _noise(1, 4096 + 3 * 1024)
    spectrum = Stft(4096, 1024).transform(audio, center=False)
    assert spectrum.shape == (1, 2049, 4)
    frame = audio[0, 1024 : 1024 + 4096] * torch.hann_window(4096, dtype=audio.dtype)
    torch.testing.assert_close(spectrum[0, :, 1], torch.fft.rfft(frame))


def test_six_seconds_give_the_papers_frames() -> None:
    audio = _noise(1, 6 * 44100)
    stft = Stft(4096, 1024)
    assert stft.transform(audio, center=False).shape[-1] == 255
    assert stft.transform(audio).shape[-1] == 259


@pytest.mark.parametrize("hop", [0, 513, 1024])
def test_a_hop_that_cannot_be_inverted_is_refused(hop: int) -> None:
    with pytest.raises(UserError, match=rf"hop of {hop} needs n_fft"):
        Stft(1024, hop)


def test_leading_dimensions_are_kept() -> None:
    audio = _noise(3, 2, 5000)
    spectrum = Stft(512, 128).transform(audio)
    assert spectrum.shape[:2] == (3, 2)
    torch.testing.assert_close(Stft(512, 128).invert(spectrum, 5000), audio)
