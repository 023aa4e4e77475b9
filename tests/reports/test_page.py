"""The report of a run: one file, whole, and nothing in it that anyone else could use."""

import base64
import hashlib
import io
import re
import sys
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from rnnlab.music.midi import read_midi
from rnnlab.music.notation import spell
from rnnlab.music.reading import Reading
from rnnlab.reports.contents import Contents, Measured, gather
from rnnlab.reports.fragment import fragment
from rnnlab.reports.page import page_of
from rnnlab.reports.works import pieces
from rnnlab.runs import Run
from tests.reports.html import Page, data_of
from tests.trained import SENTENCE, SONG, STREAM, run_of

HISTORY = """epoch,loss,accuracy,validation_loss,validation_accuracy,seconds
1,2.5,0.1,2.6,0.1,1
2,1.5,0.4,,,2
3,0.5,0.9,1.1,0.6,3
"""
LOSSES = "step,epoch,loss,accuracy\n" + "".join(f"{n},{(n + 1) // 2},{3 / n},0.5\n" for n in range(1, 7))


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def with_history(run: Run) -> Run:
    """The run with what training writes beside the model."""
    run.write("history.csv", HISTORY)
    run.write("losses.csv", LOSSES)
    run.write("environment.json", '{"python": "3.11.7", "processor": "abacus"}')
    times = ["2026-01-31T12:00:00+00:00 training begins", "… training ends after 3 epochs, 8.5 s", ""]
    run.write("events.log", "\n".join(times))
    return run


def report(text: str, *overrides: str, name: str = "song") -> Page:
    """The report of a run with random weights."""
    return Page(page_of(gather(with_history(run_of(text, *overrides, name=name)))))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A report of each kind of data and regime."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("reports"))
        return {
            name: report(text) for name, text in (("song", SONG), ("words", SENTENCE), ("stream", STREAM))
        }


KINDS = pytest.mark.parametrize("kind", ["song", "words", "stream"])


@KINDS
def test_the_page_names_nothing_outside_of_it(pages, kind):
    """Every address is in the page: data, or a place in it. There is no link, frame or font."""
    page = pages[kind]

    assert [
        each for each in page.references if not re.match(r"data:(audio/wav|audio/midi);base64,|#", each)
    ] == []
    assert not any(page.all(name) for name in ("link", "iframe", "object", "embed", "form", "base", "img"))
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"|http-equiv', "", page.source)


@KINDS
def test_the_page_may_fetch_nothing(pages, kind):
    """Its policy comes before all that it rules, and knows its styles and its script by their digests."""
    page = pages[kind]
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    names = [each.name for each in page.elements]
    rules = dict(rule.split(" ", 1) for rule in policy.attributes["content"].split("; "))

    assert page.elements.index(policy) < min(names.index("style"), names.index("script"))
    assert rules.pop("style-src").split() == list(
        dict.fromkeys(digest(each.text) for each in page.all("style"))
    )
    assert rules.pop("script-src").split() == [digest(each.text) for each in page.all("script")]
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "media-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not any(each.attributes.keys() & {"style", "onclick", "onload"} for each in page.elements)


def digest(text: str) -> str:
    """As a policy has it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@KINDS
def test_the_page_can_be_read_by_all(pages, kind):
    """A language, a title, headings in order, a name for each picture and player, and no id twice."""
    page = pages[kind]
    headings = [int(each.name[1]) for each in page.elements if re.fullmatch("h[1-6]", each.name)]
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    outer = [each for each in page.all("svg") if "svg" not in each.above]

    assert page.all("html", lang="en")
    assert page.all("title")[0].text
    assert page.all("meta", name="viewport")
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert len(ids) == len(set(ids))
    assert all(each.attributes.get("aria-label") or each.attributes.get("aria-hidden") for each in outer)
    assert all(each.attributes.get("aria-label") for each in page.all("audio"))
    assert all(each.attributes.get("scope") for each in page.all("th"))
    assert {each.attributes["aria-labelledby"] for each in page.all("section")} <= set(ids)


def test_what_was_trained_and_how_is_said(pages):
    """Data, model, seeds, environment, the command, and the page of YAML that the run folder has."""
    page = pages["stream"]
    (command, yaml) = page.all("pre")

    for said in (
        "simple RNN of 8 units",
        "2026-01-31 12:00 UTC",
        "3 epochs, 6 steps, 8.5 s",
        "abacus",
        "3.11.7",
    ):
        assert said in page.text
    assert "random seeds 0 of training, 0 of samples" in page.text
    assert command.text == "rnnlab train runs/song-3/config.yaml"
    assert yaml.text.startswith("dataset:\n  kind: text\n")
    assert "(N, 5, 8)" in page.text


def test_the_figures_are_those_of_evaluate(pages, tmp_path):
    """To the digits that are shown, with the n-grams beside them."""
    contents = gather(run_of(STREAM))
    assert isinstance(contents.measured, Measured)
    evaluation = contents.measured.evaluation
    metrics, baselines = evaluation.metrics, evaluation.baselines

    text = pages["stream"].text

    assert evaluation.split == "validation"
    assert f"{metrics.correct} of {metrics.tokens}" in text
    for figure in (metrics.loss, metrics.bits_per_token, metrics.perplexity, baselines.unigram.loss):
        assert f"{figure:.4g}" in text
    assert f"{baselines.best.order}-gram" in text
    assert f"{metrics.top_5_accuracy:.4f}" in text
    assert "for any model without state" not in text
    assert "for any model without state" in pages["words"].text


def test_the_curves_are_in_the_page(pages):
    """Losses and accuracies, each with its validation; the n-grams stand in the first."""
    loss, accuracy = pages["stream"].all("figure")
    spoken = [each.attributes["aria-label"] for each in pages["stream"].all("svg", class_="chart")]

    assert "Loss in nats per token by epoch" in loss.text
    assert "unigram" in loss.text
    assert "Accuracy" in accuracy.text
    assert "training: from 2.5 to 0.5" in spoken[0]
    assert "validation: from 2.6 to 1.1, lowest 1.1 at 3" in spoken[0]


def test_the_confusions_add_up(pages):
    """The commonest mistakes, first the most frequent; each cell of the map is a count of the model's."""
    contents = gather(run_of(SENTENCE))
    assert isinstance(contents.measured, Measured)
    (wanted, expected, times), *_ = contents.measured.confusions.worst(1)
    name = contents.vocabulary.tokens
    rows = [each.text for each in pages["words"].all("tr")]

    shown = [token.replace(" ", "␣") for token in (name[wanted], name[expected])]
    assert f"{shown[0]}{shown[1]}{times} of {contents.measured.confusions.wanted(wanted)}" in rows
    assert contents.measured.confusions.pairs.total() == contents.measured.evaluation.metrics.tokens


def test_what_is_seen_is_what_was_played(pages):
    """Each note of the song and of the free run is drawn, and in the text and the MIDI."""
    song, free = pieces(gather(run_of(SONG)))
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
    _, free = pieces(gather(run_of(SONG)))
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
    contents = gather(run_of(SONG, "generation.length=9"))
    assert isinstance(contents.measured, Measured)
    running = contents.measured.evaluation.free_running
    object.__setattr__(running, "sequence", running.truth)
    object.__setattr__(running, "first_divergence", None)
    object.__setattr__(contents, "writing", "none")

    (piece,) = pieces(contents)

    assert piece.title == "The training song, and the free run"
    assert piece.wrong == ()


def test_without_the_extra_the_notes_stand_as_text(monkeypatch):
    """What to install is said, and the text is open."""
    monkeypatch.setitem(sys.modules, "verovio", None)
    monkeypatch.setitem(sys.modules, "mido", None)

    page = report(SONG)

    assert (
        "No score: a score needs verovio, which is not installed: pip install 'rnnlab[score]'." in page.text
    )
    assert "No MIDI: MIDI needs mido, which is not installed: pip install 'rnnlab[midi]'." in page.text
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
    assert "Heard are the first" in page.text
    assert len(page.all("code")[0].text.split()) == 240
    assert not any(each.attributes.get("id", "").startswith("score-song-1-1-200") for each in page.all("g"))
    assert len(page.source) < 2_000_000


def test_the_surprise_of_each_character_is_its_shade(pages):
    """The text is whole, and darker where the model gave less; there is a key."""
    contents = gather(run_of(SENTENCE))
    assert not isinstance(contents.writing, str)
    (sample,) = contents.writing.samples
    passage, written = pages["words"].all("p", class_="written")

    assert passage.text == "if you want to build a ship"
    assert written.text == sample.text
    assert sum(sample.log_probabilities) == pytest.approx(sample.log_probability)
    assert len(sample.log_probabilities) == len(sample.sequence)
    assert pages["words"].all("p", class_="legend")


def test_the_report_of_the_same_run_is_the_same():
    """Nothing in it is of today, or by chance."""
    run = with_history(run_of(SONG))

    assert page_of(gather(run)) == page_of(gather(run))


FROM_FILE = SENTENCE.replace("inline: if you want to build a ship", "path: data.txt")
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\x1b[31m"


def test_hostile_tokens_stay_text():
    """Characters of the data can close nothing, and turn nothing around."""
    Path("data.txt").write_text(f"{HOSTILE} if you want {HOSTILE}", newline="")
    run = run_of(FROM_FILE, "generation.seed=</s")

    page = Page(page_of(gather(with_history(run))))

    assert [each.name for each in page.elements if each.name in {"script", "img"}] == ["script"]
    assert page.elements[-1].name == "script"
    assert "\u202e" not in page.source
    assert "\x1b" not in page.source
    assert "\\u202e" in page.text
    assert page.all("p", class_="written")[0].text.startswith(
        "</script><img src=x onerror=alert(1)>\"'&\\u202e\\x1b"
    )


def test_hostile_names_stay_text():
    """Those of the run's folder and of the data's files."""
    name = "<b onclick='x'>\u202e\"&amp;"
    Path(f"{name}.txt").write_text("if you want to build a ship")
    run = run_of(FROM_FILE, f"dataset.path={name}.txt")
    folder = run.path.rename(run.path.with_name(name))

    page = Page(page_of(gather(with_history(Run(folder)))))

    assert not [each for each in page.all("b") if each.attributes]
    assert "\u202e" not in page.source
    assert page.all("h1")[0].text == name.replace("\u202e", "\\u202e")
    assert "&amp;amp;" in page.source


@pytest.mark.parametrize(
    "overrides", [(), ("dataset.target=next",), ("generation.samples=3", "generation.temperature=1")]
)
def test_every_regime_has_a_report(overrides):
    """Windows with either target, and several samples."""
    assert "What it writes" in report(SENTENCE, *overrides).text


def test_lines_have_a_report():
    """Their ends are tokens; a sample needs no seed."""
    page = report(
        'dataset: {kind: text, inline: "ann\\nbob\\neve\\n", unit: line}\nmodel: {kind: gru, units: 4}\n'
        "training: {batch_size: 1}\ngeneration: {length: 8}\n",
        "dataset.window=3",
        "dataset.split.kind=none",
    )

    assert "From nothing, temperature 1, random seed 0." in page.text
    assert "↵" in page.text or "\\n" in page.text


def test_what_may_not_be_opened_is_said_and_the_rest_is_there():
    """The model's own samples need no data."""
    contents = gather(with_history(run_of(SONG)), refusal="it names data of someone else")

    page = Page(page_of(contents))

    assert "Not measured: it names data of someone else." in page.text
    assert [each.text for each in page.all("h3")] == ["Sample 1"]
    assert page.all("figure")


def test_data_that_is_gone_costs_the_figures_only():
    """The report says what is missing."""
    Path("data.txt").write_text("if you want to build a ship")
    run = run_of(FROM_FILE)
    Path("data.txt").unlink()

    page = Page(page_of(gather(run)))

    assert "data.txt: no such file" in page.text
    assert "Sample 1" in page.text


@pytest.mark.parametrize("content", [None, "", "epoch,loss\nx,y\n", "\x00", "epoch\n1\n"])
def test_a_history_that_cannot_be_read_costs_the_curves_only(content):
    """Whatever is in the file."""
    run = run_of(SENTENCE)
    if content is not None:
        run.write("history.csv", content)
        run.write("losses.csv", content)

    page = Page(page_of(gather(run)))

    assert page.all("figure") == []
    assert "history.csv" in page.text


def test_the_fragment_for_a_notebook_stands_alone():
    """Curves, score and player, readable without the page's styles."""
    contents: Contents = gather(with_history(run_of(SONG)))

    piece = Page(f"<body>{fragment(contents)}</body>")

    assert len(piece.all("figure")) == 2
    assert len(piece.all("audio")) == 1
    assert all(
        each.attributes.get("fill") or each.attributes.get("stroke")
        for each in piece.all("path", class_="line-0")
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_contrast(dark):
    """4.5 to 1 at least (WCAG 2.2, 1.4.3), on every ground that it can stand on; lines have 3 to 1."""
    css = Path(page_of.__code__.co_filename).with_name("page.css").read_text(encoding="utf-8")
    light, darker, *_ = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(
        re.findall(r"--([\w-]+): (#\w+)", light) + (re.findall(r"--([\w-]+): (#\w+)", darker) if dark else [])
    )
    grounds = ["paper", "card", "b1", "b2", "b3", "b4", "b5"]

    assert [ground for ground in grounds if contrast(colours["ink"], colours[ground]) < 4.5] == []
    assert [
        name for name in ("quiet", "accent", "wrong") if contrast(colours[name], colours["paper"]) < 4.5
    ] == []
    assert [name for name in ("line-0", "line-1") if contrast(colours[name], colours["paper"]) < 3] == []
    assert contrast("#d62728", colours["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative, 0 to 1, as WCAG has it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
