"""The letter, the colour and the dash pattern of each configuration in the report of a comparison.

A configuration has the same letter in every table, chart and heading of the page, so that no reader depends
on a colour.
"""

import re
from string import ascii_uppercase

from rnnlab.reports.charts import COLOURS
from rnnlab.reports.markup import Markup, tag, together


def letter_of(number: int) -> str:
    """Return the letter of a configuration by its number, from 0: A to Z, then A2 to Z2 and so on."""
    again, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again + 1) if again else "")


def own_colour(number: int) -> int:
    """Return the index of the colour of a configuration."""
    return number % len(COLOURS)


def badge(number: int) -> Markup:
    """Return the letter of a configuration in a frame of its colour."""
    return tag("b", letter_of(number), class_=f"badge own-{own_colour(number)}")


def with_badge(number: int, name: str) -> Markup:
    """Return the badge and the name of a configuration; a long name may be broken after `_` and `-`."""
    pieces = re.split(r"(?<=[_-])(?=\w)", name)
    broken = [part for piece in pieces for part in (Markup("<wbr/>"), piece)][1:]
    return together(badge(number), Markup("\N{NO-BREAK SPACE}"), *broken)
