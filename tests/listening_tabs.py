"""A real browser, a listening page of noise, and a tab in which it is open, for the tests.

A file of tests gets them by `pytest_plugins = ["listening_tabs"]`; it imports nothing from here, as
pytest wants to load a plugin itself.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from listening import INDEX, Tab, find_chromium, make_song, open_page
from playwright.sync_api import Browser, sync_playwright

from iass.reporting.listen.page import write_page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser without display and sound card, that plays without being clicked."""
    program = find_chromium()
    options = ["--autoplay-policy=no-user-gesture-required"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to run as root with it
    with sync_playwright() as tools:
        found = tools.chromium.launch(executable_path=program, args=options)
        yield found
        found.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a page of two songs, the second with the first 4 s of the first's clips."""
    folder, song = tmp_path_factory.mktemp("listen"), make_song()
    write_page(INDEX, [song, replace(song, id="second", title="Song second", seconds=4.0)], folder)
    return folder


@pytest.fixture
def tab(browser: Browser, pages: Path) -> Iterator[Tab]:
    """A tab in which that page is open."""
    with open_page(browser, pages) as opened:
        yield opened
