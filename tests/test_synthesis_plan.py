import math
from typing import Any

import pytest

from iass.foundation.errors import UserError
from iass.synthesis import STEMS, SongPlan, plan_songs
from iass.synthesis.form import FEWEST_PLAYING
from iass.synthesis.harmony import MAJOR, Key, build_chord
from iass.synthesis.patches import TEST_ONLY_PATCHES, TRAINING_PATCHES
from iass.synthesis.performance import perform
from iass.synthesis.rhythm import Passage, read_rhythm
from iass.synthesis.vocabulary import make_rng

DEMO_SONGS = {"train": 24, "valid": 4, "test": 8}
DEMO_SECONDS = {"train": 18.0, "valid": 18.0, "test": 10.0}
SEEDS = range(6)


def plan_demo(seed: int) -> list[SongPlan]:
    return plan_songs(seed, DEMO_SONGS, DEMO_SECONDS)


def of_split(plans: list[SongPlan], split: str) -> list[SongPlan]:
    return [plan for plan in plans if plan.split == split]


def heard(plan: SongPlan) -> set[str]:
    return {stem for section in plan.sections for stem in section.playing}


def test_songs_are_numbered_within_their_split_and_titles_are_distinct() -> None:
    plans = plan_demo(1)
    assert [plan.id for plan in plans[:2]] == ["synthband-train-000", "synthband-train-001"]
    assert plans[-1].id == "synthband-test-007"
    assert len({plan.title for plan in plans}) == len({plan.seed for plan in plans}) == 36


def test_a_seed_gives_one_plan_and_another_seed_another() -> None:
    assert plan_demo(3) == plan_demo(3)
    assert plan_demo(3) != plan_demo(4)


def test_a_split_is_planned_alike_whatever_the_size_of_the_others() -> None:
    alone = plan_songs(5, {"test": 8}, DEMO_SECONDS)
    beside = of_split(plan_demo(5), "test")
    assert [(p.seed, p.patches, p.sections) for p in alone] == [
        (p.seed, p.patches, p.sections) for p in beside
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_patch_of_the_test_songs_alone_is_heard_in_training_or_validation(seed: int) -> None:
    plans = plan_demo(seed)
    known = {p for plan in plans if plan.split != "test" for p in plan.patches}
    tested = {p for plan in of_split(plans, "test") for p in plan.patches}
    assert not known & set(TEST_ONLY_PATCHES)
    assert {p.stem for p in tested & set(TEST_ONLY_PATCHES)} == set(STEMS)
    assert {p.stem for p in tested & set(TRAINING_PATCHES)} == set(STEMS)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_training_patch_is_dealt_about_equally_often(seed: int) -> None:
    training = [p for plan in of_split(plan_demo(seed), "train") for p in plan.patches]
    for stem in STEMS:
        counts = [training.count(p) for p in TRAINING_PATCHES if p.stem == stem]
        assert min(counts) >= 1
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_each_stem_is_absent_from_some_songs_and_in_all_of_validation(seed: int) -> None:
    plans = plan_demo(seed)
    counts = {
        split: {stem: sum(stem in heard(p) for p in of_split(plans, split)) for stem in STEMS}
        for split in DEMO_SONGS
    }
    band = {"vocals", "drums", "bass"}
    assert counts["train"] == {stem: 21 if stem in band else 18 for stem in STEMS}
    assert counts["valid"] == dict.fromkeys(STEMS, 4)
    assert counts["test"] == {stem: 7 if stem in band else 6 for stem in STEMS}


@pytest.mark.parametrize("seed", SEEDS)
def test_about_55_percent_of_the_sections_of_training_songs_have_a_stem(seed: int) -> None:
    sections = [s for plan in of_split(plan_demo(seed), "train") for s in plan.sections]
    for stem in STEMS:
        share = sum(stem in section.playing for section in sections) / len(sections)
        assert 0.42 < share < 0.70, stem
    mean = sum(len(section.playing) for section in sections) / len(sections) / len(STEMS)
    assert 0.52 < mean < 0.58
    assert min(len(section.playing) for section in sections) >= FEWEST_PLAYING


def test_a_stem_that_plays_rests_in_some_sections_of_most_songs() -> None:
    plans = of_split(plan_demo(2), "train")
    resting = sum(
        any(stem not in s.playing for s in plan.sections) for plan in plans for stem in heard(plan)
    )
    assert resting > 0.9 * sum(len(heard(plan)) for plan in plans)


@pytest.mark.parametrize("seconds", [0.5, 1.3, 4.0, 180.0])
def test_a_lone_song_of_each_split_has_every_stem(seconds: float) -> None:
    lengths = dict.fromkeys(DEMO_SONGS, seconds)
    plans = plan_songs(9, dict.fromkeys(DEMO_SONGS, 1), lengths)
    assert [heard(plan) for plan in plans] == [set(STEMS)] * 3
    for plan in plans:
        assert len(plan.sections) >= 2
        assert all(perform(plan, patch) for patch in plan.patches)


@pytest.mark.parametrize("seconds", [0.5, 0.9, 3.3, 10.0, 18.0, 60.0])
def test_sections_follow_each_other_and_fill_the_song(seconds: float) -> None:
    for plan in plan_songs(11, {"train": 8}, {"train": seconds}):
        ends = [section.start_beat + section.beats for section in plan.sections]
        assert [section.start_beat for section in plan.sections] == pytest.approx([0, *ends[:-1]])
        assert ends[-1] * 60 / plan.tempo_bpm == pytest.approx(seconds)
        assert min(section.beats for section in plan.sections) > 0


def test_notes_lie_in_the_sections_of_their_stem_and_never_overlap_in_pitch() -> None:
    for plan in of_split(plan_demo(6), "test"):
        beat_s = 60 / plan.tempo_bpm
        for patch in plan.patches:
            spans = [
                (s.start_beat * beat_s, (s.start_beat + s.beats) * beat_s)
                for s in plan.sections
                if patch.stem in s.playing
            ]
            notes = perform(plan, patch)
            ends: dict[int, float] = {}
            for note in notes:
                assert any(a <= note.start_s < note.end_s <= b + 1e-9 for a, b in spans)
                assert note.start_s >= ends.get(note.pitch, 0.0)
                ends[note.pitch] = note.end_s


@pytest.mark.parametrize(
    ("songs", "seconds", "message"),
    [
        ({"training": 1}, {"training": 5.0}, "no split 'training'"),
        ({"train": 1}, {"train": 5.0, "tset": 5.0}, "no split 'tset'"),
        ({"train": 1}, {}, "0.5 s or more"),
        ({"test": 1}, {"test": 0.3}, "0.5 s or more"),
        ({"test": -1}, {"test": 5.0}, "songs.test is -1; give a whole number"),
        ({"test": 1.5}, {"test": 5.0}, "songs.test is 1.5; give a whole number"),
        ({"test": "two"}, {"test": 5.0}, "songs.test is 'two'; give a whole number"),
        ({"test": True}, {"test": 5.0}, "songs.test is True; give a whole number"),
        (8, {"test": 5.0}, "songs is 8; give one number per split"),
        ({"test": 1}, 5.0, "seconds is 5.0; give one number per split"),
        ({"test": 1}, {"test": -5}, "seconds.test is -5; give 0.5 s or more"),
        ({"test": 1}, {"test": "5 s"}, "seconds.test is '5 s'; give 0.5 s or more"),
        ({"test": 1}, {"test": math.inf}, "seconds.test is inf; give 0.5 s or more"),
        ({"test": 1}, {"test": math.nan}, "seconds.test is nan; give 0.5 s or more"),
        ({"test": 0}, {"test": "5 s"}, "seconds.test is '5 s'; give 0.5 s or more"),
    ],
)
def test_an_impossible_request_is_refused(songs: Any, seconds: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        plan_songs(1, songs, seconds)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", [-1, 0.5, "x", None])
def test_a_seed_that_is_no_whole_number_is_refused(seed: Any) -> None:
    with pytest.raises(UserError, match=r"seed is .*; give a whole number from 0 up"):
        plan_songs(seed, {"test": 1}, {"test": 5.0})


def test_a_split_may_have_no_songs_and_then_needs_no_length() -> None:
    plans = plan_songs(1, {"train": 0, "test": 2}, {"test": 5})
    assert [plan.split for plan in plans] == ["test", "test"]


def test_rhythm_text_reads_as_strokes_with_their_lengths() -> None:
    strokes = read_rhythm("X..-x.--", 3.0)
    assert [(s.beat, s.length, s.is_accent) for s in strokes] == [
        (0.0, 0.75, True),
        (1.0, 0.5, False),
        (2.0, 0.75, True),
    ]


def test_a_rhythm_without_room_for_a_stroke_gives_one_long_one() -> None:
    assert [(s.beat, s.length) for s in read_rhythm("----X---", 0.5)] == [(0.0, 0.5)]


def test_c_major_has_c_e_g_on_its_first_degree_and_g_b_d_f_on_its_fifth() -> None:
    key = Key(0, MAJOR)
    assert build_chord(key, 0, has_seventh=False).classes == (0, 4, 7)
    dominant = build_chord(key, 4, has_seventh=True)
    assert dominant.classes == (7, 11, 2, 5)
    assert dominant.root_above(40) == 43
    assert dominant.stack(55, 4) == [55, 59, 62, 65]


def test_every_manner_of_every_patch_plays_in_key_and_in_range() -> None:
    key = Key(9, MAJOR)
    chords = tuple(build_chord(key, degree, has_seventh=False) for degree in (0, 4, 5, 3))
    passage = Passage(16.0, chords, 4.0, key, is_loud=True)
    for patch in (*TRAINING_PATCHES, *TEST_ONLY_PATCHES):
        for manner in patch.manners:
            hits = manner(passage, make_rng(1))
            assert hits
            assert all(24 <= hit.pitch <= 90 and 0 <= hit.beat < 16.0 for hit in hits)
            if patch.stem not in ("drums", "bass"):
                in_key = sum(hit.pitch in key.ladder(0, 127) for hit in hits)
                assert in_key > 0.8 * len(hits), (patch.name, manner)
