"""The oracle that knows when a target plays, and nothing else."""

import numpy as np
import pytest

from baselines.reference_activity import Method

RATE_HZ = 44100


def test_the_mixture_is_heard_where_the_target_plays_and_nowhere_else() -> None:
    rng = np.random.default_rng(0)
    reference = np.zeros((2, 4 * RATE_HZ), np.float32)
    reference[:, RATE_HZ : 2 * RATE_HZ] = 0.1 * rng.standard_normal((2, RATE_HZ))
    mixture = reference + 0.1 * rng.standard_normal(reference.shape).astype(np.float32)
    estimate = Method().separate(mixture, RATE_HZ, {"drums": reference})["drums"]
    playing = slice(int(1.2 * RATE_HZ), int(1.8 * RATE_HZ))
    np.testing.assert_allclose(estimate.audio[:, playing], mixture[:, playing], atol=1e-5)
    assert not estimate.audio[:, : RATE_HZ // 2].any()
    assert not estimate.audio[:, 3 * RATE_HZ :].any()
    assert estimate.activity is not None
    assert estimate.activity.gate.sum() * estimate.activity.hop_s == pytest.approx(
        1.0, abs=0.3
    )  # s; the label is smoothed
