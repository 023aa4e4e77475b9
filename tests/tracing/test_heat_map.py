"""Heat maps: which units, which scale, which colours, and the picture of all of them."""

from xml.etree import ElementTree

import numpy as np

from rnnlab.tracing.heat_map import (
    colour_key,
    colour_of,
    heat_maps,
    heat_maps_svg,
    ink_on,
    most_varying,
    ramp_level,
)
from tests.tracing.test_page import SVG, view_of
from tests.trained import SENTENCE, STREAM


def test_svg_is_a_picture_of_its_own():
    """It is well formed, has a title and every heat map, and is high enough for all of them."""
    view = view_of(SENTENCE, "if yo", "you w")

    picture = ElementTree.fromstring(heat_maps_svg(view.titled_maps()))

    assert picture.tag == f"{SVG}svg"
    assert picture.get("role") == "img"
    assert picture[0].tag == f"{SVG}title"
    headings = [text.text for text in picture.iter(f"{SVG}text") if text.get("font-weight")]
    assert len(headings) == 2 * 2 * 4
    assert headings[0] == "input 1, gru_1: update gate z (1 keeps the old h), 0 to 1"
    lowest = max(float(rect.get("y") or 0) for rect in picture.iter(f"{SVG}rect"))
    assert lowest < float(picture.get("height") or 0)


def test_units_are_those_that_vary_most():
    """They stand in ascending order; a small layer shows all its units."""
    view = view_of(STREAM, "the quick brown fox")
    layer = view.trace.layers[0]
    layer.values["h"][:, :, [1, 6]] *= 0.001

    assert most_varying(layer, 6) == (0, 2, 3, 4, 5, 7)
    assert most_varying(layer, 8) == tuple(range(8))


def test_the_scale_holds_the_largest_value_that_is_shown():
    """A memory larger than 1 sets the scale; the scale of a gate is 1."""
    view = view_of(STREAM, "the quick brown fox", changes=("model={kind: lstm, units: 4}",))
    layer = view.trace.layers[0]
    layer.values["c"][0, 3, 2] = -7.5

    maps = {heat.name: heat for heat in heat_maps(view.trace, layer, lane=0, units=range(4), steps=range(10))}

    assert maps["c"].scale == 7.5
    assert maps["c"].title == "memory c, -7.5 to 7.5"
    assert maps["i"].scale == maps["h"].scale == 1
    assert maps["candidate"].title == "candidate c\N{COMBINING TILDE}, what is new, -1 to 1"


def test_colours_run_from_blue_over_white_to_red():
    """They change evenly up to the scale; the text on each of them can be read."""
    assert colour_of(0.0, 1) == (247, 247, 247)
    assert colour_of(1.0, 1) == colour_of(9.0, 1) == (178, 24, 43)
    assert colour_of(-2.0, 2) == (33, 102, 172)
    reds = [colour_of(value, 1)[1] for value in np.linspace(0, 1, 11)]
    assert reds == sorted(reds, reverse=True)
    for value in np.linspace(-1, 1, 41):
        ground = colour_of(value, 1)
        assert contrast(ink_on(ground), ground) > 4.5


def test_levels_are_tenths_of_the_scale():
    """Named by the side of 0; the key has each of them once, with the numbers at its ends."""
    assert [ramp_level(value, 2) for value in (-9, -2, -0.3, 0, 0.05, 0.3, 2)] == [
        *("m10", "m10", "m2", "z0", "z0", "p2", "p10")
    ]
    signed, gate = (ElementTree.fromstring(colour_key(2, is_signed=is_signed)) for is_signed in (True, False))
    assert [rect.get("class") for rect in gate.iter("rect")] == ["z0", *(f"p{n}" for n in range(1, 11))]
    assert len(list(signed.iter("rect"))) == 21
    assert ("".join(signed.itertext()), "".join(gate.itertext())) == ("−22", "02")


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The ratio of WCAG 2."""

    def luminance(colour: tuple[int, ...]) -> float:
        linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
