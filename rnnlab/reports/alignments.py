"""Pictures of alignments: how much of each source token attention takes while a target is written."""

from collections.abc import Iterator, Sequence

from rnnlab.generation.step_by_step import Alignment
from rnnlab.reports.axes import FONTS, text, text_width
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.overview import token_text

_CELL = 24.0
"""Height of a row and least width of a column, in units of the SVG."""

_LEAST = 0.005
"""Weights below this are not drawn: nobody sees them, and there are many."""

_LONGEST = 16
"""Most characters of a token that is shown."""


def alignment_picture(alignment: Alignment) -> Markup:
    """Return an inline SVG: source tokens along the top, written tokens down the side, weights as shades.

    The darker a cell, the larger the weight; a cell has its weight as a title.
    """
    columns, rows = (
        [_shown(token) for token in alignment.source],
        [_shown(token) for token in alignment.written],
    )
    margin = max(map(text_width, rows)) + 12
    cell = max(_CELL, max(map(text_width, columns)) + 6)
    width, height = margin + cell * len(columns), _CELL * (len(rows) + 1)
    parts = [
        text(column, margin + cell * (number + 0.5), _CELL - 8, anchor="middle")
        for number, column in enumerate(columns)
    ]
    for number, row in enumerate(rows):
        top = _CELL * (number + 1)
        parts.append(text(row, margin - 8, top + 17, anchor="end"))
        parts += _row(alignment.weights[number].tolist(), row, columns, (margin, top, cell))
    frame = tag(
        "rect", x=margin, y=_CELL, width=cell * len(columns), height=_CELL * len(rows), class_="frame"
    )
    return tag(
        "svg",
        *parts,
        frame,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_label=_spoken(alignment, rows, columns),
        class_="alignment",
        font_family=FONTS,
        font_size=13,
    )


def _row(
    weights: Sequence[float], row: str, columns: Sequence[str], place: tuple[float, float, float]
) -> Iterator[Markup]:
    """Yield the cells of a row; `place` is its left and top edge and the width of a cell."""
    left, top, cell = place
    for number, (weight, column) in enumerate(zip(weights, columns, strict=True)):
        if weight >= _LEAST:
            title = tag("title", f"{row} reads {column}: {weight:.2f}")
            x = left + cell * number
            shade = tag("rect", x=x, y=top, width=cell, height=_CELL, fill_opacity=round(weight, 3))
            yield tag("g", title, shade, class_="weight")


def _spoken(alignment: Alignment, rows: Sequence[str], columns: Sequence[str]) -> str:
    """Return the alignment in words: the source token with the largest weight for each written token."""
    best = alignment.weights.argmax(axis=1).tolist()
    pairs = ", ".join(f"{row} reads {columns[place]} most" for row, place in zip(rows, best, strict=True))
    return f"Weights of attention: {pairs}."


def _shown(token: str) -> str:
    """Return a token as visible text of at most 16 characters."""
    shown = token_text(token)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
