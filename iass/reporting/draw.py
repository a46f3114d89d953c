"""The step `figure`: from declared result files to one figure under reports/.

A figure is found by its file: figures/<what it reads>/<figure>.py.
Every function names its outputs by a stem, to which each format adds its suffix.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from iass.foundation.errors import UserError
from iass.reporting.cards import read_cards
from iass.reporting.context import Context, select_experiment
from iass.reporting.costs import read_costs
from iass.reporting.figures.output import save_figure
from iass.reporting.frames import flag_frames
from iass.reporting.style import PRINT_STYLE
from iass.scoring.table import read_scores

_NO_ACTIVITY = pd.DataFrame(
    columns=["dataset", "method", "seed", "track", "target", "frame_s", "probability", "gate"]
)


def draw_score_figure(figure: str, scores: Path, context: Context, output_stem: Path) -> None:
    """Draw figures/scores/<figure>.py from the score table, for one experiment and data set."""
    module = _load_figure("scores", figure)
    rows = select_experiment(read_scores(scores), context)
    _draw(module, module.tabulate(rows, context), context, output_stem)


def draw_model_figure(
    figure: str, cards: Sequence[Path], context: Context, output_stem: Path
) -> None:
    """Draw figures/models/<figure>.py from the model.json files of an experiment's trainings.

    `context` names the training set as its data set.
    """
    module = _load_figure("models", figure)
    _draw(module, module.tabulate(read_cards(cards), context), context, output_stem)


def draw_activity_figure(
    figure: str,
    scores: Path,
    activity: Sequence[Path],
    labels: Path,
    context: Context,
    output_stem: Path,
) -> None:
    """Draw figures/activity/<figure>.py from predicted activity and the labels of prepare.

    The score table tells what is odd about a track.
    """
    tables = [table for table in map(_read_table, activity) if len(table)]
    predicted = pd.concat(tables, ignore_index=True) if tables else _NO_ACTIVITY
    frames = flag_frames(predicted, read_scores(scores), context)
    module = _load_figure("activity", figure)
    _draw(module, module.tabulate(frames, _read_table(labels), context), context, output_stem)


def draw_cost_figure(
    figure: str,
    scores: Path,
    manifest: Path,
    records: Sequence[Path],
    context: Context,
    output_stem: Path,
) -> None:
    """Draw figures/costs/<figure>.py from scores and what `read_costs` reads."""
    module = _load_figure("costs", figure)
    rows = select_experiment(read_scores(scores), context)
    costs = read_costs(manifest, records)
    _draw(module, module.tabulate(costs, rows, context), context, output_stem)


def _load_figure(reads: str, figure: str) -> Any:
    return importlib.import_module(f"iass.reporting.figures.{reads}.{figure}")


def _draw(module: Any, data: pd.DataFrame, context: Context, output_stem: Path) -> None:
    with mpl.rc_context(PRINT_STYLE):
        save_figure(module.render(data, context), data, output_stem)


def _read_table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the step that writes it first.") from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is not a Parquet table ({error}); delete it and run again."
        ) from None
