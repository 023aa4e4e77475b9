"""The measures of a comparison as small pictures: a row for a configuration, a dot for each random seed."""

import math

import numpy as np

from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.picture import ROW, TOP, dots_of, frame_of, panels_of
from rnnlab.comparison.report.letters import letter_of
from rnnlab.reports.axes import FONTS, text
from rnnlab.reports.charts import interval_bar, line_stroke
from rnnlab.reports.markup import Markup, tag

_BESIDE, _AFTER, _BELOW = 34, 22, 56
"""Room on the left for the letters, on the right for half of a number, and below for the axis."""


def panels_section(comparison: Comparison) -> list[Markup]:
    """Return a picture of each measure of a comparison, and the key to them."""
    contenders = comparison.contenders
    panels = [each for each in panels_of(comparison, 0) if any(map(len, each.values))]
    bottom = TOP + ROW * len(contenders)
    drawn = []
    for panel in panels:
        axis = panel.axis
        pieces = frame_of(panel, bottom)
        for row, (contender, values) in enumerate(zip(contenders, panel.values, strict=True)):
            y = TOP + ROW * (row + 0.5)
            pieces.append(text(letter_of(row), axis.begin - 16, y + 5, anchor="end", bold=True))
            if panel is panels[-1] and contender.loss_interval:
                low, high = axis.place(np.array(contender.loss_interval)).tolist()
                pieces.append(interval_bar(low, high, y, row))
            if panel is panels[0] and (ceiling := contender.trials[0].ceiling):
                x = float(axis.place(np.array([ceiling.accuracy]))[0])
                pieces.append(line_stroke(x, y - 0.4 * ROW, x, y + 0.4 * ROW, dash="2 3"))
            pieces += dots_of(axis, values, y, row)
        left, width = axis.begin - _BESIDE, axis.end - axis.begin + _BESIDE + _AFTER
        drawn.append(
            tag(
                "svg",
                *pieces,
                viewBox=f"{left:g} 12 {width:g} {bottom + _BELOW - 12:g}",
                width="100%",
                role="img",
                aria_label=f"{panel.title}, {panel.unit}: a dot for each random seed; see the table",
                class_="panel",
                font_family=FONTS,
                font_size=15,
            )
        )
    return [tag("div", *drawn, class_="panels"), tag("p", " ".join(_key(comparison)), class_="remark")]


def _key(comparison: Comparison) -> list[str]:
    contenders = comparison.contenders
    averaged = any(len(each.trials) > 1 for each in contenders)
    more = "; the stroke is their mean, the bar the 95 % interval of the mean loss" if averaged else ""
    said = [f"Each dot is one random seed{more}."]
    if any(each.trials[0].ceiling for each in contenders):
        said.append("Dotted line: the highest accuracy possible for a model that sees only the window.")
    if any(not math.isfinite(loss) for each in contenders for loss in each.losses):
        said.append("A loss that is not finite has no dot.")
    return said
