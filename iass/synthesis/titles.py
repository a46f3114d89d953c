"""Names of songs that do not exist."""

import numpy as np

# fmt: off
ADJECTIVES = (
    "Amber", "Borrowed", "Cobalt", "Distant", "Early", "Feathered", "Golden", "Hollow", "Idle",
    "Jagged", "Kindred", "Lonesome", "Midnight", "Northern", "Opal", "Paper", "Quiet",
    "Restless", "Silver", "Tidal", "Unwritten", "Velvet", "Winter", "Young",
)
NOUNS = (
    "Anchor", "Bridges", "Compass", "Daylight", "Echoes", "Ferries", "Gardens", "Harbour",
    "Islands", "Junction", "Kites", "Lanterns", "Meadow", "Neon", "Orbit", "Postcards",
    "Quarry", "Rivers", "Stations", "Telegraph", "Umbrella", "Voyage", "Windows", "Yesterday",
)
# fmt: on


def draw_titles(rng: np.random.Generator, count: int) -> list[str]:
    """Return `count` titles; no two are equal while there are combinations left."""
    order = rng.permutation(len(ADJECTIVES) * len(NOUNS))
    picks = [divmod(int(order[i % len(order)]), len(NOUNS)) for i in range(count)]
    return [f"{ADJECTIVES[first]} {NOUNS[second]}" for first, second in picks]
