"""Text with how surprised a model was by each character, as the shade behind it."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby, pairwise

from rnnlab.reports.markup import Markup, tag, together

BOUNDS = (1.0, 2.0, 3.0, 5.0, 8.0)
"""Bits at which the next shade begins."""


def surprise_text(tokens: Sequence[str], costs: Sequence[float | None]) -> Markup:
    """A text, shaded.

    Args:
        tokens: its characters.
        costs: −ln of the probability of each, nats; None where the model was not asked.
    """
    pieces = []
    for level, run in groupby(zip(tokens, costs, strict=True), key=lambda pair: level_of(pair[1])):
        text = "".join(_seen(token, level) for token, _ in run)
        pieces.append(tag("span", text, class_=f"bits-{level}") if level else together(text))
    return tag("p", *pieces, class_="written", dir="auto")


def level_of(cost: float | None) -> int:
    """The shade of a cost in nats, 0 for none."""
    return 0 if cost is None else bisect_right(BOUNDS, cost / math.log(2))


def legend() -> Markup:
    """What the shades mean."""
    bounds = [*BOUNDS, math.inf]
    entries = [tag("span", f"under {BOUNDS[0]:g}", class_="shade")]
    for level, (low, high) in enumerate(pairwise(bounds), start=1):
        name = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and more"
        entries.append(tag("span", name, class_=f"shade bits-{level}"))
    note = "3 bits are one chance in eight"
    return tag("p", "Bits of surprise: ", *entries, f" ({note}).", class_="legend")


def _seen(token: str, level: int) -> str:
    """The token; a line break that surprises has a sign, since a shade behind it cannot be seen."""
    return "↵\n" if token == "\n" and level else token
