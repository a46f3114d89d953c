"""Published data that lie beside the project's folder and not in it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


def find_shared(name: str) -> Path:
    """Return the path of shared/data/`name`; a test that asks for what is missing is skipped."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs shared/data/{name} beside the project, see docs/FILES.md")
    return path
