"""Keys, chords and progressions."""

from dataclasses import dataclass

OCTAVE = 12  # semitones
MAJOR = (0, 2, 4, 5, 7, 9, 11)  # semitones above the tonic
MINOR = (0, 2, 3, 5, 7, 8, 10)

# Scale degrees, 0 = tonic.
MAJOR_PROGRESSIONS = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (5, 3, 0, 4),
    (0, 3, 1, 4),
    (0, 2, 3, 4),
    (3, 4, 2, 5),
    (0, 3, 0, 4),
)
MINOR_PROGRESSIONS = (
    (0, 5, 2, 6),
    (0, 6, 5, 6),
    (0, 3, 5, 4),
    (0, 2, 6, 3),
    (5, 6, 0, 0),
    (0, 3, 6, 2),
)


@dataclass(frozen=True)
class Key:
    """A tonic pitch class (0 = C) and the seven steps of its scale in semitones."""

    tonic: int
    scale: tuple[int, ...]

    def ladder(self, low: int, high: int) -> list[int]:
        """Return the MIDI pitches of the scale from `low` to `high`, both included."""
        classes = {(self.tonic + step) % OCTAVE for step in self.scale}
        return [pitch for pitch in range(low, high + 1) if pitch % OCTAVE in classes]


@dataclass(frozen=True)
class Chord:
    """Pitch classes of a chord, the root first."""

    classes: tuple[int, ...]

    def root_above(self, low: int) -> int:
        """Return the lowest MIDI pitch of the root that is not below `low`."""
        return low + (self.classes[0] - low) % OCTAVE

    def fifth_above(self, low: int) -> int:
        """Return the lowest MIDI pitch of the fifth that is not below `low`."""
        return low + (self.classes[2] - low) % OCTAVE

    def stack(self, low: int, count: int) -> list[int]:
        """Return the `count` lowest chord tones from the MIDI pitch `low` up."""
        tones = (pitch for pitch in range(low, 128) if pitch % OCTAVE in self.classes)
        return [pitch for pitch, _ in zip(tones, range(count), strict=False)]


def progressions_of(key: Key) -> tuple[tuple[int, ...], ...]:
    """Return the progressions that suit the mode of `key`."""
    return MAJOR_PROGRESSIONS if key.scale == MAJOR else MINOR_PROGRESSIONS


def build_chord(key: Key, degree: int, has_seventh: bool) -> Chord:
    """Stack thirds of the scale of `key` on a degree (0 = tonic)."""
    steps = (0, 2, 4, 6) if has_seventh else (0, 2, 4)
    size = len(key.scale)
    return Chord(tuple((key.tonic + key.scale[(degree + s) % size]) % OCTAVE for s in steps))
