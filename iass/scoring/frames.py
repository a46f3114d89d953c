"""Which stretches of a song are scored: museval's frames, and tiles that leave nothing out."""

from dataclasses import dataclass

from iass.scoring.bss_eval import count_frames

Span = tuple[int, int]
"""First sample, and the sample behind the last."""


@dataclass(frozen=True)
class FrameGrid:
    """Frames of `window` samples every `hop` samples; a shorter last part is dropped."""

    window: int
    hop: int
    rate_hz: int

    def list_frames(self, samples: int) -> list[Span]:
        """Return museval's frames; a song that is shorter than a window is one frame."""
        starts = range(0, count_frames(samples, self.window, self.hop) * self.hop, self.hop)
        return [(start, min(start + self.window, samples)) for start in starts]

    def list_tiles(self, samples: int) -> list[Span]:
        """Return windows side by side, the last one shorter: every sample is in exactly one."""
        return [(a, min(a + self.window, samples)) for a in range(0, samples, self.window)]

    def has_tail(self, samples: int) -> bool:
        """Return whether the song goes on behind the last frame."""
        return self.list_frames(samples)[-1][1] < samples

    def seconds(self, sample: int) -> float:
        """Time of a sample, s."""
        return sample / self.rate_hz
