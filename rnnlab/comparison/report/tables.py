"""A table that fits a narrow page: there each row is a block, with the name of each cell beside the cell."""

import re
from collections.abc import Sequence

from rnnlab.reports.markup import Markup, tag, together

MANY_COLUMNS = 8
"""A table with more columns has a smaller type."""

_NUMBER = re.compile(r"[\d.,%/–—-]+(e[+-]\d+| × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+| of [\d,]+)?")
_POWER = re.compile(r"\S*\de[+-]\d+\S*")


def stacked_table(name: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Return a table; on a narrow page, each row becomes a block of lines `title  cell`.

    Args:
        name: what the table shows, for readers who do not see it.
        titles: the titles of the columns.
        rows: the cells of each row, text or markup; the first cell names the row.
    """
    head = tag("tr", *(tag("th", title, scope="col", role="columnheader") for title in titles), role="row")
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", role="rowheader"),
            *(_cell(title, cell) for title, cell in zip(titles[1:], row[1:], strict=True)),
            role="row",
        )
        for row in rows
    ]
    groups = tag("thead", head, role="rowgroup"), tag("tbody", *body, role="rowgroup")
    kind = "stacked many" if len(titles) > MANY_COLUMNS else "stacked"
    table = tag("table", *groups, class_=kind, role="table", aria_label=name)
    return tag("div", table, class_="wide")


def _cell(title: str, cell: str) -> Markup:
    """Return a cell with its title, which is shown on a narrow page only."""
    label = tag("span", title, class_="label", aria_hidden="true")
    kind = "number" if _NUMBER.fullmatch(cell) else None
    if cell in {"", "–"}:
        kind = "number none"
    content = cell if isinstance(cell, Markup) else _unbroken(cell or "–")
    return tag("td", label, tag("span", content), class_=kind, role="cell")


def _unbroken(text: str) -> Markup:
    """Return a text in which no line ends within a number such as `1.6e-06`."""
    words = (
        tag("span", word, class_="number") if _POWER.fullmatch(word) else word for word in text.split(" ")
    )
    return together(*[part for word in words for part in (" ", word)][1:])
