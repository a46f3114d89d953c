"""Energies and silence of every target, span by span: all that needs no filter comes from them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray

from iass.scoring.bss_eval.parallel import map_in_order
from iass.scoring.bss_eval.silence import find_sounding
from iass.scoring.bss_eval.track import to_tensor
from iass.scoring.frames import Span
from iass.scoring.song import Song, read_together

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Energies:
    """Sums over the channels and samples of a span, (targets, spans), full scale 1.

    s is the reference, e the estimate, x the mixture (NaN where it is not known). A source `sounds`
    by museval's rule: its channels do not add up to 0 at every sample.
    """

    reference: Values  # sum of s^2
    estimate: Values  # sum of e^2
    product: Values  # sum of s e
    error: Values  # sum of (e - s)^2
    mixture: Values  # sum of x^2
    input_error: Values  # sum of (x - s)^2
    reference_sounds: Flags
    estimate_sounds: Flags
    rest_sounds: Flags  # x - s; False where x is not known

    def select(self, spans: Sequence[int]) -> "Energies":
        """Return the energies of some of the spans."""
        return Energies(*(getattr(self, field.name)[:, spans] for field in fields(self)))

    def total(self) -> "Energies":
        """Return one span that joins all: sums of energies, and whether a source sounds at all."""
        values = (getattr(self, field.name) for field in fields(self))
        return Energies(
            *(
                part.any(axis=1, keepdims=True)
                if part.dtype == bool
                else part.sum(1, keepdims=True)
                for part in values
            )
        )


def measure_energies(song: Song, spans: Sequence[Span], threads: int | None = None) -> Energies:
    """Read each span of a song once and measure it."""
    cores = torch.get_num_threads() if threads is None else threads
    pieces = (_read_piece(song, *span) for span in spans)
    columns = zip(*map_in_order(_measure_piece, pieces, cores), strict=True)
    return Energies(*(np.stack(column, axis=1) for column in columns))


Piece = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]


def _read_piece(song: Song, start: int, stop: int) -> Piece:
    references, estimates = read_together(song.references, song.estimates)(start, stop)
    mixture = None if song.mixture is None else to_tensor(song.mixture(start, stop))
    return to_tensor(references), to_tensor(estimates), mixture


def _measure_piece(piece: Piece) -> list[list[float]]:
    """Return the fields of `Energies` for one span, each (targets,).

    As lists, for small arrays that stay would keep the large ones' memory from being used again.
    """
    reference, estimate = (side.flatten(1).double() for side in piece[:2])
    mixture = input_error = torch.full((len(reference),), torch.nan, dtype=torch.float64)
    rest_sounds = torch.zeros(len(reference), dtype=torch.bool)
    if piece[2] is not None:
        x = piece[2].flatten().double().expand_as(reference)
        mixture, input_error = _add_products(x, x), _add_squares(x - reference)
        rest_sounds = find_sounding(piece[2] - piece[0])
    measured = (
        _add_squares(reference),
        _add_squares(estimate),
        _add_products(reference, estimate),
        _add_squares(estimate - reference),
        mixture,
        input_error,
        find_sounding(piece[0]),
        find_sounding(piece[1]),
        rest_sounds,
    )
    return [value.tolist() for value in measured]


def _add_squares(values: torch.Tensor) -> torch.Tensor:
    return _add_products(values, values)


def _add_products(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return scalar products of rows, added in pairs: BLAS loses 4 digits, SI-SDR needs them."""
    return (first * second).sum(dim=1)
