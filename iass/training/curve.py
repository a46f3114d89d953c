"""The learning curve as a CSV that spreadsheets and people read, while a training runs."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from iass.foundation.files import write_text
from iass.training.checkpoint import Point


def write_curve(path: Path, curve: Sequence[Point]) -> None:
    """Write one line per point, empty where a loss was not computed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Point))
    writer.writerows(astuple(point) for point in curve)
    write_text(path, text.getvalue())
