"""What a figure says, and whether its words can be read."""

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SLACK = 0.75  # points by which boxes of text may touch: letters seldom fill theirs


def list_texts(figure: Figure) -> list[Text]:
    """Return every text that is drawn, laid out."""
    figure.draw_without_rendering()
    undrawn = {id(label) for axes in figure.axes for label in _list_undrawn(axes)}
    return [
        text
        for text in dict.fromkeys(figure.findobj(Text))
        if text.get_visible() and text.get_text().strip() and id(text) not in undrawn
    ]


def read_texts(figure: Figure) -> list[str]:
    """Return all words that a figure shows."""
    return [text.get_text() for text in list_texts(figure)]


def find_overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Return the pairs of texts that lie on each other."""
    boxes = [(text.get_text(), _measure(text)) for text in list_texts(figure)]
    return [
        (first, second)
        for (first, box), (second, other) in combinations(boxes, 2)
        if _overlap(box, other, SLACK * figure.dpi / 72)
    ]


def find_cut(figure: Figure) -> list[str]:
    """Return the texts that reach beyond the edge of the figure."""
    edge = figure.bbox.padded(1.0)
    boxes = [(text.get_text(), _measure(text)) for text in list_texts(figure)]
    return [
        text
        for text, box in boxes
        if box.x0 < edge.x0 or box.y0 < edge.y0 or box.x1 > edge.x1 or box.y1 > edge.y1
    ]


def _list_undrawn(axes: Axes) -> list[Text]:
    """Return the labels of ticks beyond an axis, which matplotlib keeps but does not draw."""
    labels = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not axes.axison or not low - slack <= tick.get_loc() <= high + slack:
                labels += [tick.label1, tick.label2]
    return labels


def _measure(text: Text) -> Bbox:
    return text.get_window_extent()


def _overlap(first: Bbox, second: Bbox, slack: float) -> bool:
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    return width > slack and height > slack
