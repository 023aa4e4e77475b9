"""Tables of reports: facts, rows that become blocks on a phone, and bars."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rnnlab.reports.markup import Markup, tag

_BAR = 220


def named_facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """Return a table of (name, fact)."""
    shown = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in rows]
    return tag("table", tag("tbody", *shown), class_="facts")


def table_of_rows(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str = "",
    class_: str = "data",
    kinds: Sequence[str] = (),
) -> Markup:
    """Return a table; on a narrow page each row becomes a block with the name of the column before each cell.

    Args:
        header: the names of the columns; the first cell of each row is the name of the row.
        rows: the cells of each row, text or markup.
        caption: the caption; empty for none.
        class_: class of the table.
        kinds: class of each row, "" for none; empty for no classes.
    """
    body = [
        tag(
            "tr",
            tag("th", cells[0], scope="row"),
            *(tag("td", each, data_label=name) for name, each in zip(header[1:], cells[1:], strict=True)),
            class_=kind or None,
        )
        for cells, kind in zip_longest(rows, kinds, fillvalue="")
    ]
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header)))
    above = [tag("caption", caption)] if caption else []
    return tag("table", *above, head, tag("tbody", *body), class_=f"stack {class_}")


def scroller(content: Markup, name: str) -> Markup:
    """Return a table or a picture in a region of this name, which scrolls if it is wider than the page."""
    return tag("div", content, class_="scroller", tabindex="0", role="region", aria_label=name)


def share_bar(share: float) -> Markup:
    """Return a bar whose length is `share`, 0 to 1, of the longest possible bar."""
    bar = tag("rect", x=0, y=0, width=max(_BAR * share, 1), height=12, rx=2)
    return tag("svg", bar, width=_BAR, height=12, viewBox=f"0 0 {_BAR} 12", class_="bar", aria_hidden="true")
