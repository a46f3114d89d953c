"""The dialects of SDR that need no filters, from energies; docs/METRICS.md compares them all.

Throughout, s is the reference, e the estimate and x the mixture, and a sum runs over all channels
and samples of a frame or, in the metrics named u..., of the whole song, tail included. A zero
denominator gives inf, as in museval; 0 / 0 gives NaN. Nothing is added to avoid either.
"""

from collections.abc import Callable

import numpy as np

from iass.scoring.energies import Energies, Values


def compute_sdr(energies: Energies) -> Values:
    """Return SDR = 10 log10(sum s^2 / sum (e - s)^2), dB.

    Over a frame this is museval's SDR (METHOD, scores), whose median over frames is called cSDR;
    over a whole song uSDR (Mitsufuji et al.: Music Demixing Challenge 2021, without the 1e-7 that
    it adds to numerator and denominator).
    """
    return to_decibels(energies.reference, energies.error)


def compute_si_sdr(energies: Energies) -> Values:
    """Return SI-SDR = 10 log10(sum (a s)^2 / sum (e - a s)^2), dB, with a = sum s e / sum s^2.

    Le Roux et al.: SDR - half-baked or well done? (ICASSP 2019), with one factor `a` for all
    channels and without removing the mean. Since (e - a s) is orthogonal to s, its energy is
    sum e^2 - (sum s e)^2 / sum s^2; in double precision that holds up to about 120 dB.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = energies.product**2 / energies.reference
    return to_decibels(explained, np.maximum(energies.estimate - explained, 0.0))


def compute_snr_improvement(energies: Energies) -> Values:
    """Return the SDR of the estimate minus the SDR that the mixture has as an estimate, dB.

    10 log10(sum (x - s)^2 / sum (e - s)^2): how much of the error a method takes away.
    """
    return to_decibels(energies.input_error, energies.error)


def compute_leakage(tiles: Energies) -> Values:
    """Return what an estimate emits where its target is silent, dB of the mixture's energy there.

    10 log10(sum e^2 / sum x^2) over the tiles in which s is zero at every sample, (targets, 1).
    -inf where the estimate is silent there too; NaN without such a tile.
    """
    silent = tiles.reference == 0
    emitted, present = (
        np.where(silent, energy, 0.0).sum(axis=1, keepdims=True)
        for energy in (tiles.estimate, tiles.mixture)
    )
    return to_decibels(emitted, present)


def to_decibels(wanted: Values, unwanted: Values) -> Values:
    """Return 10 log10(wanted / unwanted); inf for x / 0, -inf for 0 / x, NaN for 0 / 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(10 * np.log10(wanted / unwanted))


Dialect = Callable[[Energies], Values]


def over_song(dialect: Dialect) -> Dialect:
    """Return the dialect over all tiles as one span, (targets, 1)."""
    return lambda tiles: dialect(tiles.total())


OF_FRAMES: dict[str, Dialect] = {"SI-SDR": compute_si_sdr, "SNRi": compute_snr_improvement}
OF_SONGS: dict[str, Dialect] = {
    "uSDR": over_song(compute_sdr),
    "uSI-SDR": over_song(compute_si_sdr),
    "uSNRi": over_song(compute_snr_improvement),
    "leakage": compute_leakage,
}
OF_MIXTURE = ("SNRi", "uSNRi", "leakage")
"""Metrics that ask for the mixture; without one they are left out."""
