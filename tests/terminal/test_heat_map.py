"""Colours where a terminal has them, and signs and digits where it has not."""

import re

import numpy as np
import pytest

from rnnlab.terminal.heat_map import centred, colour_depth, heat_map_lines, painter, rgb_of, signed_tenths
from rnnlab.tracing.heat_map import HeatMap, colour_of
from tests.terminal.test_text import terminal
from tests.tracing.test_heat_map import contrast

SETTINGS = ("NO_COLOR", "TERM", "COLORTERM")


@pytest.mark.parametrize(
    ("settings", "depth"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "24-bit"),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, "24-bit"),
        ({"TERM": "xterm-direct"}, "24-bit"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({}, "none"),
    ],
)
def test_the_depth_is_what_the_terminal_says(monkeypatch, settings, depth):
    """`COLORTERM` and `TERM`; `NO_COLOR` with any value but an empty one turns colours off."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with terminal():
        assert colour_depth() == depth


def test_a_pipe_has_no_colours(monkeypatch, capsys):
    """Whatever the environment says of the terminal behind it."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert colour_depth() == "none"


def test_a_cell_is_painted_and_closed():
    """Ink and ground, and after the text neither; 256 colours take a colour of the ramp."""
    red = (178, 24, 43)

    assert painter("24-bit")("x", red) == "\x1b[38;2;255;255;255;48;2;178;24;43mx\x1b[0m"
    assert painter("256")("x", red) == "\x1b[38;5;231;48;5;124mx\x1b[0m"
    assert painter("none")("x", red) == "x"


def test_the_ramp_of_256_colours_has_no_brown():
    """Blue is strongest below 0, red above; the lightness falls to both ends; the text has contrast 4.5."""
    shown = [painter("256")("x", colour_of(value, 1)) for value in np.linspace(-1, 1, 13)]
    inks, grounds = (
        [rgb_of(int(re.search(rf"{part};5;(\d+)", each)[1])) for each in shown] for part in (38, 48)
    )

    assert all(max(ground) == ground[2] > ground[0] for ground in grounds[:6])
    assert grounds[6] == (238, 238, 238)
    assert all(ground[0] > ground[1] == ground[2] for ground in grounds[7:])
    lightness = [sum(ground) for ground in grounds]
    assert lightness[:7] == sorted(lightness[:7])
    assert lightness[6:] == sorted(lightness[6:], reverse=True)
    assert all(contrast(*pair) >= 4.5 for pair in zip(inks, grounds, strict=True))


@pytest.mark.parametrize(
    ("value", "scale", "shown"),
    [(0.0, 1, " 0"), (0.04, 1, " 0"), (-0.26, 1, "-3"), (0.97, 1, "+9"), (1.0, 1, "+9"), (-2.0, 4, "-5")],
)
def test_tenths_have_a_sign_and_a_digit(value, scale, shown):
    """Of the scale, and nine at most."""
    assert signed_tenths(value, scale) == shown


def test_wide_characters_are_centred_by_their_columns():
    """A Hangul syllable takes two."""
    assert centred("나", 4) == " 나 "
    assert centred("abcdef", 4) == "abcdef"


def test_the_gaps_before_windows_are_a_part_of_the_width():
    """Of windows with a carried state as well: every line fits, and no step is lost."""
    steps = 40
    heat = HeatMap(
        name="h",
        title="h",
        rows=("unit 1",),
        columns=tuple("abcd" * 10),
        steps=tuple(range(steps)),
        starts=np.arange(steps) == 0,
        begins=np.arange(steps) % 4 == 0,
        values=np.zeros((1, steps), np.float32),
        scale=1.0,
    )

    _title, *lines = heat_map_lines(heat, width=40, depth="none")

    assert max(map(len, lines)) <= 40
    assert sum(line.count(" 0") for line in lines if line.startswith("unit")) == steps
