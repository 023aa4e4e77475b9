"""The picture of a comparison: what each contender is worth, a dot for each random seed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnlab.comparison.measures import Comparison, Contender
from rnnlab.errors import one_line
from rnnlab.reports.overview import COLOURS, make_logarithmic, rendered, spans_decades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPREAD = 0.28
"""How far from the middle of its row a contender's dots are spread, 0 to 0.5."""


def comparison_picture(comparison: Comparison, suffix: str) -> bytes:
    """The bytes of the picture of a comparison.

    Args:
        comparison: what it shows.
        suffix: `.svg`, `.png` or `.pdf`.

    Raises:
        DataError: matplotlib is not installed.
    """
    height = 1.6 + 0.55 * len(comparison.contenders)
    return rendered(lambda figure: _draw(figure, comparison.contenders), suffix, width=9, height=height)


def _draw(figure: "Figure", contenders: Sequence[Contender]) -> None:
    steps, free, loss = figure.subplots(1, 3, sharey=True)
    rows = range(len(contenders))
    for row, contender in enumerate(contenders):
        colour = COLOURS[row % len(COLOURS)]
        _draw_dots(steps, row, [trial.metrics.accuracy for trial in contender.trials], colour)
        _draw_dots(free, row, [run.accuracy for run in contender.free_runs], colour)
        _draw_dots(loss, row, contender.losses, colour)
        _draw_ceiling(steps, row, contender)
        if contender.loss_interval:
            low, high = contender.loss_interval
            loss.plot([low, high], [row, row], color=colour, linewidth=3, alpha=0.35, solid_capstyle="butt")
    for axes, title in ((steps, "one step at a time"), (free, "running free")):
        axes.set_xlim(-0.04, 1.04)
        axes.set_title(title)
        axes.set_xlabel("share of tokens right")
    loss.set_title("loss")
    loss.set_xlabel("nats per token; bar: 95 % interval")
    _scale(loss, contenders)
    if any(contender.trials[0].ceiling for contender in contenders):
        steps.set_xlabel("share right (dotted: most from the window alone)")
    names = [one_line(contender.name) for contender in contenders]
    steps.set_yticks(list(rows), names, parse_math=False)
    steps.set_ylim(len(contenders) - 0.4, -0.6)


def _draw_dots(axes: "Axes", row: int, values: Sequence[float], colour: str) -> None:
    """A dot for each random seed, one below the other in their order."""
    middle = (len(values) - 1) / 2
    places = [row + SPREAD * (number - middle) / max(middle, 1) for number in range(len(values))]
    axes.plot(values, places, "o", color=colour, markersize=5, markeredgecolor="white", markeredgewidth=0.5)


def _draw_ceiling(axes: "Axes", row: int, contender: Contender) -> None:
    """A line at the most that a model can get right which sees only the window."""
    if ceiling := contender.trials[0].ceiling:
        axes.plot([ceiling.accuracy] * 2, [row - 0.4, row + 0.4], color="0.4", linestyle=":")


def _scale(axes: Any, contenders: Sequence[Contender]) -> None:
    """A logarithmic scale where losses span decades, as wide as they do: an interval may reach below 0."""
    losses = [loss for contender in contenders for loss in contender.losses if loss > 0]
    if spans_decades(losses):
        make_logarithmic(axes, "x")
        axes.set_xlim(min(losses) / 2, max(losses) * 2)
