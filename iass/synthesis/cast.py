"""Who plays in which song: whole-song absences and patches, dealt in turn within a split."""

from collections.abc import Iterator

import numpy as np

from iass.synthesis.patches import TEST_ONLY_PATCHES, TRAINING_PATCHES, Patch
from iass.synthesis.vocabulary import STEMS

# Share of the songs of a split in which a stem is absent throughout (rounded down, so that few
# songs have all seven); the validation songs have every stem.
ABSENT_SHARE = {"vocals": 0.125, "drums": 0.125, "bass": 0.125}
USUAL_ABSENT_SHARE = 0.25


def choose_absences(split: str, count: int, rng: np.random.Generator) -> list[set[str]]:
    """Return the stems that are absent from each of `count` songs, spread evenly over the songs."""
    absent: list[set[str]] = [set() for _ in range(count)]
    if split == "valid":
        return absent
    shares = [ABSENT_SHARE.get(stem, USUAL_ABSENT_SHARE) for stem in STEMS]
    tokens = [
        stem for stem, share in zip(STEMS, shares, strict=True) for _ in range(int(share * count))
    ]
    order = rng.permutation(count)
    for i, stem in enumerate(tokens):
        absent[order[i % count]].add(stem)
    return absent


def choose_patches(
    split: str, absent: list[set[str]], rng: np.random.Generator
) -> list[tuple[Patch, ...]]:
    """Return one patch for each stem that plays in each song.

    Training and validation songs take the training patches in turn; test songs take a patch that
    no training song has every other time.
    """
    decks = {stem: _deal(stem, split, rng) for stem in STEMS}
    return [tuple(next(decks[s]) for s in STEMS if s not in gone) for gone in absent]


def _deal(stem: str, split: str, rng: np.random.Generator) -> Iterator[Patch]:
    known = _shuffle_forever([p for p in TRAINING_PATCHES if p.stem == stem], rng)
    unknown = _shuffle_forever([p for p in TEST_ONLY_PATCHES if p.stem == stem], rng)
    while True:
        if split == "test":
            yield next(unknown)
        yield next(known)


def _shuffle_forever(patches: list[Patch], rng: np.random.Generator) -> Iterator[Patch]:
    while True:
        for i in rng.permutation(len(patches)):
            yield patches[i]
