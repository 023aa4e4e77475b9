"""Text with how surprised a model was by it."""

import math

from rnnlab.reports.confusion import BOUNDS, legend, level_of, surprise_text
from tests.reports.html import Page


def test_the_shade_is_the_number_of_bounds_that_were_passed():
    """In bits; a character that the model was not asked for has none."""
    bits = [0.0, 0.99, 1.0, 2.5, 4.0, 7.9, 8.0, 300.0]

    assert [level_of(each * math.log(2)) for each in bits] == [0, 0, 1, 2, 3, 4, 5, 5]
    assert level_of(None) == 0


def test_each_character_has_its_own_shade():
    """Neighbours of one shade share an element; a line break that surprises can be seen."""
    costs = [None, 0.0, 1.0, 1.0, 9.0, 9.0, 0.0]

    page = Page(surprise_text("ab<>c\nd", costs))

    assert [(each.text, each.attributes["class"]) for each in page.all("span")] == [
        ("<>", "bits-1"),
        ("c↵\n", "bits-5"),
    ]
    assert page.all("p")[0].text == "ab<>c↵\nd"


def test_the_key_names_every_shade():
    """One more than there are bounds."""
    page = Page(legend())

    assert [each.text for each in page.all("span")] == [
        *("under 1", "1 to 2", "2 to 3", "3 to 5", "5 to 8", "8 and more")
    ]
    assert len(page.all("span")) == len(BOUNDS) + 1
