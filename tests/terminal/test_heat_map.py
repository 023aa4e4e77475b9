"""Colours where a terminal has them, and signs and digits where it has not."""

import numpy as np
import pytest

from rnnlab.terminal.heat_map import centred, colour_depth, heat_map_lines, painter, signed_tenths
from rnnlab.tracing.heat_map import HeatMap
from tests.terminal.test_text import terminal

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
    """Ink and ground, and after the text neither; 256 colours take the nearest of the cube."""
    black, red = (0, 0, 0), (178, 24, 43)

    assert painter("24-bit")("x", black, red) == "\x1b[38;2;0;0;0;48;2;178;24;43mx\x1b[0m"
    assert painter("256")("x", black, red) == "\x1b[38;5;16;48;5;124mx\x1b[0m"
    assert painter("none")("x", black, red) == "x"


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
