"""Projection filters: least squares of each estimate on delayed references."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

EPSILON = float(np.finfo(np.float64).eps)  # museval adds it to the diagonal, whatever the gain


@dataclass(frozen=True)
class Filters:
    """Impulse responses from channels of references to channels of projections.

    `own` is (sources, outputs, inputs, taps): from the channels of the target's own reference.
    `joint` is (sources * outputs, sources * inputs, taps): from all references, if asked for.
    """

    own: Tensor
    joint: Tensor | None


def solve_filters(correlations: Tensor, sources: int, joint: bool) -> Filters:
    """Solve the normal equations (Vincent, Gribonval, Févotte 2006) for all outputs at once.

    `correlations` is what `correlate` returns.
    """
    inputs = len(correlations)
    gram, right = correlations[:, :inputs], correlations[:, inputs:]
    targets = [_list_channels(i, inputs // sources) for i in range(sources)]
    own = torch.stack([_solve(gram[of_it, of_it], right[of_it, of_it]) for of_it in targets])
    if not joint:
        return Filters(own, None)
    if sources == 1:  # the very same numbers: no interference, exactly
        return Filters(own, own[0])
    return Filters(own, _solve(gram, right))


def build_gram(correlations: Tensor) -> Tensor:
    """Return the inner products of all delayed references, (inputs * taps, inputs * taps).

    `correlations` is (inputs, inputs, taps). Block i, j is a Toeplitz matrix with r_ij(a - b) in
    row a and column b, and r_ij(-t) = r_ji(t).
    """
    inputs, _, taps = correlations.shape
    earlier = correlations.transpose(0, 1)[..., 1:]
    falling = torch.cat([correlations.flip(-1), earlier], dim=-1)  # lags taps-1 .. -(taps-1)
    gram = correlations.new_empty(inputs, taps, inputs, taps)
    for row in range(taps):
        gram[:, row] = falling[..., taps - 1 - row : 2 * taps - 1 - row]
    return gram.view(inputs * taps, inputs * taps)


def _list_channels(source: int, channels: int) -> slice:
    return slice(source * channels, (source + 1) * channels)


def _solve(references: Tensor, outputs: Tensor) -> Tensor:
    """Return filters (outputs, inputs, taps), solved as museval does: with epsilon on the diagonal.

    The arguments are correlations (inputs, inputs, taps) and (inputs, outputs, taps). Cholesky's
    half of the work serves where rounding has left the matrix positive definite; else LU, and least
    squares without epsilon where that meets a zero. The matrix is built anew for each, since each
    overwrites it: it is by far the largest array of the evaluation.
    """
    right = outputs.transpose(1, 2).flatten(0, 1)
    solution, failed = _solve_positive(_build_regular(references), right)
    if failed:
        solution, failed = torch.linalg.solve_ex(_build_regular(references), right)
    if failed:
        solution = _solve_singular(build_gram(references), right)
    return solution.T.reshape(right.shape[1], len(references), -1)


def _build_regular(references: Tensor) -> Tensor:
    gram = build_gram(references)
    gram.diagonal().add_(EPSILON)
    return gram


def _solve_positive(gram: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Solve by Cholesky in the memory of `gram`; returns also whether that failed, not 0."""
    columns = gram.mT  # symmetric; LAPACK wants columns
    factor, failed = torch.linalg.cholesky_ex(
        columns, out=(columns, torch.empty((), dtype=torch.int32, device=gram.device))
    )
    return torch.cholesky_solve(right, factor), failed


def _solve_singular(gram: Tensor, right: Tensor) -> Tensor:
    """Return the shortest least-squares solution; LAPACK alone cuts small singular values."""
    solution = np.linalg.lstsq(gram.cpu().numpy(), right.cpu().numpy())[0]
    return torch.from_numpy(solution).to(gram)
