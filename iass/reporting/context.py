"""What a figure or table must know besides its data: names in their order, roles, and a caption."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from pydantic import TypeAdapter

from iass.foundation.config import Kind
from iass.scoring.table import ERRATUM

SYSTEM_KINDS: tuple[Kind, ...] = ("trained", "pretrained", "command")
"""Kinds that compete; bounds and oracles only mark what is possible."""

Errata = Literal["keep", "drop"]
HEARD = "†"  # marks every number that rests on songs which the method was trained on
HEARD_NOTE = f"{HEARD}: was trained on some of these songs."
FAULTY = "‡"  # marks every number that rests on songs with a known fault, where those are kept
FAULTY_NOTE = f"{FAULTY}: some of these songs have known faults (flag erratum:...)."
RUNS = "reports/tables/provenance.csv"  # leads from every number to data, code and machine
WITHOUT_ERRATA = " Tracks with known faults are left out of all scores."
MASK = "museval"  # the rule of every published number that ours stand beside


@dataclass(frozen=True)
class Context:
    """One experiment on one data set, methods and targets in the config's order.

    `kinds` maps each method to its kind; `window_s` is the length of a scored frame in s;
    `data` says to a reader what the data set is, e.g. that its music is synthesised; `errata` says
    whether tracks with a known fault are kept.
    """

    experiment: str
    dataset: str
    methods: tuple[str, ...]
    kinds: Mapping[str, Kind]
    targets: tuple[str, ...]
    data: str
    window_s: float = 1.0
    errata: Errata = "keep"

    @property
    def systems(self) -> list[str]:
        """Methods that compete, in the config's order."""
        return [method for method in self.methods if self.kinds[method] in SYSTEM_KINDS]

    @property
    def statistic(self) -> str:
        """The sentence that says what a summary number of this context is."""
        return (
            f"Median over tracks of each track's median over {self.window_s:g}-s frames, in dB "
            "[95 % BCa bootstrap interval over tracks]; n is the number of tracks scored; "
            f"silence scores an SDR of 0 dB.{WITHOUT_ERRATA * (self.errata == 'drop')}"
        )


def parse_context(text: str) -> Context:
    """Read a context from JSON, as the plan of the workflow writes it."""
    return TypeAdapter(Context).validate_json(text)


def select_experiment(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the rows of a score table that belong to the experiment, on all of its data sets.

    Without the tracks that have a flag erratum:..., if the context drops those.
    """
    is_faulty = scores["flags"].str.contains(ERRATUM, regex=False)
    is_wanted = scores["experiment"] == context.experiment
    selected: pd.DataFrame = scores[is_wanted & ~(is_faulty & (context.errata == "drop"))]
    return selected.reset_index(drop=True)


def select_scores(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the rows of `select_experiment` on the context's data set, under every mask."""
    rows = select_experiment(scores, context)
    selected: pd.DataFrame = rows[rows["dataset"] == context.dataset]
    return selected.reset_index(drop=True)


def select_mask(scores: pd.DataFrame, mask: str = MASK) -> pd.DataFrame:
    """Return the rows of a score table under one mask."""
    selected: pd.DataFrame = scores[scores["mask"] == mask].reset_index(drop=True)
    return selected
