"""What the steps before the listening page hand on: MP3s, and a JSON file beside them.

In <folder>/<track>/ lie mixture.mp3 and <target>.mp3; excerpts.json says what they are.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json
from iass.reporting.listen.content import Curve, LeftOut

MIXTURE = "mixture"
_NAME = "excerpts.json"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Closed):
    """An excerpt: `samples` from sample `start` of a track.

    `levels` are the mean squares of the references in it, by target, in dB of full scale, None for
    silence, `mixture_db` that of the mixture; `labels` are the references' activity.
    """

    id: str
    title: str
    artist: str
    licence: str
    flags: list[str]
    rate_hz: int
    start: int
    samples: int
    mixture_db: float | None
    levels: dict[str, float | None]
    labels: dict[str, Curve]

    @property
    def start_s(self) -> float:
        """Where the excerpt starts, s."""
        return self.start / self.rate_hz

    @property
    def seconds(self) -> float:
        """How long it lasts, s."""
        return self.samples / self.rate_hz


class References(_Closed):
    """The excerpts of an experiment's data set: mixtures and references."""

    experiment: str
    dataset: str
    places: list[Place]
    left_out: list[LeftOut]


class Made(_Closed):
    """What a method made of a target: the gain (dB) to the reference's level, and its activity."""

    gain_db: float
    activity: Curve | None


class Estimates(_Closed):
    """What a method with a seed (None: it learns nothing) made of the excerpts of one shard."""

    experiment: str
    dataset: str
    method: str
    seed: int | None
    tracks: dict[str, dict[str, Made]]


Record = References | Estimates
_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def write_record(folder: Path, record: Record) -> None:
    """Write what lies in a folder, last of all."""
    write_json(folder / _NAME, record.model_dump(mode="json"))


def read_record(folder: Path) -> Record:
    """Read what lies in a folder. UserError if it is none of both."""
    try:
        return _RECORD.validate_python(read_json(folder / _NAME))
    except ValidationError:
        raise UserError(
            f"{folder / _NAME} is not what a step of the listening page writes; delete {folder} "
            "and run again."
        ) from None


def clip_path(folder: Path, track: str, name: str) -> Path:
    """Return where the clip of a target, or MIXTURE, of a track lies."""
    return folder / track / f"{name}.mp3"
