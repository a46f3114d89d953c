"""BSSEval v4 with museval's numbers: image metrics, one filter per track, any length of song.

Stöter, Liutkus, Ito: The 2018 Signal Separation Evaluation Campaign, 2018; Vincent, Gribonval,
Févotte: Performance measurement in blind audio source separation, 2006. Reference: museval 0.4.1.
"""

from iass.scoring.bss_eval.evaluate import (
    METRICS,
    Metric,
    Scores,
    count_frames,
    evaluate,
    evaluate_blocks,
)
from iass.scoring.bss_eval.track import Read

__all__ = ["METRICS", "Metric", "Read", "Scores", "count_frames", "evaluate", "evaluate_blocks"]
