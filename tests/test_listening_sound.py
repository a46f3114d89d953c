"""The listening page in a real browser: what sounds is recorded and compared with its clips."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from listening import (
    IASS,
    INDEX,
    RATE_HZ,
    ROWS,
    SECONDS,
    Tab,
    draw_noise,
    find_address,
    make_noise,
    make_song,
    open_tab,
)
from playwright.sync_api import Browser
from recorder import read_recording, start_recording

from iass.reporting.listen.content import Method
from iass.reporting.listen.page import write_page

pytest_plugins = ["listening_tabs"]

# The clock may go on between two readings.
TIMES = "() => { const now = player.context.currentTime; return [now, player.position(now)]; }"


def _play(tab: Tab) -> None:
    """Play, recorded, in a loop of the whole excerpt, until sound is well under way."""
    start_recording(tab)
    tab.page.click("#loops [data-loop=excerpt]")
    tab.page.click("#play")
    tab.wait_for_sound()
    tab.wait(0.2)


def _locate(tab: Tab, row: int) -> tuple[int, float]:
    """Return sample of the row minus sample of the clock, and what else sounds than the row."""
    now = tab.clock()
    tab.wait(0.05)
    place = read_recording(tab, row).locate(row, now)
    return place.sample - place.clock, place.rest


def test_the_clock_runs_while_it_plays_and_pause_keeps_the_position(tab: Tab) -> None:
    tab.page.click("#play")
    tab.page.wait_for_function("listen.player.position() > 0.2")
    before = tab.ask(TIMES)
    tab.wait(0.5)
    after = tab.ask(TIMES)
    assert after[0] > before[0] + 0.5
    assert after[1] - before[1] == pytest.approx(after[0] - before[0], abs=1e-9)
    tab.page.click("#play")
    paused = tab.position()
    tab.wait(0.2)
    assert tab.position() == paused
    assert tab.page.inner_text("#play") == "Play"


def test_a_page_stops_at_the_end_and_plays_again_from_the_start(tab: Tab) -> None:
    tab.ask("listen.player.seek(5.8)")
    tab.page.click("#play")
    tab.page.wait_for_function("!listen.player.playing")
    assert tab.position() == SECONDS
    tab.page.click("#play")
    tab.wait_for_sound()
    assert tab.ask("listen.player.batch.offset") == 0


def test_switching_never_moves_the_position_and_only_the_chosen_row_sounds(tab: Tab) -> None:
    _play(tab)
    times = []
    for turn in range(24):
        tab.page.keyboard.press(f"{turn % len(ROWS) + 1}")
        tab.wait(0.1)
        times.append(tab.clock())
    tab.wait(0.05)
    recording = read_recording(tab, *range(len(ROWS)))
    places = [recording.locate(turn % len(ROWS), time) for turn, time in enumerate(times)]
    drift = {(place.sample - place.clock) % (SECONDS * RATE_HZ) for place in places}
    assert len(drift) == 1, "samples between the row and the audio clock"
    assert max(place.rest for place in places) < 1e-6
    assert all(place.gain == pytest.approx(1.0, abs=1e-6) for place in places)


def test_thirty_three_rows_start_together(browser: Browser, tmp_path: Path) -> None:
    methods = tuple(Method(f"m{k}", f"Method {k}", "trained") for k in range(31))
    clip = make_noise(1)
    names = ["reference", *(method.name for method in methods)]
    clips = {"mixture": clip, **{f"vocals/{name}": clip for name in names}}
    write_page(INDEX, [replace(make_song(clips=clips), methods=methods)], tmp_path)
    with open_tab(browser) as tab:
        tab.open(find_address(tmp_path))
        _play(tab)
        times = []
        for row in range(0, 33, 2):
            tab.ask("row => listen.player.choose(row)", row)
            tab.wait(0.1)
            times.append(tab.clock())
        tab.wait(0.05)
        recording = read_recording(tab, 0)
        places = [recording.locate(0, time) for time in times]
        assert len({place.sample - place.clock for place in places}) == 1


def test_a_page_shows_the_position_that_sounds(tab: Tab) -> None:
    _play(tab)
    clock, position = tab.ask(TIMES)
    ahead, _ = _locate(tab, 0)
    assert position - clock == pytest.approx(ahead / RATE_HZ, abs=1e-6)


def test_a_clip_is_decoded_where_its_music_lies(tab: Tab) -> None:
    start_recording(tab)
    tab.wait(0.05)
    decoded = read_recording(tab, 0).rows[0]
    true = draw_noise(0)[0]
    lags = np.fft.irfft(np.fft.rfft(decoded) * np.conj(np.fft.rfft(true)))
    assert np.argmax(lags) == 0


def test_a_click_on_a_frame_plays_that_row_from_its_start(tab: Tab) -> None:
    start_recording(tab)
    plot = tab.page.locator("#rows canvas").nth(IASS)
    plot.click(position={"x": plot.bounding_box()["width"] * 3.4 / SECONDS, "y": 60})
    tab.wait_for_sound()
    tab.wait(0.2)
    assert tab.chosen() == "iass"
    start = tab.ask("listen.player.batch.start")
    ahead, rest = _locate(tab, IASS)
    assert ahead == round((3.0 - start) * RATE_HZ)
    assert rest < 1e-6


def test_a_looped_frame_comes_round_without_a_sample_lost(tab: Tab) -> None:
    start_recording(tab)
    tab.ask("goTo(2.5)")
    tab.page.click("#loops [data-loop=frame]")
    tab.page.click("#play")
    tab.wait_for_sound()
    tab.wait(0.2)
    start = tab.clock()
    tab.wait(2.3)
    assert 2.0 <= tab.position() < 3.0
    recording = read_recording(tab, 0)
    place = recording.locate(0, start)
    heard = recording.samples[place.clock - recording.first :]
    turns = (place.sample + np.arange(len(heard))) % RATE_HZ
    assert len(heard) > 2 * RATE_HZ
    np.testing.assert_allclose(heard, recording.rows[0][2 * RATE_HZ + turns], rtol=0, atol=1e-6)


def test_changing_the_loop_while_it_plays_leaves_the_position(tab: Tab) -> None:
    _play(tab)
    before, _ = _locate(tab, 0)
    tab.page.click("#loops [data-loop=off]")
    tab.wait(0.2)
    after, rest = _locate(tab, 0)
    assert after == before
    assert rest < 1e-6


def test_matched_volume_changes_a_row_by_its_gain(tab: Tab) -> None:
    _play(tab)
    gains = []
    for row in (IASS, IASS + 1):
        tab.ask("row => chooseRow(row)", row)
        for _ in range(2):
            tab.page.click("#matched")
            tab.wait(0.15)
            now = tab.clock()
            tab.wait(0.05)
            gains.append(20 * np.log10(read_recording(tab, row).locate(row, now).gain))
    assert gains == pytest.approx([6.0, 0.0, -4.0, 0.0], abs=0.001)


def test_the_mixture_is_matched_to_each_target_by_a_gain_of_its_own(tab: Tab) -> None:
    _play(tab)
    tab.page.click("#matched")
    gains = []
    for target in ("vocals", "bass"):
        tab.page.click(f"[data-target={target}]")
        tab.page.wait_for_function(
            "target => listen.view.target === target && listen.player.batch", arg=target
        )
        tab.wait(0.2)
        now = tab.clock()
        tab.wait(0.05)
        gains.append(20 * np.log10(read_recording(tab, 0).locate(0, now).gain))
    assert gains == pytest.approx([-3.0, -12.0], abs=0.001)


@pytest.mark.parametrize("gain_db", [6.0, 18.0, 40.0])
def test_no_row_clips_when_it_is_turned_up_and_levels_stay_matched(
    tab: Tab, gain_db: float
) -> None:
    tab.ask("gain => { listen.player.rows[3].gainDb = gain; }", gain_db)
    tab.ask("setMatched(true)")
    loud, soft = tab.ask("[3, 1].map((row) => { player.choose(row); return player.gainOf(row); })")
    assert loud * tab.ask("player.rows[3].peak") <= 1.0 + 1e-9
    assert 20 * np.log10(loud / soft) == pytest.approx(gain_db)


def test_a_clip_above_full_scale_turns_all_rows_down_alike(tab: Tab) -> None:
    tab.ask("listen.player.rows[3].peak = 2")
    gains = tab.ask("[0, 3].map((row) => { player.choose(row); return player.gainOf(row); })")
    assert gains == pytest.approx([0.5, 0.5])
