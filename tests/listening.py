"""Small listening pages of noise, and tabs of a browser in which they are open.

Every clip is noise of its own, so that a stretch of what sounds tells which clip it is and where.
The browser itself is a fixture of listening_tabs.py.
"""

import base64
import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from iass.foundation.audio import FloatArray
from iass.foundation.mp3 import encode_mp3
from iass.reporting.listen.content import (
    Clip,
    Curve,
    Frame,
    Index,
    LeftOut,
    Method,
    Song,
    Target,
)

RATE_HZ = 44100
SECONDS = 6
METHODS = (
    Method("ibm", "IBM", "oracle"),
    Method("iass", "IASS", "trained"),
    Method("open_unmix", "Open-Unmix", "trained"),
    Method("mixture_bound", "Mixture as it is", "bound"),
)
TARGETS = (Target("vocals", "Vocals"), Target("bass", "Bass"))
ROWS = ["mixture", "reference", *(method.name for method in METHODS)]
IASS = ROWS.index("iass")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 812}
MIXTURE_GAINS_DB = {"vocals": -3.0, "bass": -12.0}
GAINS_DB = {"ibm": 0.5, "iass": 6.0, "open_unmix": -4.0, "mixture_bound": -9.0}
SDR = {"ibm": 12.0, "iass": 5.0, "open_unmix": 6.0, "mixture_bound": -4.0}
SILENT = "the reference is silent"
INDEX = Index(
    "Test of a page </script>",
    "Noise, made for a test.",
    private=False,
    footer=("Code 0123abcd, seed 7.", "Made with numpy."),
    left_out=(LeftOut("A secret", "medleydb", "its licence forbids it"),),
)


def draw_noise(seed: int) -> FloatArray:
    """Return mono noise (1, samples), about -26 dB."""
    noise = 0.05 * np.random.default_rng(seed).standard_normal((1, SECONDS * RATE_HZ))
    return noise.astype(np.float32)


def make_noise(seed: int) -> Clip:
    """Return a clip of noise."""
    return Clip(encode_mp3(draw_noise(seed), RATE_HZ, 4))


def make_clips() -> dict[str, Clip]:
    """Return clips of all rows; Open-Unmix has no bass."""
    names = ["reference", *(method.name for method in METHODS)]
    keys = [f"{target.name}/{name}" for target in TARGETS for name in names]
    keys.remove("bass/open_unmix")
    clips = {key: make_noise(seed) for seed, key in enumerate(keys, start=1)}
    gained = {
        key: replace(clip, gain_db=GAINS_DB.get(key.partition("/")[2], 0.0))
        for key, clip in clips.items()
    }
    return {"mixture": make_noise(0)} | gained


def make_song(name: str = "first", clips: dict[str, Clip] | None = None) -> Song:
    """Return a song of SECONDS s with frames of 1 s, the fifth of them without SDR."""
    keys = [f"{target.name}/{method.name}" for target in TARGETS for method in METHODS]
    ramp = Curve(0.1, tuple(np.linspace(0, 1, 10 * SECONDS).tolist()))
    return Song(
        id=name,
        title=f"Song {name}",
        artist="The Noises",
        dataset="made",
        experiment="test",
        licence="CC0 1.0",
        start_s=62.0,
        seconds=SECONDS,
        window_s=1.0,
        targets=TARGETS,
        methods=METHODS,
        clips=make_clips() if clips is None else clips,
        mixture_gains_db=MIXTURE_GAINS_DB,
        labels={target.name: ramp for target in TARGETS},
        activity={"vocals/iass": Curve(0.05, tuple([0.0, 1.0] * (10 * SECONDS)))},
        sdr={key: make_frames(SDR[key.partition("/")[2]]) for key in keys},
    )


def make_frames(level: float) -> tuple[Frame, ...]:
    """Return frames that get better by 1 dB each, but for the silent fifth."""
    return tuple(
        Frame(float(k), None, SILENT) if k == 4 else Frame(float(k), level + k)
        for k in range(SECONDS)
    )


@dataclass
class Tab:
    """A page in the browser, and all that it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def ask(self, script: str, value: Any = None) -> Any:
        """Run JavaScript in the page and return what it gives."""
        return self.page.evaluate(script, value)

    def open(self, address: str) -> None:
        """Open an address and wait until rows can be played."""
        self.page.goto(address)
        self.page.wait_for_selector("#play:enabled")

    def position(self) -> float:
        """Return where the player is, in seconds from the excerpt's start."""
        return float(self.ask("listen.player.position()"))

    def chosen(self) -> str:
        """Return the name of the row whose button is pressed."""
        return str(self.page.get_attribute("#rows [aria-pressed=true]", "data-row"))

    def clock(self) -> float:
        """Return the time of the audio clock in seconds."""
        return float(self.ask("listen.player.context.currentTime"))

    def wait(self, seconds: float) -> None:
        """Let the audio clock run."""
        end = self.clock() + seconds
        self.page.wait_for_function("end => listen.player.context.currentTime > end", arg=end)

    def read_levels(
        self, row: int, seconds: Sequence[float], axis: tuple[float, float]
    ) -> list[float]:
        """Return where a row's curve of SDR is drawn at some times, in dB; NaN where it is not."""
        canvas = self.page.locator("#rows canvas").nth(row)
        url = canvas.evaluate("canvas => canvas.toDataURL()").split(",")[1]
        picture: NDArray[np.float64] = imread(io.BytesIO(base64.b64decode(url)))
        blue = (picture[..., 2] - picture[..., 0]) * picture[..., 3]  # as nothing else in a plot
        top, height = self.ask("row => [findParts(view.rows[row]).sdr, SDR]", row)
        columns = blue[int(top) :, [int(time / SECONDS * blue.shape[1]) for time in seconds]]
        levels = axis[1] - columns.argmax(axis=0) / height * (axis[1] - axis[0])
        return np.where(columns.max(axis=0) < 0.05, np.nan, levels).tolist()

    def wait_for_sound(self) -> None:
        """Wait until a start is scheduled."""
        self.page.wait_for_function("listen.player.batch")


def find_chromium() -> str:
    """Return the browser's program; a test that needs it is skipped where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no chromium on this machine: apt install chromium")
    return found


@contextmanager
def open_tab(browser: Browser, **options: Any) -> Iterator[Tab]:
    """Open a tab that notes every word in the console, error and failed request."""
    context = browser.new_context(**options)
    tab = Tab(context.new_page())
    note = tab.complaints.append
    tab.page.on("console", lambda message: note(f"{message.type}: {message.text}"))
    tab.page.on("pageerror", lambda error: note(f"error: {error}"))
    tab.page.on("requestfailed", lambda request: note(f"not loaded: {request.url}"))
    tab.page.on(
        "response",
        lambda response: None if response.ok else note(f"{response.status}: {response.url}"),
    )
    yield tab
    context.close()


def find_address(folder: Path) -> str:
    """Return the file:// address of a page."""
    return (folder / "index.html").as_uri()


@contextmanager
def open_page(browser: Browser, folder: Path, **options: Any) -> Iterator[Tab]:
    """Open a page from the disk; it may not complain of anything."""
    with open_tab(browser, viewport=DESKTOP, **options) as tab:
        tab.open(find_address(folder))
        yield tab
        assert tab.complaints == []
