"""Sound shaping in numpy: vowels and consonants of the voices, amplifier and tone, pan and room."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from iass.synthesis.vocabulary import RATE_HZ, Note

Audio = NDArray[np.float32]

# Centres of the first four formants in Hz, sung vowels of a tenor and a soprano between them
# (Peterson and Barney 1952, rounded): a, e, i, o, u.
VOWELS_HZ = (
    (750.0, 1150.0, 2600.0, 3400.0),
    (480.0, 1850.0, 2600.0, 3500.0),
    (320.0, 2300.0, 3000.0, 3700.0),
    (500.0, 850.0, 2500.0, 3300.0),
    (350.0, 700.0, 2400.0, 3300.0),
)
SINGER_SIZES = (0.88, 1.18)  # factor of all formants
FORMANT_WIDTH_HZ = 130.0
FORMANT_FLOOR = 0.12  # gain between formants
FORMANT_DECAY_PER_KHZ = 0.8  # of the formants' height, towards the high ones
VOICE_FRAME = 2048  # samples
CONSONANT_S = 0.07
CONSONANT_BAND_HZ = (3500.0, 9000.0)
CONSONANT_LEVEL = 0.35  # peak, relative to the peak of the voice
CONSONANT_SHARE = 0.5  # of the notes
SPEAKER_HZ = 4500.0  # a guitar loudspeaker is dull
SPEAKER_TAPS = 63
OFFSET_SAMPLES = 2205  # 50 ms, two periods of the lowest note
TILT_CORNER_HZ = 1500.0
TILT_TAPS = 64
TAIL_S = 0.3  # after its last section a stem may ring so long
FADE_S = 0.2  # and then fades to nothing
ROOM_S = 0.22
ROOM_PREDELAY_S = 0.008
ROOM_DARKNESS_HZ = 5000.0


def shape_vowels(audio: Audio, notes: tuple[Note, ...], rng: np.random.Generator) -> Audio:
    """Filter a voice (1, samples) with formants that move from one note's vowel to the next's; the
    size of the singer, which scales all formants, is drawn too.
    """
    hop = VOICE_FRAME // 2
    window = np.sqrt(signal.windows.hann(VOICE_FRAME, sym=False)).astype(np.float32)
    padded = np.pad(audio[0], (hop, VOICE_FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, VOICE_FRAME)[::hop] * window
    gains = _follow_vowels(notes, len(frames), hop, rng)
    shaped = fft.irfft(fft.rfft(frames) * gains, n=VOICE_FRAME) * window
    halves = shaped.reshape(len(frames), 2, hop)
    joined = (halves[1:, 0] + halves[:-1, 1]).ravel()[: audio.shape[1]]
    return np.asarray(joined[np.newaxis], np.float32)


def _follow_vowels(
    notes: tuple[Note, ...], n_frames: int, hop: int, rng: np.random.Generator
) -> Audio:
    """Return the gain of each frame and bin."""
    vowels = rng.integers(len(VOWELS_HZ), size=max(len(notes), 1))
    starts = [note.start_s * RATE_HZ / hop for note in notes]
    current = np.searchsorted(starts, np.arange(n_frames), side="right") - 1
    table = _shape_formants(rng.uniform(*SINGER_SIZES))
    gains = table[vowels[np.maximum(current, 0)]]
    return np.asarray((gains + np.roll(gains, 1, axis=0)) / 2, np.float32)


def _shape_formants(size: float) -> Audio:
    bins_hz = fft.rfftfreq(VOICE_FRAME, 1 / RATE_HZ)
    curves = []
    for centres_hz in VOWELS_HZ:
        centres = size * np.array(centres_hz)
        distance = (bins_hz[:, np.newaxis] - centres) / FORMANT_WIDTH_HZ
        height = FORMANT_DECAY_PER_KHZ ** (centres / 1000)
        curves.append(FORMANT_FLOOR + np.sum(height / (1 + distance**2), axis=1))
    return np.array(curves, np.float32)


def add_consonants(audio: Audio, notes: tuple[Note, ...], rng: np.random.Generator) -> Audio:
    """Start some of the notes with a short burst of hiss, as s, t and f do."""
    length = round(CONSONANT_S * RATE_HZ)
    band = signal.butter(2, CONSONANT_BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    hiss = signal.sosfilt(band, rng.normal(size=length)) * signal.windows.hann(length)
    burst = (CONSONANT_LEVEL * np.abs(audio).max() * hiss / np.abs(hiss).max()).astype(np.float32)
    result = audio.copy()
    for note, chance in zip(notes, rng.random(len(notes)), strict=True):
        start = round(note.start_s * RATE_HZ)
        if chance < CONSONANT_SHARE:
            result[:, start : start + length] += burst[: max(0, audio.shape[1] - start)]
    return result


def drive_amplifier(audio: Audio, drive: float) -> Audio:
    """Saturate (channels, samples) `drive` times above the knee, then darken: a guitar amplifier
    and its loudspeaker.
    """
    peak = max(float(np.abs(audio).max()), 1e-9)
    clipped = block_offset(np.tanh(audio * np.float32(drive / peak)))
    return _convolve(clipped, signal.firwin(SPEAKER_TAPS, SPEAKER_HZ, fs=RATE_HZ))


def block_offset(audio: Audio) -> Audio:
    """Subtract the mean of the surrounding 50 ms: samples of the sound font drift below hearing.

    No recursive filter here or below: in the silence between sections it would compute with
    denormal numbers, several times slower.
    """
    drift = ndimage.uniform_filter1d(audio, OFFSET_SAMPLES, axis=-1, mode="constant")
    return np.asarray(audio - drift, np.float32)


def tilt_treble(audio: Audio, tilt_db: float) -> Audio:
    """Lift what lies above 1.5 kHz by `tilt_db`, the first order shelf of a tone control."""
    decay = np.exp(-2 * np.pi * TILT_CORNER_HZ / RATE_HZ * np.arange(TILT_TAPS))
    low = _convolve(audio, decay / decay.sum())
    return np.asarray(low + np.float32(10 ** (tilt_db / 20)) * (audio - low), np.float32)


def build_room(rng: np.random.Generator) -> Audio:
    """Return a small room's impulse response (channels, samples) of unit energy: decaying noise,
    different on the two sides.
    """
    length = round(ROOM_S * RATE_HZ)
    decay = np.exp(-np.arange(length) / RATE_HZ / rng.uniform(0.03, 0.06))
    noise = rng.normal(size=(2, length)) * decay
    dark = signal.sosfilt(signal.butter(1, ROOM_DARKNESS_HZ, fs=RATE_HZ, output="sos"), noise)
    dark[:, : round(ROOM_PREDELAY_S * RATE_HZ)] = 0.0
    return np.asarray(dark / np.sqrt(np.mean(np.sum(dark**2, axis=1))), np.float32)


def place_in_room(audio: Audio, room: Audio, pan: float, send: float) -> Audio:
    """Pan (1 or 2, samples) by constant power (-1 left, 1 right) and add `send` times the room;
    returns (2, samples).

    The room hears the mono sum; the reverberation is cut at the end of the song.
    """
    angle = (pan + 1) * np.pi / 4
    sides = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
    direct: Audio = audio * sides.astype(np.float32)
    if send == 0.0:
        return direct
    mono = audio.mean(axis=0, keepdims=True)
    wet = signal.oaconvolve(mono, np.float32(send) * room, axes=-1)[:, : audio.shape[1]]
    return np.asarray(direct + wet, np.float32)


def fade_outside(audio: Audio, spans_s: list[tuple[float, float]]) -> Audio:
    """Silence (channels, samples) outside spans (start, end) in seconds, after a short tail."""
    gain = np.zeros(audio.shape[1], np.float32)
    ramp = np.linspace(1, 0, round(FADE_S * RATE_HZ), dtype=np.float32)
    for start_s, end_s in spans_s:
        start, end = round(start_s * RATE_HZ), round((end_s + TAIL_S) * RATE_HZ)
        gain[start:end] = 1.0
        ring = gain[end : end + len(ramp)]
        np.maximum(ring, ramp[: len(ring)], out=ring)
    return audio * gain


def _convolve(audio: Audio, kernel: NDArray[np.float64]) -> Audio:
    taps = np.asarray(kernel[np.newaxis], np.float32)
    return np.asarray(signal.oaconvolve(audio, taps, axes=-1)[:, : audio.shape[1]], np.float32)
