"""What a chart says in words: its key, and a text for those who do not see it."""

from collections.abc import Sequence

from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.series import Level, Series
from rnnlab.reports.strokes import cloud_swatch, level_swatch, swatch
from rnnlab.reports.ticks import label


def key(lines: Sequence[Series], cloud: Series | None, levels: Sequence[Level]) -> Markup:
    """What each line is."""
    entries = [_entry(line.name, swatch(number)) for number, line in enumerate(lines)]
    if cloud:
        entries.append(_entry(cloud.name, cloud_swatch()))
    for number, level in enumerate(levels):
        entries.append(_entry(f"{level.name} {label(float(f'{level.y:.4g}'))}", level_swatch(number)))
    return tag("span", *entries, class_="key")


def said_of_zeros(lines: Sequence[Series]) -> Markup:
    """What is said of figures that a logarithmic axis has no place for."""
    count = sum(int((line.ys <= 0).sum()) for line in lines)
    if not count:
        return Markup()
    noun = "point is" if count == 1 else "points are"
    return tag("span", f"{count:,} {noun} 0, and drawn at the lower edge.", class_="remark")


def spoken(title: str, lines: Sequence[Series], x_label: str, levels: Sequence[Level]) -> str:
    """The chart in words."""
    said = [f"{title} by {x_label}."]
    for line in lines:
        lowest, highest = int(line.ys.argmin()), int(line.ys.argmax())
        said.append(
            f"{line.name}: from {line.ys[0]:.4g} to {line.ys[-1]:.4g},"
            f" lowest {line.ys[lowest]:.4g} at {line.xs[lowest]:,.6g},"
            f" highest {line.ys[highest]:.4g} at {line.xs[highest]:,.6g}."
        )
    return " ".join([*said, *(f"{level.name}: {level.y:.4g}." for level in levels)])


def _entry(name: str, swatch: Markup) -> Markup:
    picture = tag("svg", swatch, width=28, height=12, viewBox="0 0 28 12", aria_hidden="true")
    return tag("span", picture, " ", name, "\N{EM SPACE}")
