"""Made-up score tables, model cards and activity that look like a real run, for reporting tests."""

import numpy as np
import pandas as pd

from iass.reporting.cards import ModelCard, Point
from iass.reporting.context import Context
from iass.scoring.table import METRICS, check_scores

DEMO = Context(
    experiment="demo",
    dataset="synthband",
    methods=("input_mixture", "silence", "open_unmix", "iass", "copy", "ibm"),
    kinds={
        "input_mixture": "bound",
        "silence": "bound",
        "open_unmix": "trained",
        "iass": "trained",
        "copy": "command",
        "ibm": "oracle",
    },
    targets=("vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano"),
    data="synthband: synthesised music",
)
LEVELS = {
    "input_mixture": (-3.3, -5.6, -6.4, -8.8, -7.8, -9.1),
    "silence": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "open_unmix": (7.05, 3.3, 1.3, 1.2, 0.95, 0.5),
    "iass": (6.8, 1.8, 2.5, 0.7, 0.7, 0.4),
    "copy": (-3.3, -5.6, -6.4, -8.8, -7.8, -9.1),
    "ibm": (12.0, 7.8, 5.8, 4.1, 1.3, 3.9),
}


def make_row(**changes: object) -> dict[str, object]:
    """Return one row of a score table: frame 0 of track t, 1 dB."""
    row: dict[str, object] = {
        "experiment": "demo",
        "dataset": "synthband",
        "method": "iass",
        "seed": None,
        "track": "t",
        "target": "vocals",
        "metric": "SDR",
        "mask": "museval",
        "protocol": "per_target",
        "frame_s": 0.0,
        "value": 1.0,
        "reason": "",
        "flags": "",
        "run_id": "0",
    }
    return row | changes


def make_table(*rows: dict[str, object]) -> pd.DataFrame:
    """Return a checked score table of rows that differ from `make_row` as given."""
    return check_scores(pd.DataFrame([make_row(**row) for row in rows]), "the test's table")


def make_scores(
    context: Context = DEMO, tracks: int = 8, frames: int = 10, seeds: tuple[int, ...] = (0,)
) -> pd.DataFrame:
    """Return scores of every method of DEMO on its targets, scattered around DEMO.md's medians.

    Some frames and one track of the last target are undefined; one track is an outlier.
    """
    generator = np.random.default_rng(1)
    rows = []
    for method in context.methods:
        for number in seeds if context.kinds[method] == "trained" else (None,):
            for index, target in enumerate(context.targets):
                level = LEVELS[method][index]
                spread = 0.0 if method == "silence" else 2.0
                for track in range(tracks):
                    centre = level + spread * generator.normal()
                    for metric in METRICS:
                        for frame in range(frames):
                            value = centre + 0.5 * spread * generator.normal()
                            rows.append(
                                make_row(
                                    method=method,
                                    seed=number,
                                    target=target,
                                    track=f"song {track}",
                                    metric=metric,
                                    frame_s=float(frame),
                                    value=value if generator.random() > 0.1 else np.nan,
                                )
                            )
    scores = check_scores(pd.DataFrame(rows), "the test's table")
    return _spoil(scores, context)


def _spoil(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    first = scores["track"] == "song 0"
    last = scores["target"] == context.targets[-1]
    scores.loc[first & last, ["value", "reason"]] = [np.nan, "the reference is silent"]
    outlier = (scores["track"] == "song 1") & (scores["target"] == context.targets[0])
    scores.loc[outlier & (scores["method"] == "iass"), "value"] -= 48.0
    return scores


def make_cards(context: Context = DEMO, seeds: tuple[int, ...] = (0,)) -> list[ModelCard]:
    """Return learning curves of 40 points, validated at every fourth, for all trained methods."""
    generator = np.random.default_rng(2)
    return [
        _make_card(method, target, seed, generator)
        for method in context.methods
        if context.kinds[method] == "trained"
        for target in context.targets
        for seed in seeds
    ]


def _make_card(method: str, target: str, seed: int, generator: np.random.Generator) -> ModelCard:
    steps = np.arange(20, 820, 20)
    training = (0.2 + np.exp(-steps / 200)) * np.exp(0.15 * generator.normal(size=len(steps)))
    validation = 0.3 + 0.7 * np.exp(-steps / 250) + (steps / 1500) ** 2
    curve = [
        Point(
            step=int(step),
            training_loss=float(training[index]),
            validation_loss=float(validation[index]) if index % 4 == 3 else None,
        )
        for index, step in enumerate(steps)
    ]
    return ModelCard(method, target, seed, 560, curve)


def make_activity(
    context: Context = DEMO, tracks: int = 3, frames: int = 430, hop_s: float = 1024 / 44100
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (activity, labels) of iass on all targets: sections of play and rest, some noise.

    The activity is that of `flag_frames`, of songs without fault that no method learned from.
    """
    generator = np.random.default_rng(3)
    activity, labels = [], []
    for target in context.targets:
        for number in range(tracks):
            plays = np.repeat(generator.random(8) < 0.35 + 0.2 * number, frames // 8 + 1)[:frames]
            confidence = np.convolve(plays, np.ones(9) / 9, "same")
            logit = 6 * (np.roll(confidence, 5) - 0.5) + 0.8 * generator.normal(size=frames)
            probability = np.convolve(1 / (1 + np.exp(-logit)), np.ones(5) / 5, "same")
            names = {"track": f"song {number}", "target": target}
            labels.append(
                pd.DataFrame(names | {"frame": np.arange(frames), "confidence": confidence})
            )
            activity.append(
                pd.DataFrame(
                    {"dataset": context.dataset, "method": "iass", "seed": 0}
                    | names
                    | {
                        "frame_s": np.arange(frames) * hop_s,
                        "probability": probability,
                        "gate": (probability > 0.5).astype(float),
                        "trained_on": False,
                        "erratum": False,
                    }
                )
            )
    return pd.concat(activity, ignore_index=True), pd.concat(labels, ignore_index=True)
