"""The listening page in a real browser: what it shows, says and does."""

import functools
import math
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from listening import (
    DESKTOP,
    IASS,
    INDEX,
    METHODS,
    PHONE,
    ROWS,
    SECONDS,
    SILENT,
    Tab,
    find_address,
    make_clips,
    make_noise,
    make_song,
    open_page,
    open_tab,
)
from playwright.sync_api import Browser, Route

from iass.reporting.listen.content import Clip
from iass.reporting.listen.page import write_page

pytest_plugins = ["listening_tabs"]

# Notes what is written where a screen reader says every change without being asked.
WATCH = """() => {
  const live = "output, [role=status], [role=alert], [role=timer], [aria-live]";
  window.told = [];
  const watch = new MutationObserver((changes) =>
    window.told.push(...changes.map(({ target }) => target.textContent)));
  for (const element of document.querySelectorAll(live)) {
    watch.observe(element, { childList: true, characterData: true, subtree: true });
  }
}"""


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server(pages: Path) -> Iterator[str]:
    handler = functools.partial(_Handler, directory=str(pages))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def _open_and_play(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.page.click("#play")
    tab.page.wait_for_function("listen.player.position() > 0.3")
    assert tab.complaints == []


def test_a_page_opens_and_plays_from_a_disk(browser: Browser, pages: Path) -> None:
    with open_tab(browser) as tab:
        _open_and_play(tab, find_address(pages))


def test_a_page_opens_and_plays_from_a_web_server(browser: Browser, server: str) -> None:
    with open_tab(browser) as tab:
        _open_and_play(tab, server)


def test_a_page_asks_for_nothing_but_its_own_files(browser: Browser, server: str) -> None:
    with open_tab(browser) as tab:
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url))
        tab.open(server)
        assert all(url.startswith((server, "data:", "blob:")) for url in asked)
        assert sum("/songs/" in url for url in asked) == 1  # the other song waits to be chosen


def test_a_page_says_what_it_is_what_is_left_out_and_where_its_numbers_come_from(tab: Tab) -> None:
    text = tab.page.inner_text("body")
    assert tab.page.inner_text("h1") == INDEX.title
    for sentence in (INDEX.data, *INDEX.footer, "Licence: CC0 1.0", "from 1:02 to 1:08"):
        assert sentence in text
    assert "A secret (medleydb): its licence forbids it" in tab.page.text_content("#left-out")
    assert tab.page.is_hidden("#private")


def test_a_target_that_the_song_has_not_is_not_offered(browser: Browser, tmp_path: Path) -> None:
    clips = {"mixture": make_noise(0), "bass/reference": make_noise(1)}
    write_page(INDEX, [make_song(clips=clips)], tmp_path)
    with open_page(browser, tmp_path) as tab:
        assert tab.page.locator("#targets button").all_inner_texts() == ["Bass"]
        assert tab.ask("listen.view.rows.map((row) => row.name)") == ["mixture", "reference"]


def test_a_private_page_and_a_marked_song_say_so(browser: Browser, tmp_path: Path) -> None:
    song = replace(make_song(clips={"mixture": make_noise(0)}), marks=("† IASS heard this song.",))
    write_page(replace(INDEX, private=True), [song], tmp_path)
    with open_tab(browser) as tab:
        tab.open(find_address(tmp_path))
        assert tab.page.is_visible("#private")
        assert tab.page.inner_text("#marks") == "† IASS heard this song."


def test_the_worst_and_the_best_frames_are_buttons_that_play_them(tab: Tab) -> None:
    texts = tab.page.locator("#rows li").nth(IASS).locator(".frames button").all_inner_texts()
    assert [text.split("\n")[0].replace("\xa0", " ") for text in texts] == [
        *("0:00 5.0 dB", "0:01 6.0 dB", "0:02 7.0 dB"),
        *("0:05 10.0 dB", "0:03 8.0 dB"),
    ]
    tab.page.locator("#rows li").nth(IASS).locator(".frames button").nth(3).click()
    tab.wait_for_sound()
    assert tab.chosen() == "iass"
    assert tab.ask("listen.player.batch.offset") == 5


def test_a_frame_without_sdr_gives_its_reason(tab: Tab) -> None:
    plot = tab.page.locator("#rows canvas").nth(IASS)
    plot.hover(position={"x": plot.bounding_box()["width"] * 4.5 / SECONDS, "y": 100})
    assert plot.get_attribute("title") == f"0:04, no SDR: {SILENT}"
    tab.page.click("#table summary")
    line = tab.page.locator("#table tbody tr").nth(4).inner_text()
    assert line.split("\t") == ["0:04", *[SILENT] * len(METHODS)]


def test_another_target_keeps_the_row_the_position_and_the_music(tab: Tab) -> None:
    tab.page.keyboard.press("4")
    tab.page.click("#play")
    tab.page.wait_for_function("listen.player.position() > 1")
    tab.page.click("[data-target=bass]")
    tab.page.wait_for_function("listen.view.target === 'bass' && listen.player.batch")
    assert tab.page.inner_text("#now") == "Playing: IASS, Bass"
    assert tab.position() > 1
    names = [name for name in ROWS if name != "open_unmix"]  # it has no clip of the bass
    assert tab.ask("listen.view.rows.map((row) => row.name)") == names


def _choose_second(tab: Tab) -> None:
    tab.page.select_option("#songs", "second")
    tab.page.wait_for_function("listen.view.song.id === 'second'")
    tab.page.evaluate("document.activeElement.blur()")  # a list takes keys for itself


def test_another_song_starts_at_its_beginning_and_loops_over_its_own_length(tab: Tab) -> None:
    tab.page.keyboard.press("l")
    tab.page.keyboard.press("ArrowRight")
    _choose_second(tab)
    assert tab.page.inner_text("h2") == "The Noises: Song second"
    assert tab.position() == 0
    assert tab.ask("listen.player.loop") == {"from": 0, "to": 4}
    assert tab.ask("listen.view.rows.every((row) => row.buffer.duration === 4)")


def test_a_song_that_is_still_decoded_gives_way_to_the_one_chosen_since(
    browser: Browser, server: str
) -> None:
    with open_tab(browser) as tab:
        tab.open(server)
        waiting: list[Route] = []

        def _hold(route: Route) -> None:
            waiting.append(route)

        tab.page.route("**/songs/2.js", _hold)
        tab.page.click("#play")
        link = {"target": "bass", "row": "ibm", "time": "1"}
        tab.ask(
            "async (link) => {"
            "  const decoded = showTarget('bass');"
            "  loadSong(findEntry('second'), link);"
            "  await decoded;"
            "}",
            link,
        )
        assert tab.page.is_disabled("#play")
        assert tab.ask("listen.view.rows") == []
        assert tab.page.inner_text("#now").startswith("Loading")
        waiting[0].continue_()
        tab.page.wait_for_selector("#play:enabled")
        assert tab.ask("[listen.view.song.id, listen.view.target]") == ["second", "bass"]
        assert (tab.chosen(), tab.position()) == ("ibm", 1.0)
        assert not tab.ask("listen.player.playing")


def test_a_link_leads_to_song_target_row_and_second(tab: Tab, pages: Path) -> None:
    _choose_second(tab)
    tab.page.click("[data-target=bass]")
    tab.page.wait_for_function("listen.view.target === 'bass'")
    tab.page.keyboard.press("3")
    tab.page.keyboard.press("ArrowRight")
    tab.page.wait_for_function("location.hash.includes('time=1.00')")
    address = tab.page.url
    tab.page.goto("about:blank")
    tab.open(address)
    assert tab.ask("[listen.view.song.id, listen.view.target]") == ["second", "bass"]
    assert tab.chosen() == "ibm"
    assert tab.position() == 1.0


def test_a_screen_reader_is_told_nothing_while_the_clock_runs_or_the_slider_moves(tab: Tab) -> None:
    tab.page.click("#play")
    tab.page.wait_for_function("listen.player.position() > 0.2")
    tab.ask(WATCH)
    tab.wait(0.3)
    tab.ask("[2, 2.1, 2.2].forEach((time) => goTo(time))")
    tab.wait(0.1)
    assert tab.ask("window.told") == []
    tab.page.keyboard.press("4")
    tab.wait(0.1)
    assert tab.ask("window.told") == ["Playing: IASS, Vocals"]


def test_what_cannot_be_read_is_named(browser: Browser, tmp_path: Path) -> None:
    clips = {**make_clips(), "vocals/iass": Clip(b"no music")}
    write_page(INDEX, [make_song(clips=clips)], tmp_path)
    with open_tab(browser) as tab:
        tab.open(find_address(tmp_path))
        assert tab.page.inner_text("#problem") == "This browser cannot decode IASS."
        (tmp_path / "songs" / "1.js").unlink()
        tab.page.reload()
        tab.page.wait_for_selector("#problem:has-text('songs/1.js cannot be read')")
        (tmp_path / "songs.js").unlink()
        tab.page.reload()
        tab.page.wait_for_selector("#problem:has-text('songs.js cannot be read')")


def test_a_page_without_songs_says_so(browser: Browser, tmp_path: Path) -> None:
    write_page(INDEX, [], tmp_path)
    with open_tab(browser) as tab:
        tab.page.goto(find_address(tmp_path))
        assert tab.page.inner_text("#problem") == "There is no song on this page."
        assert tab.complaints == []


def test_the_curve_of_sdr_stands_at_its_values_and_has_a_gap_where_there_is_none(tab: Tab) -> None:
    axis = (-5, 20)  # of all rows: -4 to 17 dB, in whole fives
    levels = tab.read_levels(IASS, [k + 0.5 for k in range(SECONDS)], axis)
    assert levels == pytest.approx([5, 6, 7, 8, math.nan, 10], abs=0.5, nan_ok=True)


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_scrolls_sideways(browser: Browser, pages: Path, width: int) -> None:
    with open_tab(browser, viewport={"width": width, "height": 812}) as tab:
        tab.open(find_address(pages))
        tab.page.click("#table summary")
        assert tab.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_bars_a_reader(
    browser: Browser, pages: Path, viewport: dict[str, int], scheme: str
) -> None:
    with open_tab(browser, viewport=viewport, color_scheme=scheme) as tab:
        tab.open(find_address(pages))
        for summary in ("#table summary", "#left-out summary"):
            tab.page.click(summary)
        tab.page.click("[data-row=iass]")
        violations = Axe().run(tab.page).response["violations"]
        assert [each["id"] for each in violations] == []
