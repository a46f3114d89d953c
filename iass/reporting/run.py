"""The step `report`: from declared result files to figures and tables under reports/.

A figure is found by its file: figures/scores, figures/models or figures/activity, by what it reads.
Every function names its outputs by a stem, to which each format adds its suffix.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from iass.foundation.config import Config
from iass.foundation.errors import UserError
from iass.foundation.plugins import load_card
from iass.reporting.cards import read_cards
from iass.reporting.context import Context
from iass.reporting.figures.output import save_figure
from iass.reporting.style import PRINT_STYLE
from iass.reporting.tables.results import format_summary, render_tables, write_result_tables
from iass.scoring.table import read_scores


def make_context(config: Config, experiment: str, dataset: str) -> Context:
    """Return what figures and tables of an experiment on a data set take from the config.

    Targets are those of the experiment that the data set's card knows.
    """
    entry = config.experiments[experiment]
    card = load_card(dataset, config.datasets[dataset])
    return Context(
        experiment=experiment,
        dataset=dataset,
        methods=tuple(entry.methods),
        kinds={method: config.methods[method].kind for method in entry.methods},
        targets=tuple(target for target in entry.targets if target in card.targets),
        data=f"{card.title}: {card.description.rstrip('.')}",
        window_s=config.scoring.window_s,
    )


def draw_score_figure(
    figure: str, scores: Path, experiment: str, dataset: str, config: Config, output_stem: Path
) -> None:
    """Draw figures/scores/<figure>.py from the score table, for one experiment and data set."""
    context = make_context(config, experiment, dataset)
    module = _load_figure("scores", figure)
    _draw(
        module,
        module.tabulate(_select(read_scores(scores), context), context),
        context,
        output_stem,
    )


def draw_model_figure(
    figure: str, cards: Sequence[Path], experiment: str, config: Config, output_stem: Path
) -> None:
    """Draw figures/models/<figure>.py from the model.json files of an experiment's trainings."""
    entry = config.experiments[experiment]
    context = make_context(config, experiment, entry.train_on or entry.test_on[0])
    module = _load_figure("models", figure)
    _draw(module, module.tabulate(read_cards(cards), context), context, output_stem)


def draw_activity_figure(
    figure: str,
    activity: Sequence[Path],
    labels: Path,
    experiment: str,
    dataset: str,
    config: Config,
    output_stem: Path,
) -> None:
    """Draw figures/activity/<figure>.py from predicted activity and the labels of prepare."""
    context = make_context(config, experiment, dataset)
    tables = [table for table in map(_read_table, activity) if len(table)]
    predicted = pd.concat(tables, ignore_index=True) if tables else _NO_ACTIVITY
    module = _load_figure("activity", figure)
    _draw(module, module.tabulate(predicted, _read_table(labels), context), context, output_stem)


def write_tables(
    scores: Path, experiment: str, dataset: str, config: Config, output_stem: Path
) -> None:
    """Write the result table of one experiment and data set as .csv, .md and .tex."""
    context = make_context(config, experiment, dataset)
    write_result_tables(render_tables(_select(read_scores(scores), context), context), output_stem)


def summarise_scores(scores: Path, config: Config, width: int = 100) -> str:
    """Return the median SDRs of every experiment and data set as text for a terminal."""
    table = read_scores(scores)
    contexts = [
        make_context(config, experiment, dataset)
        for experiment, entry in config.experiments.items()
        for dataset in entry.test_on
    ]
    pages = [format_summary(_select(table, context), context, width) for context in contexts]
    return "\n".join(pages)


_NO_ACTIVITY = pd.DataFrame(
    columns=["dataset", "method", "seed", "track", "target", "frame_s", "probability", "gate"]
)


def _select(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the rows of one experiment and data set."""
    is_wanted = (scores["experiment"] == context.experiment) & (
        scores["dataset"] == context.dataset
    )
    selected: pd.DataFrame = scores[is_wanted].reset_index(drop=True)
    return selected


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
