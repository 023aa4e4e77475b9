"""The picture of training histories: loss and accuracy by epoch, several runs in one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.reports.overview import COLOURS, MARKERS, make_logarithmic, name_texts, rendered, spans_decades
from rnnlab.runs.history import Floats, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = 8
"""Markers on a line; more would hide it."""


def history_picture(histories: Mapping[str, History], suffix: str) -> bytes:
    """The bytes of the picture of some runs' histories.

    Args:
        histories: by the names that the legend gives them.
        suffix: `.svg`, `.png` or `.pdf`.

    Raises:
        DataError: matplotlib is not installed.
    """
    return rendered(
        lambda figure: _draw(figure, histories), suffix, width=7, height=5.5 + 0.2 * len(histories)
    )


def _draw(figure: "Figure", histories: Mapping[str, History]) -> None:
    loss, accuracy = figure.subplots(2, 1, sharex=True)
    lines = [_draw_run(loss, accuracy, number, history) for number, history in enumerate(histories.values())]
    runs = histories.values()
    losses = np.concatenate([each for run in runs for each in (run.loss, run.validation_loss)])
    if spans_decades(losses[np.isfinite(losses)].tolist()):
        make_logarithmic(loss, "y")
    loss.set_ylabel("loss, nats per token")
    accuracy.set_ylabel("accuracy")
    accuracy.set_ylim(-0.02, 1.02)
    accuracy.set_xlabel("epoch")
    if any(_is_measured(run.validation_loss) for run in runs):
        _explain_styles(loss)
    _name(figure, lines, list(histories))


def _draw_run(loss: "Axes", accuracy: "Axes", number: int, history: History) -> Any:
    """Draw the lines of a run, with a colour and a marker of its own; one of them, for the legend."""
    style: Any = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
    lines = []
    for axes, figures, line in (
        (loss, history.loss, "-"),
        (loss, history.validation_loss, "--"),
        (accuracy, history.accuracy, "-"),
        (accuracy, history.validation_accuracy, "--"),
    ):
        epochs, values = _measured(history, figures)
        every = max(1, len(values) // MARKS)
        offset = (number * every // 4) % every if every > 1 else 0  # runs that coincide still show
        drawn = axes.plot(epochs, values, linestyle=line, markevery=(offset, every), **style)
        lines.append(drawn[0])
    return lines[0]


def _measured(history: History, figures: Floats) -> tuple[list[int], list[float]]:
    """The epochs in which something was measured, and what: validations with gaps are still a line."""
    is_known = np.isfinite(figures)
    return history.epoch[is_known].tolist(), figures[is_known].tolist()


def _is_measured(figures: Floats) -> bool:
    return bool(np.isfinite(figures).any())


def _explain_styles(axes: "Axes") -> None:
    """Say which line is which, on the empty side of the curve."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 (slow)

    styles: dict[str, Any] = {"training": "-", "held out": "--"}
    handles = [Line2D([], [], color="0.3", linestyle=line) for line in styles.values()]
    axes.legend(handles, list(styles), loc="upper right")


def _name(figure: "Figure", lines: list[Any], names: list[str]) -> None:
    """A legend below that names each run, as it is, whatever matplotlib would read in the name."""
    columns = 2 if len(names) > 3 and max(map(len, names)) < 40 else 1
    legend = figure.legend(
        lines, [f"run {number}" for number in range(len(names))], loc="outside lower center", ncols=columns
    )
    name_texts(legend.get_texts(), names)
