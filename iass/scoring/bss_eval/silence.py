"""Where museval refuses to score: a source is silent if its channels add up to 0 at every sample.

So L = -R counts as silent, as does zero (METHOD, scores).
"""

import torch

from iass.scoring.bss_eval.track import Audio, Track, read_pieces, to_tensor

PIECE_SAMPLES = 1 << 16
GLANCE_SAMPLES = 1 << 10  # mostly enough to hear every source
# In museval's words.
SILENT_REFERENCE = (
    "All the reference sources should be non-silent (not all-zeros), but at least one of the "
    "reference sources is all 0s, which introduces ambiguity to the evaluation. (Otherwise we can "
    "add infinitely many all-zero sources.)"
)
SILENT_ESTIMATE = (
    "All the estimated sources should be non-silent (not all-zeros), but at least one of the "
    "estimated sources is all 0s. Since we require each reference source to be non-silent, having "
    "a silent estimated source will result in an underdetermined system."
)


def find_sounding(audio: Audio) -> torch.Tensor:
    """Return for each source of (sources, channels, samples) whether it sounds anywhere."""
    for part in (audio[..., :GLANCE_SAMPLES], audio):
        sounding = (to_tensor(part).sum(dim=1) != 0).any(dim=-1)
        if sounding.all():
            break
    return sounding


def is_sounding(audio: Audio) -> bool:
    """Return whether every source of (sources, channels, samples) sounds somewhere."""
    return bool(find_sounding(audio).all())


def refuse_silence(track: Track) -> None:
    """Raise ValueError where a reference or an estimate is silent throughout.

    Reads only until every source has sounded.
    """
    references = estimates = torch.tensor(False)
    for reference_piece, estimate_piece in read_pieces(track, PIECE_SAMPLES):
        references = references | find_sounding(reference_piece).cpu()
        estimates = estimates | find_sounding(estimate_piece).cpu()
        if references.all() and estimates.all():
            return
    raise ValueError(SILENT_ESTIMATE if references.all() else SILENT_REFERENCE)
