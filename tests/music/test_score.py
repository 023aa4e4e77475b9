"""Engraved scores, as SVG and as pictures."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from rnnlab.errors import DataError
from rnnlab.music.mei import WRONG
from rnnlab.music.score import engrave, png_of
from rnnlab.music.tune import parse_tune

SVG = "{http://www.w3.org/2000/svg}"
TUNE = parse_tune("g8 e8 e4 f8 d8 d4 <c e g>4 r8*2/3 c8*2/3 d8*2/3 e2.~ e4 cis'1*2 % tempo 96", name="a")


def groups(svg, name):
    """The ids of the groups of a class, in order."""
    root = ElementTree.fromstring(svg)
    return [each.get("id") for each in root.iter(SVG + "g") if each.get("class", "").split()[:1] == [name]]


def test_a_score_has_every_note_once():
    """In order, by its id: notes, chords and rests, and the parts that bar lines divide."""
    svg = engrave(TUNE)

    assert groups(svg, "rest") == ["note-7"]
    assert groups(svg, "chord") == ["note-6"]
    assert [name for name in groups(svg, "note") if "pitch" not in name] == [
        *(f"note-{event}" for event in (0, 1, 2, 3, 4, 5, 8, 9, 10)),
        *("note-10-1", "note-11", "note-12", "note-12-1", "note-12-2"),
    ]
    assert len(groups(svg, "tie")) == 4
    assert len(groups(svg, "tupletNum")) == 1
    assert len(groups(svg, "accid")) == 3  # one a bar


def test_the_same_arguments_give_the_same_bytes():
    """Scores with different prefixes have no id in common, so that a page can show both."""
    first, again, other = engrave(TUNE), engrave(TUNE), engrave(TUNE, prefix="other")
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, other)]

    assert first == again
    assert not ids[0] & ids[1]


def test_a_score_has_the_colour_of_its_page():
    """No colour is fixed but that of what is wrong."""
    plain, marked = engrave(TUNE), engrave(TUNE, wrong={2, 7})

    assert "black" not in plain
    assert 'fill="currentColor"' in plain
    assert WRONG not in plain
    assert set(re.findall(r"#[0-9a-f]{6}\b", marked)) == {WRONG}


def test_lines_break_where_the_width_ends():
    """A narrow score is higher, and as wide as asked for."""
    long = parse_tune(" ".join(["c8 d8 e8 f8 g4 a4"] * 8), name="a")

    wide, narrow = engrave(long, width=1000), engrave(long, width=400)

    sizes = [re.match(r'<svg viewBox="0 0 (\d+) (\d+)"', svg).groups() for svg in (wide, narrow)]
    assert [width for width, _ in sizes] == ["1000", "400"]
    assert len(groups(narrow, "system")) > len(groups(wide, "system")) > 1
    assert int(sizes[1][1]) > int(sizes[0][1])


def test_title_and_tempo_stand_above():
    """Only where there are any."""
    titled = engrave(TUNE, title="나비야 & <more>")
    plain = engrave(parse_tune("c4", name="a"))

    assert "나비야 &amp; &lt;more&gt;" in titled
    assert "tempo 96" in titled
    assert "<text" not in plain


def test_a_picture_is_black_on_white_and_red_where_wrong():
    """Twice as wide as the score; what is wrong has red pixels, and nothing else."""
    pictures = (png_of(engrave(TUNE, width=500, wrong=wrong)) for wrong in ((), {2, 5}))
    plain, marked = (np.array(Image.open(io.BytesIO(png)).convert("RGB")) / 255 for png in pictures)

    assert plain.shape[1] == 1000
    assert (plain[0] == 1).all()
    assert (plain == 0).all(axis=2).any()
    red, green, blue = (marked[..., channel] for channel in range(3))
    assert ((red > 0.8) & (green < 0.3) & (blue < 0.3)).sum() > 100
    assert (plain.max(axis=2) == plain.min(axis=2)).all()


def test_nothing_is_printed(capfd):
    """Not by the libraries' C++ and Rust either."""
    png_of(engrave(TUNE, title="a"))

    assert capfd.readouterr() == ("", "")


def test_rests_alone_are_a_score_too():
    """A whole bar of them."""
    assert groups(engrave(parse_tune("r1", name="a")), "rest") == ["note-0"]


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("c1*9999", {}, "a: it has 9,999 bars; expected at most 1,000"),
        (" ".join(["c1"] * 900), {"width": 300}, "a: its score is higher than 24,000 pixels; write a part"),
    ],
)
def test_what_is_too_long_is_refused(text, settings, message):
    """In one line, with the tune's name."""
    with pytest.raises(DataError, match=f"^{message}"):
        engrave(parse_tune(text, name="a"), **settings)


def test_a_width_that_holds_no_score_is_the_callers_mistake():
    """Clef and metre alone need some."""
    with pytest.raises(ValueError, match="expected a width of 300 to 4000 pixels"):
        engrave(TUNE, width=100)


def test_a_library_that_is_missing_is_said(monkeypatch):
    """With the extra that has it."""
    monkeypatch.setitem(__import__("sys").modules, "verovio", None)

    with pytest.raises(DataError, match=r"^a score needs verovio, .* pip install 'rnnlab\[score\]'"):
        engrave(TUNE)
