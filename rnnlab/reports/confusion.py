"""A table of the mistakes that a model makes most, and how often.

Text with how surprised a model was by each character, as the shade behind it.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby, pairwise

from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.evaluation.metrics import Confusions
from rnnlab.reports.markup import Markup, tag, together, without_controls

MOST_PAIRS = 10
MOST_TOKENS = 12
SHADES = 5
_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}


def token_text(token: str) -> str:
    """A token as one sees it: a space, a line break and a tab have signs of their own."""
    return _SIGNS.get(token) or (
        without_controls(token) if token.strip() else token.encode("unicode_escape").decode()
    )


def confusion_tables(confusions: Confusions, vocabulary: Vocabulary) -> Markup:
    """The commonest mistakes as a list, and all between the tokens of these as a heat map."""
    worst = confusions.worst(MOST_PAIRS)
    if not worst:
        return tag("p", "None: every target was the token that the model expected most.")
    tables = tag("div", _pairs(confusions, vocabulary), _map(confusions, vocabulary), class_="side-by-side")
    how = "In the map rows are what was wanted, columns what was expected most; framed is what was right."
    return together(tag("p", how, class_="remark"), tables)


def _pairs(confusions: Confusions, vocabulary: Vocabulary) -> Markup:
    rows = []
    for wanted, found, times in confusions.worst(MOST_PAIRS):
        total = confusions.wanted(wanted)
        cells = [_token(vocabulary, wanted), _token(vocabulary, found)]
        share = tag("td", f"{times:,} of {total:,}")
        rows.append(tag("tr", *(tag("td", cell) for cell in cells), share))
    head = tag("tr", *(tag("th", name, scope="col") for name in ("wanted", "expected", "times of all")))
    caption = tag("caption", "The commonest mistakes")
    table = tag("table", caption, tag("thead", head), tag("tbody", *rows))
    return _scroller(table, "list of mistakes")


def _map(confusions: Confusions, vocabulary: Vocabulary) -> Markup:
    """Rows of wanted tokens, columns of expected ones; a shade is a cell's share of its row."""
    named = dict.fromkeys(token for pair in confusions.worst(60) for token in pair[:2])
    tokens = sorted([*named][:MOST_TOKENS])
    head = [tag("td"), *(tag("th", _token(vocabulary, token), scope="col") for token in tokens)]
    rows = [
        tag(
            "tr",
            tag("th", _token(vocabulary, wanted), scope="row"),
            *(_cell(confusions, wanted, found) for found in tokens),
        )
        for wanted in tokens
    ]
    caption = tag("caption", "Wanted and expected")
    table = tag("table", caption, tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="heat")
    return _scroller(table, "heat map of mistakes")


def _scroller(table: Markup, name: str) -> Markup:
    return tag("div", table, class_="scroller", tabindex="0", role="region", aria_label=name)


def _cell(confusions: Confusions, wanted: int, found: int) -> Markup:
    times = confusions.pairs[wanted, found]
    share = times / max(confusions.wanted(wanted), 1)
    shade = min(int(share * SHADES * 2) + 1, SHADES) if times else 0
    kinds = [*(["right"] if wanted == found else [f"heat-{shade}"])]
    return tag("td", f"{times:,}" if times else "·", class_=" ".join(kinds))


def _token(vocabulary: Vocabulary, token: int) -> Markup:
    return tag("code", together(token_text(vocabulary.tokens[token])))


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
