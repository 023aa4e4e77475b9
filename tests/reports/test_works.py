"""What a report shows of what a model plays and writes."""

import io
import math
import re
import sys
import wave
from dataclasses import replace

import pytest

from rnnlab.music.melody import Reading
from rnnlab.music.midi import read_midi
from rnnlab.music.notation import spell
from rnnlab.reports.contents import Contents, Measured, contents_of
from rnnlab.reports.page import fragment, report_page
from rnnlab.reports.works import BOUNDS, legend, level_of, pieces, surprise_text
from tests.reports.html import Page, data_of
from tests.reports.reporting import report, with_history
from tests.trained import SENTENCE, SONG, run_of


def test_what_is_seen_is_what_was_played(pages):
    """Each note of the song and of the free run is drawn, and in the text and the MIDI."""
    song, free = pieces(contents_of(run_of(SONG)))
    page = pages["song"]

    for number, each in enumerate((song, free), start=1):
        ids = {element.attributes.get("id", "") for element in page.all("g")}
        assert {f"score-song-1-{number}-{place}" for place in range(len(each.tokens))} <= ids
        (link,) = page.all("a", download=f"song-1-{number}.mid")
        heard = read_midi(data_of(link.attributes["href"]), name="midi", reading=Reading())
        assert tuple(map(spell, heard.notes)) == each.tokens
        code = page.all("code")[number - 1]
        assert code.text.replace("✗", "").split() == list(each.tokens)
    assert song.tokens == tuple("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4".split())


def test_wrong_notes_are_marked_not_only_in_red(pages):
    """Exactly they have a ring, and a sign in the text."""
    _, free = pieces(contents_of(run_of(SONG)))
    page = pages["song"]
    song = "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4".split()

    assert free.wrong == tuple(place for place in range(13) if free.tokens[place] != song[place]) != ()
    ringed = {
        int(found[1])
        for ring in page.all("circle", class_="ring")
        for found in map(re.compile(r"score-song-1-2-(\d+)").match, ring.inside)
        if found
    }
    assert ringed == set(free.wrong)
    assert [each.text for each in page.all("mark")] == [f"✗{free.tokens[place]}" for place in free.wrong]
    assert f"wrong and ringed: number {free.wrong[0] + 1}" in page.source


def test_the_sound_is_as_long_as_the_notes(pages):
    """8 quarters at 120 a minute."""
    sounds = [data_of(each.attributes["src"]) for each in pages["song"].all("audio")]

    for sound in sounds:
        with wave.open(io.BytesIO(sound)) as file:
            assert file.getsampwidth() == 2
    with wave.open(io.BytesIO(sounds[0])) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(4.0, abs=0.01)


def test_a_run_that_is_exact_is_shown_once():
    """Song and free run are one piece then."""
    contents = contents_of(run_of(SONG, "generation.length=9"))
    assert isinstance(contents.measured, Measured)
    running = contents.measured.evaluation.free_running
    assert running
    exact = replace(running, sequence=running.truth, first_divergence=None)
    evaluation = replace(contents.measured.evaluation, free_running=exact)
    measured = replace(contents.measured, evaluation=evaluation)

    (piece,) = pieces(replace(contents, measured=measured, writing="none"))

    assert piece.title == "The training song, and the free run"
    assert piece.wrong == ()


@pytest.mark.parametrize(
    ("unit", "boundary"), [("line", "\n"), ("document", "\x03")], ids=["line", "document"]
)
def test_boundaries_inside_a_free_run_move_no_ring(unit, boundary):
    """The wrong notes are ringed, and none that is right: a boundary has a place and is no note."""
    contents = contents_of(run_of(SONG, f"dataset.unit={unit}", "generation.stop=c8"))
    assert isinstance(contents.measured, Measured)
    running = contents.measured.evaluation.free_running
    assert running
    running = replace(
        running,
        seed=f"g8 e8{boundary}e4",
        truth=("f8", "d8", boundary, "d4", "c8", "d8", boundary),
        sequence=("f8", boundary, boundary, "d4", "g8", "d8", "e4"),
        length=7,
        first_divergence=2,
    )
    measured = replace(
        contents.measured, evaluation=replace(contents.measured.evaluation, free_running=running)
    )

    song, free = pieces(replace(contents, measured=measured, writing="none"))

    assert song.tokens == tuple("g8 e8 e4 f8 d8 d4 c8 d8".split())
    assert free.tokens == tuple("g8 e8 e4 f8 d4 g8 d8 e4".split())
    assert [free.tokens[place] for place in free.wrong] == ["g8", "e4"]
    assert free.wrong == (5, 7)
    assert "after its first 3 notes" in free.remark


def test_without_the_extra_the_notes_stand_as_text(monkeypatch):
    """What to install is said, and the text is open."""
    monkeypatch.setitem(sys.modules, "verovio", None)
    monkeypatch.setitem(sys.modules, "mido", None)

    page = report(SONG)

    assert (
        "No score: a score needs verovio, which is not installed: pip install 'rnnlab[score]'." in page.text
    )
    assert (
        "No MIDI: writing MIDI needs mido, which is not installed: pip install 'rnnlab[midi]'." in page.text
    )
    assert all("open" in each.attributes for each in page.all("details")[:2])
    assert page.all("audio")


def test_a_long_song_is_shortened_and_said():
    """Drawn and heard are its first notes; the text and the MIDI have all."""
    notes = " ".join(["c8 d8 e8 f8"] * 60)

    page = report(
        SONG.replace("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4", notes),
        "generation.seed=c8 d8 e8 f8",
        "generation.length=500",
    )

    assert "The first 200 of 240 notes." in page.text
    assert "The player plays the first" in page.text
    assert len(page.all("code")[0].text.split()) == 240
    assert not any(each.attributes.get("id", "").startswith("score-song-1-1-200") for each in page.all("g"))
    assert len(page.source) < 2_500_000


def test_the_surprise_of_each_character_is_its_shade():
    """The text is whole, and darker where the model gave less; there is a key."""
    contents = contents_of(run_of(SENTENCE, "generation.temperature=1000"))
    assert not isinstance(contents.writing, str)
    (sample,) = contents.writing.samples
    page = Page(report_page(contents))
    passage, written = page.all("p", class_="written")

    assert passage.text == "if you want to build a ship"
    assert written.text == sample.text
    assert '<p class="written" dir="auto">if yo<span class="bits-' in page.source, "the seed has no shade"
    assert sum(sample.log_probabilities) == pytest.approx(sample.log_probability)
    assert len(sample.log_probabilities) == len(sample.sequence)
    assert page.all("p", class_="legend")


def test_lines_have_a_report():
    """Their ends are tokens; a sample needs no seed."""
    page = report(
        'dataset: {kind: text, inline: "ann\\nbob\\neve\\n", unit: line}\nmodel: {kind: gru, units: 4}\n'
        "training: {batch_size: 1}\ngeneration: {length: 8}\n",
        "dataset.window=3",
        "dataset.split.kind=none",
    )

    assert "Without a seed, temperature 1, random seed 0." in page.text
    assert "↵" in page.text or "\\n" in page.text


@pytest.mark.parametrize(
    "overrides", [(), ("dataset.target=next",), ("generation.samples=3", "generation.temperature=1")]
)
def test_every_regime_has_a_report(overrides):
    """Windows with either target, and several samples."""
    assert "What it writes" in report(SENTENCE, *overrides).text


def test_the_fragment_for_a_notebook_stands_alone():
    """Curves, score and player, readable without the page's styles."""
    contents: Contents = contents_of(with_history(run_of(SONG)))

    piece = Page(f"<body>{fragment(contents)}</body>")

    assert len(piece.all("figure")) == 2
    assert len(piece.all("audio")) == 1
    assert all(
        each.attributes.get("fill") or each.attributes.get("stroke")
        for each in piece.all("path", class_="line-0")
    )


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
