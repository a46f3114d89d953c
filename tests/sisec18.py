"""The track medians of SiSEC 2018 as a score table, and the experiment that they were."""

from pathlib import Path

import pandas as pd

from iass.reporting.context import Context
from iass.scoring.table import check_scores

MEDIANS = "sisec18/sisec18_track_medians.csv.gz"
ORACLES = ("IBM1", "IBM2", "IRM1", "IRM2", "MWF")
BOUND = "MIX"  # a quarter of the mixture per source (ORIGIN.md): no unprocessed input


def read_sisec(path: Path) -> tuple[pd.DataFrame, Context]:
    """Return one row per method, track, target and metric, and a context of all 31 methods."""
    medians = pd.read_csv(path)
    rows = medians[["method", "track", "target", "metric"]].assign(
        experiment="sisec18",
        dataset="musdb18",
        seed=None,
        mask="museval",
        protocol="joint",
        frame_s=0.0,
        value=medians["median"],
        reason="",
        flags="",
        run_id="sisec18",
    )
    systems = sorted(set(medians["method"]) - {BOUND, *ORACLES})
    kinds = {BOUND: "bound"} | dict.fromkeys(systems, "command") | dict.fromkeys(ORACLES, "oracle")
    context = Context(
        experiment="sisec18",
        dataset="musdb18",
        methods=tuple(kinds),
        kinds=kinds,
        targets=("vocals", "drums", "bass", "other", "accompaniment"),
        data="MUSDB18 test set, as submitted to SiSEC 2018; MIX is a quarter of the mixture",
    )
    return check_scores(rows, str(path)), context
