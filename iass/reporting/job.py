"""What a page over several experiments must know: where each was run, and with which methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from iass.foundation.audio import Channels
from iass.foundation.config import Kind, Protocol
from iass.reporting.context import Context


@dataclass(frozen=True)
class MethodFacts:
    """A method of the config: its module, all its options (defaults too), how it is trained."""

    kind: Kind
    module: str
    options: Mapping[str, Any]
    train: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One experiment on one data set.

    `hop_s` is the distance of scored frames in s, `protocol` how they were scored and
    `card_protocol` how the card of the data set would have them. `train_on` and `test_on` are
    modules of cards; `manifest` is that of the training set, None where nothing is trained, and
    `labels` are the activity labels of the data set.
    """

    context: Context
    channels: Channels
    hop_s: float
    protocol: Protocol
    card_protocol: Protocol
    train_on: str | None
    test_on: str
    manifest: Path | None
    labels: Path

    @property
    def papers_data(self) -> str | None:
        """The card that this is trained and tested on, where that is the same one."""
        return self.test_on if self.test_on == self.train_on else None


@dataclass(frozen=True)
class ReportJob:
    """All pages of a config; `margin_db` is what still counts as equal."""

    margin_db: float
    methods: Mapping[str, MethodFacts]
    pages: tuple[Page, ...]


def parse_job(text: str) -> ReportJob:
    """Read a job from JSON, as the plan of the workflow writes it."""
    return TypeAdapter(ReportJob).validate_json(text)
