"""The listening page snaps to the frames that were scored, wherever they start."""

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from listening import IASS, INDEX, SECONDS, Tab, make_song, open_page
from playwright.sync_api import Browser

from iass.reporting.listen.content import Frame
from iass.reporting.listen.page import write_page

pytest_plugins = ["listening_tabs"]

HALVES = [k / 2 for k in range(11)]  # frames of 1 s, every 0.5 s
ODD = [1.0, 3.0]  # whole frames of 2 s in an excerpt that starts at an odd second
APART = [0.0, 3.0]  # frames of 2 s, every 3 s


def _write(folder: Path, window_s: float, starts: Iterable[float]) -> Path:
    """Write a page of one song with frames at `starts`, of given SDR or the later the better."""
    song = make_song()
    levels = starts if isinstance(starts, dict) else {start: 4.0 + start for start in starts}
    frames = tuple(Frame(start, level) for start, level in levels.items())
    write_page(
        INDEX, [replace(song, window_s=window_s, sdr=dict.fromkeys(song.sdr, frames))], folder
    )
    return folder


def _click(tab: Tab, row: int, second: float) -> Any:
    """Click a plot at a second; return where it starts to play, and the frame that is shown."""
    plot = tab.page.locator("#rows canvas").nth(row)
    plot.click(position={"x": plot.bounding_box()["width"] * second / SECONDS, "y": 60})
    tab.wait_for_sound()
    found = tab.ask("[listen.player.batch.offset, listen.view.frame.from, listen.view.frame.to]")
    tab.ask("listen.player.pause()")
    return found


@pytest.mark.parametrize("row", [0, IASS], ids=["mixture", "method"])
@pytest.mark.parametrize(
    ("window_s", "starts", "second", "frame"),
    [
        (1.0, HALVES, 0.3, (0.0, 1.0)),
        (1.0, HALVES, 0.7, (0.5, 1.5)),
        (1.0, HALVES, 4.6, (4.5, 5.5)),
        (1.0, HALVES, 5.9, (5.0, 6.0)),
        (2.0, ODD, 3.3, (3.0, 5.0)),
        (2.0, ODD, 2.7, (1.0, 3.0)),
        (2.0, ODD, 0.4, (0.0, 2.0)),  # what lies before the first frame can be heard, too
        (2.0, ODD, 5.4, (5.0, 6.0)),  # and what lies behind the last
        (2.0, APART, 2.6, (0.0, 2.0)),
        (2.0, [], 2.6, (2.0, 4.0)),  # nothing is scored
    ],
)
def test_a_click_goes_to_the_last_frame_that_has_started(
    browser: Browser,
    tmp_path: Path,
    row: int,
    window_s: float,
    starts: list[float],
    second: float,
    frame: tuple[float, float],
) -> None:
    with open_page(browser, _write(tmp_path, window_s, starts)) as tab:
        assert _click(tab, row, second) == [frame[0], *frame]


def test_overlapping_frames_are_named_by_their_start_and_loop_over_their_length(
    browser: Browser, tmp_path: Path
) -> None:
    with open_page(browser, _write(tmp_path, 1.0, HALVES)) as tab:
        buttons = tab.page.locator("#rows li").nth(IASS).locator(".frames button")
        assert [text.split()[0] for text in buttons.all_inner_texts()] == [
            *("0:00", "0:00.5", "0:01"),
            *("0:05", "0:04.5", "0:04"),
        ]
        tab.page.click("[data-loop=frame]")
        buttons.nth(1).click()
        tab.wait_for_sound()
        assert tab.ask("listen.player.loop") == {"from": 0.5, "to": 1.5}
        plot = tab.page.locator("#rows canvas").nth(IASS)
        plot.hover(position={"x": plot.bounding_box()["width"] * 2.6 / SECONDS, "y": 60})
        assert plot.get_attribute("title") == "0:02.5, SDR 6.5\xa0dB"


def test_the_curve_of_overlapping_frames_shows_the_last_that_has_started(
    browser: Browser, tmp_path: Path
) -> None:
    frames = [(0.0, 5.0), (0.5, 15.0), (1.0, 2.0), (1.5, 10.0)]
    with open_page(browser, _write(tmp_path, 1.0, dict(frames))) as tab:
        levels = tab.read_levels(IASS, [0.25, 0.75, 1.25, 1.75, 2.25, 3.0], (0.0, 15.0))
        assert levels == pytest.approx([5, 15, 2, 10, 10, math.nan], abs=0.5, nan_ok=True)


def test_arrow_keys_go_from_frame_to_frame(browser: Browser, tmp_path: Path) -> None:
    with open_page(browser, _write(tmp_path, 2.0, ODD)) as tab:
        for key, position in (
            *[("ArrowRight", second) for second in (1, 3, 5, 6)],
            *[("ArrowLeft", second) for second in (5, 3, 1, 0, 0)],
        ):
            tab.page.keyboard.press(key)
            assert tab.position() == position


@pytest.mark.parametrize("hop_s", [0.5, 1 / 3])
def test_a_link_into_an_overlapping_frame_shows_it(
    browser: Browser, tmp_path: Path, hop_s: float
) -> None:
    with open_page(browser, _write(tmp_path, 1.0, [hop_s * k for k in range(9)])) as tab:
        tab.ask("start => goTo(start)", hop_s)
        tab.page.wait_for_function("location.hash.includes('time=0.')")
        address = tab.page.url
        tab.page.goto("about:blank")
        tab.open(address)
        assert tab.ask("listen.view.frame") == {"from": hop_s, "to": hop_s + 1}
