"""The picture of a comparison: where its dots, bars and lines stand."""

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.picture import comparison_picture
from tests.comparing import contender, solver

SVG = "{http://www.w3.org/2000/svg}"


def picture(*contenders):
    """The picture of some contenders as a tree of elements."""
    return ElementTree.fromstring(comparison_picture(Comparison(contenders)))


def texts(root):
    """The place of each text of a picture."""
    return {each.text: float(each.get("x")) for each in root.iter(f"{SVG}text")}


def dots(root, colour):
    """The places of the dots of a colour, from left to right."""
    circles = [each for each in root.iter(f"{SVG}circle") if each.get("fill") == colour]
    return sorted((float(each.get("cx")), float(each.get("cy"))) for each in circles)


BLUE, RED = "#0072b2", "#d55e00"
PANELS = {"One step at a time", "Running free", "Accuracy", "Exact match", "Length 20", "Length 40", "Loss"}


def test_each_contender_has_a_row_and_a_colour_and_each_seed_a_dot():
    """The panels are accuracy, free running and loss; 25 of 50 right is the middle of its panel."""
    root = picture(contender("first", [1.0, 2.0], free=[25, 50]), contender("second", [3.0], free=[0]))

    blue, red = dots(root, BLUE), dots(root, RED)
    assert (len(blue), len(red)) == (6, 3)
    assert max(y for _, y in blue) < min(y for _, y in red)
    begin, end = (x for x, _ in (red[1], blue[3]))
    assert blue[2][0] == pytest.approx((begin + end) / 2)
    assert {"One step at a time", "Running free", "Loss", "first", "second"} <= set(texts(root))


def test_the_bar_is_the_interval_and_the_stroke_the_mean():
    """The bar is as far to the left of the mean as to the right; a single seed has neither."""
    root = picture(contender("several", [1.0, 1.2, 1.1]), contender("single", [0.9]))

    (bar,) = [each for each in root.iter(f"{SVG}rect") if each.get("fill-opacity")]
    strokes = [each for each in root.iter(f"{SVG}line") if each.get("stroke") in {BLUE, RED}]
    middle = float(bar.get("x")) + float(bar.get("width")) / 2
    assert [each.get("stroke") for each in strokes] == [BLUE] * 2  # of the accuracy and of the loss
    assert float(strokes[1].get("x1")) == pytest.approx(middle, abs=0.01)
    assert dots(root, BLUE)[4][0] == pytest.approx(middle, abs=0.01)


def test_losses_that_span_decades_have_a_logarithmic_scale():
    """The axis says so, with powers of ten."""
    root = picture(contender("far", [1.0, 1.1]), contender("near", [1e-6, 2e-6]))

    assert {"Loss, logarithmic scale", "0.1", "10⁻⁵"} <= set(texts(root))


def test_what_is_not_shown_is_said():
    """A loss that is not finite has no place."""
    root = picture(contender("a", [1.0, math.inf, 2.0]), contender("b", [math.inf]))

    assert "Not shown: 2 losses that are not finite." in texts(root)
    assert (len(dots(root, BLUE)), len(dots(root, RED))) == (3 + 2, 1)


def test_the_ceiling_is_a_dotted_line_that_the_key_explains():
    """Without a ceiling neither is there."""
    with_it, without = picture(contender("a", [1.0], ceiling=25)), picture(contender("a", [1.0]))

    dotted = [each for each in with_it.iter(f"{SVG}line") if each.get("stroke-dasharray")]
    assert len(dotted) == 1
    assert any(text.startswith("Dotted line: ") for text in texts(with_it))
    assert not [each for each in without.iter(f"{SVG}line") if each.get("stroke-dasharray")]
    assert not any("Dotted" in text for text in texts(without))


def test_each_length_of_generated_examples_has_a_panel():
    """After the main figure and before the loss; half of the examples right is the middle of a panel."""
    lengths = {20: [1.0, 1.0], 40: [0.5, 1.0]}
    root = picture(solver("gru", lengths, losses=[1.0, 1.1]), solver("lstm", lengths, losses=[0.1, 0.2]))

    titles = texts(root)
    assert [each for each in titles if each in PANELS] == ["Accuracy", "Length 20", "Length 40", "Loss"]
    assert {"fraction of labels right", "fraction of examples right", "nats per example"} <= titles.keys()
    blue = dots(root, BLUE)
    assert len(blue) == 2 * 4
    assert blue[4][0] == pytest.approx((titles["Length 40"] + blue[5][0]) / 2)
    assert root.get("aria-label").startswith(
        "gru: accuracy 0.9, length 20 1, length 40 0.75, loss 1.05 nats per example. lstm: "
    )


def test_of_many_lengths_some_have_a_panel():
    """The first, the last, and some between; how many are left out is said."""
    lengths = {length: [1.0] for length in (5, 10, 15, 20, 40, 100)}

    titles = texts(picture(solver("gru", lengths, task="pairs", losses=[1.0])))

    assert [each for each in titles if each.startswith("Length")] == [
        "Length 5",
        "Length 15",
        "Length 20",
        "Length 100",
    ]
    assert "Exact match" in titles
    assert "Not shown: 2 more lengths, which the table has." in titles


def test_a_task_without_a_main_figure_has_a_panel_for_its_loss():
    """As from_label has."""
    alone = solver("a", {}, task="from_label", losses=[1.0, 1.5])
    without = replace(
        alone, trials=tuple(replace(each, accuracy=None, correct=None) for each in alone.trials)
    )

    root = picture(without)

    assert [each for each in texts(root) if each in PANELS] == ["Loss"]
    assert root.get("aria-label") == "a: loss 1.25 nats per token."


def test_a_long_name_has_room():
    """The picture grows with it; and it says in words what it shows."""
    name = "a_long_name_of_a_configuration" * 4
    short, long = picture(contender("a", [1.0], free=[3])), picture(contender(name, [1.0]))

    assert float(long.get("width")) > float(short.get("width")) + 500
    assert short.get("aria-label") == "a: accuracy 0.9, running free 0.06, loss 1 nats per token."
    assert re.fullmatch("0 0 [0-9.]+ [0-9.]+", long.get("viewBox"))
