import hashlib
import io
import subprocess
import sys
from functools import cache
from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from iass.foundation.audio import read_pcm16
from iass.synthesis import RATE_HZ, STEMS, Song, SongPlan, plan_songs, render_song, write_song
from iass.synthesis.effects import (
    block_offset,
    build_room,
    fade_outside,
    place_in_room,
    tilt_treble,
)
from iass.synthesis.midi import Part
from iass.synthesis.mix import quantise_stems
from iass.synthesis.patches import TEST_ONLY_PATCHES, TRAINING_PATCHES, Patch
from iass.synthesis.performance import perform
from iass.synthesis.render import render_part
from iass.synthesis.vocabulary import Bend, Note, make_rng
from iass.synthesis.vocals import bend_notes

SEED = 21
SONGS = {"train": 4, "valid": 1, "test": 1}
SECONDS = {"train": 6.0, "valid": 6.0, "test": 6.0}


@cache
def band() -> tuple[tuple[SongPlan, Song], ...]:
    return tuple((plan, render_song(plan)) for plan in plan_songs(SEED, SONGS, SECONDS))


def digest(song: Song) -> str:
    audio = b"".join(song.stems[name].tobytes() for name in STEMS) + song.mixture.tobytes()
    return hashlib.sha256(audio + song.midi).hexdigest()


def find_patch(name: str) -> Patch:
    return next(p for p in (*TRAINING_PATCHES, *TEST_ONLY_PATCHES) if p.name == name)


def energy_of(audio: NDArray[np.int16], start_s: float, end_s: float) -> float:
    piece = audio[:, round(start_s * RATE_HZ) : round(end_s * RATE_HZ)].astype(np.float64)
    return float(np.mean(piece**2)) if piece.size else 0.0


def read_notes(midi: bytes) -> dict[str, list[Note]]:
    """A second reader of the file: absolute seconds of every note of every named track."""
    file = mido.MidiFile(file=io.BytesIO(midi))
    tempo = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
    result = {}
    for track in file.tracks[1:]:
        now, open_notes, notes = 0, {}, []
        for message in track:
            now += message.time
            at_s = mido.tick2second(now, file.ticks_per_beat, tempo)
            if message.type == "note_on":
                open_notes[message.note] = (at_s, message.velocity)
            if message.type == "note_off":
                start_s, velocity = open_notes.pop(message.note)
                notes.append(Note(start_s, at_s, message.note, velocity))
        assert not open_notes
        result[track.name] = sorted(notes, key=lambda note: (note.start_s, note.pitch))
    return result


def test_the_mixture_is_the_exact_sum_of_seven_stems_of_the_promised_shape() -> None:
    for plan, song in band():
        assert tuple(song.stems) == STEMS
        assert song.mixture.dtype == np.int16
        assert song.mixture.shape == (2, round(plan.seconds * RATE_HZ))
        total = np.sum([stem.astype(np.int64) for stem in song.stems.values()], axis=0)
        assert np.array_equal(total, song.mixture)


def test_mixtures_peak_between_3_and_1_db_below_full_scale() -> None:
    for _, song in band():
        peak_db = 20 * np.log10(np.abs(song.mixture.astype(int)).max() / 32768)
        assert -3.01 <= peak_db <= -0.99


def test_a_stem_louder_than_the_sum_does_not_clip() -> None:
    loud = np.full((2, 10), 5.0, np.float32)
    stems, mixture = quantise_stems({"bass": loud, "piano": -0.9 * loud}, peak_db=-1.0)
    assert stems["bass"].max() == round(32768 * 10 ** (-1 / 20))
    assert np.array_equal(stems["bass"] + stems["piano"], mixture)


def test_a_stem_is_silent_exactly_where_the_plan_leaves_it_out() -> None:
    for plan, song in band():
        playing = {patch.stem for patch in plan.patches}
        assert {name for name, stem in song.stems.items() if stem.any()} == playing
        beat_s = 60 / plan.tempo_bpm
        for section, last in zip(plan.sections[1:], plan.sections[:-1], strict=True):
            start_s = section.start_beat * beat_s
            end_s = start_s + section.beats * beat_s
            for stem in playing - set(section.playing):
                tail_s = 0.51 if stem in last.playing else 0.0
                assert energy_of(song.stems[stem], start_s + tail_s, end_s) == 0.0


def test_some_stem_is_absent_from_one_of_four_training_songs() -> None:
    assert any(not stem.any() for _, song in band()[:4] for stem in song.stems.values())


def test_no_half_second_of_a_mixture_is_silent() -> None:
    for plan, song in band():
        for start_s in np.arange(0, plan.seconds - 0.5, 0.25).tolist():
            assert energy_of(song.mixture, start_s, start_s + 0.5) > 1e4


def test_rendering_again_in_another_order_gives_the_same_bytes() -> None:
    for plan, song in reversed(band()[-2:]):
        assert digest(render_song(plan)) == digest(song)


def test_a_fresh_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib; from iass.synthesis import *\n"
        f"song = render_song(plan_songs({SEED}, {SONGS}, {SECONDS})[-1])\n"
        "audio = b''.join(song.stems[n].tobytes() for n in STEMS) + song.mixture.tobytes()\n"
        "print(hashlib.sha256(audio + song.midi).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == digest(band()[-1][1])


def test_half_a_second_is_a_song_of_all_stems() -> None:
    for plan in plan_songs(3, {"train": 1, "valid": 1, "test": 1}, dict.fromkeys(SONGS, 0.5)):
        song = render_song(plan)
        assert song.mixture.shape == (2, 22050)
        assert all(stem.any() for stem in song.stems.values())


def test_midi_tracks_are_named_as_the_stems_and_hold_the_notes_of_the_performance() -> None:
    for plan, song in band():
        read = read_notes(song.midi)
        assert list(read) == [patch.stem for patch in plan.patches]
        for patch in plan.patches:
            played = perform(plan, patch)
            assert [n.pitch for n in read[patch.stem]] == [n.pitch for n in played]
            assert [n.velocity for n in read[patch.stem]] == [n.velocity for n in played]
            for ours, theirs in zip(played, read[patch.stem], strict=True):
                assert (theirs.start_s, theirs.end_s) == pytest.approx(
                    (ours.start_s, ours.end_s), abs=2e-4
                )


def test_midi_onsets_of_struck_stems_raise_the_energy_and_later_moments_do_not() -> None:
    at_onset, later = [], []
    for _, song in band():
        for stem in ("drums", "piano", "acoustic_guitar", "bass"):
            starts = [note.start_s for note in read_notes(song.midi).get(stem, [])]
            for last_s, start_s in zip([-1.0, *starts], starts, strict=False):
                if start_s - last_s > 0.1:
                    at_onset.append(rises_at(song.stems[stem], start_s))
                    later.append(rises_at(song.stems[stem], start_s + 0.06))
    assert len(at_onset) > 100
    assert np.mean(at_onset) > 0.85
    assert np.mean(later) < 0.3


def rises_at(audio: NDArray[np.int16], time_s: float) -> bool:
    before = energy_of(audio, max(time_s - 0.03, 0.0), time_s)
    return energy_of(audio, time_s, time_s + 0.03) > before


def test_a_note_sounds_at_its_pitch_from_its_start_to_its_end() -> None:
    part = Part(find_patch("drawbar organ"), (Note(0.5, 1.5, 69, 100),), ())
    audio = render_part(part, 2 * RATE_HZ)[0]
    assert not audio[: RATE_HZ // 2].any()
    assert np.abs(audio[round(0.51 * RATE_HZ) :][:500]).max() > 0
    assert np.abs(audio[round(1.45 * RATE_HZ) :][:500]).max() > 1e-3
    assert np.abs(audio[round(1.9 * RATE_HZ) :]).max() < 1e-3
    assert find_peak_hz(audio[RATE_HZ // 2 : RATE_HZ], 400, 480) == pytest.approx(440, rel=0.01)


def test_a_bend_of_two_semitones_sounds_two_semitones_higher() -> None:
    part = Part(find_patch("hollow voice"), (Note(0.0, 1.0, 69, 100),), (Bend(0.5, 1.9998),))
    audio = render_part(part, RATE_HZ)[0]
    assert find_peak_hz(audio[: RATE_HZ // 2], 380, 520) == pytest.approx(440, rel=0.01)
    assert find_peak_hz(audio[RATE_HZ // 2 :], 380, 520) == pytest.approx(493.9, rel=0.01)


def find_peak_hz(audio: NDArray[np.float32], low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 8 * len(audio)))
    bins_hz = np.fft.rfftfreq(8 * len(audio), 1 / RATE_HZ)
    return float(bins_hz[np.argmax(spectrum * ((bins_hz > low_hz) & (bins_hz < high_hz)))])


def test_two_voices_that_start_together_share_one_bend() -> None:
    notes = [Note(0.0, 1.0, 60, 90), Note(0.004, 1.0, 64, 90), Note(1.0, 2.0, 62, 90)]
    bends = bend_notes(notes, make_rng(1))
    times = [bend.time_s for bend in bends]
    assert times == sorted(set(times))
    assert len(times) == 200
    assert bends[0].semitones < -0.5
    assert max(abs(bend.semitones) for bend in bends[50:100]) > 0.1


def test_every_patch_sounds_and_no_two_of_a_stem_sound_alike() -> None:
    notes = tuple(Note(0.1 * i, 0.1 * i + 0.1, 36 + 3 * i, 100) for i in range(6))
    for stem in STEMS:
        patches = [p for p in (*TRAINING_PATCHES, *TEST_ONLY_PATCHES) if p.stem == stem]
        sounds = [render_part(Part(p, notes, ()), RATE_HZ // 2) for p in patches]
        assert all(sound.any() for sound in sounds)
        keys = [(p.drive, p.tilt_db, s.tobytes()) for p, s in zip(patches, sounds, strict=True)]
        assert len(set(keys)) == len(patches)


def test_a_hard_left_pan_without_room_leaves_the_right_side_empty() -> None:
    tone = np.ones((1, 100), np.float32)
    placed = place_in_room(tone, build_room(make_rng(1)), pan=-1.0, send=0.0)
    np.testing.assert_allclose(placed[0], np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(placed[1], 0.0, atol=1e-6)


def test_the_room_is_the_plain_convolution_with_its_impulse_response() -> None:
    room = build_room(make_rng(2))
    tone = make_rng(3).normal(size=(1, 3000)).astype(np.float32)
    placed = place_in_room(tone, room, pan=0.0, send=0.5)
    for side in range(2):
        wet = np.convolve(tone[0], room[side])[:3000]
        np.testing.assert_allclose(placed[side], tone[0] + 0.5 * wet, atol=1e-4)


def test_a_tail_fades_to_nothing_and_a_later_span_is_kept_whole() -> None:
    faded = fade_outside(np.ones((2, 3 * RATE_HZ), np.float32), [(0.5, 1.0), (2.0, 2.5)])
    at = [round(t * RATE_HZ) for t in (0.25, 0.75, 1.29, 1.4, 1.51, 1.99, 2.25)]
    np.testing.assert_allclose(faded[0, at], [0, 1, 1, 0.5, 0, 0, 1], atol=0.01)


def test_a_constant_offset_is_removed_and_a_tone_is_kept() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 440 * times)
    clean = block_offset((0.5 + tone)[np.newaxis].astype(np.float32))[0]
    np.testing.assert_allclose(clean[5000:-5000], tone[5000:-5000], atol=0.02)


def test_a_treble_lift_of_6_db_is_a_first_order_shelf() -> None:
    # By hand at 15 kHz: the low-pass is 0.1095 - 0.0521j, and |2 - low-pass| = 1.891.
    times = np.arange(RATE_HZ) / RATE_HZ
    for tone_hz, gain in ((60, 1.0), (15000, 1.891)):
        tone = np.sin(2 * np.pi * tone_hz * times)[np.newaxis].astype(np.float32)
        lifted = tilt_treble(tone, 6.02)
        assert np.std(lifted[0, 1000:]) / np.std(tone) == pytest.approx(gain, rel=0.005)


def test_a_song_is_filed_as_16_bit_wavs_and_its_notes(tmp_path: Path) -> None:
    _, song = band()[0]
    write_song(song, tmp_path / "song")
    names = sorted(path.name for path in (tmp_path / "song").iterdir())
    assert names == sorted([f"{name}.wav" for name in ("mixture", *STEMS)] + ["notes.mid"])
    assert np.array_equal(read_pcm16(tmp_path / "song" / "mixture.wav"), song.mixture)
    assert np.array_equal(read_pcm16(tmp_path / "song" / "bass.wav"), song.stems["bass"])
    assert (tmp_path / "song" / "notes.mid").read_bytes() == song.midi
