"""Tunes as LilyPond files."""

from rnnlab.music.lilypond import write_lilypond
from rnnlab.music.tune import Tune, parse_tune, tune_text

TUNE = parse_tune(" ".join(["c4 cis'8.", "r2*2/3", "<c e g>4~", "<c e>1*5/8"] * 5), name="a")


def test_the_body_is_note_text():
    """Every token as it is, some to a line, in absolute octaves from middle C."""
    text = write_lilypond(TUNE).decode()

    head, body = text.split("\\fixed c' {\n")
    body, tail = body.split("\n  }\n")
    assert parse_tune(body, name="a").notes == TUNE.notes
    assert " ".join(body.split()) == tune_text(TUNE)
    assert max(map(len, body.splitlines())) < 200
    assert head == '\\version "2.24.0"\n\\score {\n  '
    assert tail == "  \\layout { }\n  \\midi { }\n}\n"


def test_the_tempo_is_a_whole_number():
    """LilyPond reads no other; where the tune says none, neither does the file."""
    assert "    \\tempo 4 = 96\n    c4 " in write_lilypond(Tune("a", TUNE.notes, tempo=96.4)).decode()
    assert "tempo" not in write_lilypond(TUNE).decode()
