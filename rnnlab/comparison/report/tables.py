"""A table that fits a narrow page: there each row is a block, with the name of each cell beside the cell."""

from collections.abc import Sequence

from rnnlab.reports.markup import Markup, tag

_NUMBERED = frozenset("0123456789–—.,%/ ")


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
    table = tag("table", *groups, class_="stacked", role="table", aria_label=name)
    return tag("div", table, class_="wide")


def _cell(title: str, cell: str) -> Markup:
    """Return a cell with its title, which is shown on a narrow page only."""
    label = tag("span", title, class_="label", aria_hidden="true")
    kind = "number" if cell and set(cell) <= _NUMBERED else None
    return tag("td", label, tag("span", cell or "–"), class_=kind, role="cell")
