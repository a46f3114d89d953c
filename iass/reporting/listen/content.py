"""What the listening page shows, typed; page.py writes it for the browser.

A clip, an activity curve or a row of SDR frames belongs to a target and a method: its key is
"vocals/iass". The keys "mixture" and "vocals/reference" stand for what is no method.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    """An instrument that methods separate: the name in keys, and the label that readers see."""

    name: str
    label: str


@dataclass(frozen=True)
class Method:
    """A method: the name in keys, the label that readers see, and its kind (bound, oracle, ...)."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True)
class Clip:
    """An excerpt as a compressed audio file that browsers decode.

    `gain_db` (dB, finite) makes it as loud as the reference of its target; the mixture's depends on
    the target and stands in its Song. All clips of a song come from one encoder with one setting,
    so that its delay is the same in all.
    """

    audio: bytes = field(repr=False)
    gain_db: float = 0.0
    media_type: str = "audio/mpeg"


@dataclass(frozen=True)
class Curve:
    """Activity from 0 to 1: value k holds from k * hop_s to (k + 1) * hop_s of the excerpt (s)."""

    hop_s: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Frame:
    """SDR (dB) of the frame that starts `time_s` seconds into the excerpt.

    `value` is None where it is undefined, and `reason` says why in words for readers.
    """

    time_s: float
    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Song:
    """An excerpt with all that is heard and drawn; `id` is its own on the page, also in links.

    The excerpt starts `start_s` seconds into the song and lasts `seconds`; frames last `window_s`
    seconds. `clips` has "mixture", "vocals/reference" and "vocals/iass"; one that does not exist is
    absent. `mixture_gains_db` (dB, keyed by target) make the mixture as loud as the reference of a
    target. `labels` (the reference's activity) is keyed by target, `activity` (a method's) and
    `sdr` by "vocals/iass". `marks` are sentences that stand above the numbers: a known fault of the
    song, methods that were trained on it.
    """

    id: str
    title: str
    artist: str
    dataset: str
    experiment: str
    licence: str
    start_s: float
    seconds: float
    window_s: float
    targets: tuple[Target, ...]
    methods: tuple[Method, ...]
    clips: Mapping[str, Clip]
    mixture_gains_db: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Curve] = field(default_factory=dict)
    activity: Mapping[str, Curve] = field(default_factory=dict)
    sdr: Mapping[str, tuple[Frame, ...]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A song that the page does not play, and why, in words for readers."""

    title: str
    dataset: str
    reason: str


@dataclass(frozen=True)
class Index:
    """The page itself; its list of songs is made from the songs as they are written.

    `data` says in one sentence what the music is, `footer` where the numbers come from (one line
    each). `private` marks a page that holds music which its licence keeps from the public.
    """

    title: str
    data: str
    private: bool
    footer: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
