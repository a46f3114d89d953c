"""Mean ranks of all methods on the tracks that they share, a diagram per target.

Critical-difference diagrams after Demšar (2006, Statistical Comparisons of Classifiers over
Multiple Data Sets, JMLR 7): methods on an axis of ranks, a bar over those that are not told apart.
"""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from iass.reporting.context import Context
from iass.reporting.figures.parts import (
    FAINT,
    draw_nothing,
    find_marks,
    format_p,
    join_notes,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.style import COLUMN_IN, DARK, SYSTEM_COLOURS, WIDTH_IN, label_name
from iass.reporting.tracks import tabulate_experiment
from iass.statistics.paired import ALPHA
from iass.statistics.pairs import compare_all
from iass.statistics.ranks import rank_methods

COLUMNS = [
    "target", "method", "kind", "mean_rank", "groups", "tracks", "statistic", "p", "marks", "note",
]  # fmt: skip
LABEL_IN, LANE_IN, AXIS_IN, HEAD_IN = 0.115, 0.07, 0.06, 0.5  # inches; heights
TEXT, LETTER_IN, RANK_LETTERS = 5.8, 0.043, 6  # points; inches; letters of a rank and its blanks
FEW_METHODS, TICK_STEP = 12, 5
BAR = SYSTEM_COLOURS[3]

Lanes = list[list[tuple[float, float]]]
"""Bars from rank to rank; those of a lane stand side by side."""


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per target and method that has a score there, from best to worst mean rank.

    Friedman's `statistic` and `p` are of the target. `groups` are the numbers of the groups that a
    method is in: of no pair of a group has the test of the forest figure a p below 5 %.
    """
    tracks = tabulate_experiment(scores)
    pairs = compare_all(tracks, context.methods)
    pairs = pairs[pairs["dataset"] == context.dataset]
    is_here = (tracks["dataset"] == context.dataset) & tracks["method"].isin(context.methods)
    here = tracks[is_here]
    marks = find_marks(here.dropna(subset="value"))
    parts = [
        _rank_target(rows, pairs[pairs["target"] == target], context).assign(target=target)
        for target, rows in split_targets(here, context).items()
    ]
    ranked = pd.concat([pd.DataFrame(columns=COLUMNS), *parts], ignore_index=True)
    return ranked.assign(
        kind=ranked["method"].map(dict(context.kinds)),
        marks=write_marks(ranked["method"], marks),
    )[COLUMNS]


def _rank_target(rows: pd.DataFrame, pairs: pd.DataFrame, context: Context) -> pd.DataFrame:
    values = rows.pivot(index="track", columns="method", values="value")
    ranking = rank_methods(values[[m for m in context.methods if m in values.columns]], pairs)
    ranked = pd.DataFrame({"method": ranking.methods, "mean_rank": ranking.mean_ranks})
    return ranked.assign(
        groups=[_number_groups(method, ranking.groups) for method in ranking.methods],
        tracks=ranking.tracks,
        statistic=ranking.statistic,
        p=ranking.p,
        note=ranking.note,
    )


def _number_groups(method: str, groups: Sequence[Sequence[str]]) -> str:
    return " ".join(str(number) for number, group in enumerate(groups, 1) if method in group)


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`, two diagrams side by side."""
    ranked = data[data["mean_rank"].notna()]
    if ranked.empty:
        return draw_nothing(context, "no track that all methods share")
    marks = read_marks(ranked)
    parts = list(split_targets(ranked, context).values())
    figure, panels = _make_panels([_measure_height(rows) for rows in parts])
    for axes, rows in zip(panels, parts, strict=True):
        labels = [label_name(method) + marks[method] for method in rows["method"]]
        _draw_diagram(axes, rows, labels, context)
    write_footnote(figure, context, f"{_DESCRIPTION}{join_notes(data['note'])}", marks)
    return figure


def _measure_height(rows: pd.DataFrame) -> float:
    """Return the height in inches of a diagram without its title and its axis."""
    return _find_top(_stack_bars(rows)) + LABEL_IN * (-(-len(rows) // 2) + 0.3)


def _find_top(lanes: Lanes) -> float:
    """Return how far below the axis the labels begin, in inches."""
    return AXIS_IN + LANE_IN * len(lanes) + 0.5 * LABEL_IN


def _stack_bars(rows: pd.DataFrame) -> Lanes:
    """Return a bar per group, each in the first lane that has room for it."""
    members = rows.assign(group=rows["groups"].str.split()).explode("group").dropna(subset="group")
    lanes: Lanes = []
    for _, group in members.groupby(members["group"].astype(int)):
        bar = (float(group["mean_rank"].min()), float(group["mean_rank"].max()))
        room = [lane for lane in lanes if lane[-1][1] < bar[0]]
        if room:
            room[0].append(bar)
        else:
            lanes.append([bar])
    return lanes


def _make_panels(heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """Return a figure whose panels measure their heights, and 1 per inch downwards."""
    columns = min(2, len(heights))
    lines = [max(heights[start : start + columns]) for start in range(0, len(heights), columns)]
    width = COLUMN_IN if columns == 1 else WIDTH_IN
    size = (width, sum(lines) + HEAD_IN * len(lines))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.add_gridspec(len(lines), columns, height_ratios=lines)
    places = [divmod(index, columns) for index in range(len(heights))]
    panels = [figure.add_subplot(grid[place]) for place in places]
    for axes, (line, _) in zip(panels, places, strict=True):
        axes.set_ylim(lines[line], 0.0)
    return figure, panels


def _draw_diagram(axes: Axes, rows: pd.DataFrame, labels: Sequence[str], context: Context) -> None:
    _draw_axis(axes, len(rows), LETTER_IN * (max(map(len, labels)) + RANK_LETTERS))
    lanes = _stack_bars(rows)
    for number, lane in enumerate(lanes):
        height = AXIS_IN + LANE_IN * (number + 0.5)
        for low, high in lane:
            axes.plot([low - 0.05, high + 0.05], [height] * 2, color=BAR, linewidth=2.2, zorder=3)
    lines = -(-len(rows) // 2)
    methods = zip(rows["method"], rows["mean_rank"], labels, strict=True)
    for index, (method, rank, label) in enumerate(methods):
        is_left = index < lines
        line = index if is_left else len(rows) - 1 - index
        colour = DARK if method in context.systems else FAINT
        _draw_label(axes, (rank, _find_top(lanes) + LABEL_IN * line), label, colour, is_left)
    axes.set_title(_title(rows), fontsize=6.5, loc="left", color=DARK, pad=4)


def _draw_axis(axes: Axes, worst: int, margin_in: float) -> None:
    """Draw the axis of ranks from 1 to `worst` on top, with room for labels on both sides."""
    share = margin_in / (COLUMN_IN - 2 * margin_in)
    span = max(worst - 1, 1)
    axes.set_xlim(1 - share * span, 1 + (1 + share) * span)
    ticks = range(1, worst + 1) if worst <= FEW_METHODS else range(0, worst + 1, TICK_STEP)
    axes.xaxis.tick_top()
    axes.set_xticks([max(tick, 1) for tick in ticks])
    axes.spines["top"].set(visible=True, bounds=(1, max(worst, 2)))
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_yticks([])
    axes.tick_params(labelsize=TEXT, length=2.5, pad=1)


def _draw_label(
    axes: Axes, place: tuple[float, float], label: str, colour: str, is_left: bool
) -> None:
    """Draw a line from a rank down to its line and out to the label."""
    rank, height = place
    worst = axes.spines["top"].get_bounds()[1]
    edge = 1.0 - 0.01 * worst if is_left else worst * 1.01
    axes.plot([rank, rank, edge], [0.0, height, height], color=colour, linewidth=0.5, zorder=2)
    text = f"{label}  {rank:.1f} " if is_left else f" {rank:.1f}  {label}"
    align = "right" if is_left else "left"
    axes.text(edge, height, text, ha=align, va="center", fontsize=TEXT, color=colour)


def _title(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    counts = f"{len(rows)} methods, n = {first['tracks']}"
    if pd.isna(first["p"]):
        return f"{label_name(first['target'])}: {counts}"
    test = f"Friedman's χ² = {first['statistic']:.1f}, {format_p(first['p'])}"
    return f"{label_name(first['target'])}: {counts}, {test}"


_DESCRIPTION = (
    "Axis: mean rank over the n tracks that all methods of a diagram have, 1 is best. Bar: methods "
    f"next to each other of which no pair is told apart (p < {ALPHA:g}, Wilcoxon signed-rank, Holm-"
    "corrected over all pairs of methods, targets and data sets of the experiment). Grey: bounds "
    "and oracles, which are no competitors."
)
