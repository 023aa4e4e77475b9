"""Constraints on trained models: songs, chorales and text, from the settings to samples."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from rnnlab.config.generation import Constraints
from rnnlab.config.schema import Generation
from rnnlab.errors import UsageError, VocabularyError
from rnnlab.generation.constraints.demands import without_files
from rnnlab.generation.decoding import Sample
from rnnlab.generation.particles import Steered
from rnnlab.generation.steering import trust_note
from rnnlab.generation.writing import Writing, write_samples
from rnnlab.models.model_file import TrainedModel
from rnnlab.music.files import read_tunes
from rnnlab.music.midi import write_midi
from rnnlab.music.notation import Note, parse_notes, parse_token
from rnnlab.music.tune import parse_tune
from tests.trained import trained

SONG = """
dataset:
  kind: notes
  inline: g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4 cis8 r8 r4 c2 c4~ d4~ c'4 b,8
model: {kind: lstm, units: 6}
generation: {seed: g8 e8 e4 f8, length: 9, temperature: 1}
"""
CHORALE = """
dataset: {kind: notes, path: tunes.notes, unit: line}
model: {kind: gru, units: 6}
generation: {length: 60, temperature: 1}
"""
TUNES = "g8 g8 a8 bes8 c'4 r8 d'8\nc8 c8 d8 e8 f4 g4 c4 cis4\nd4. c8 d2 e4~ e8 fis8\n" * 3
TEXT = """
dataset: {kind: text, inline: "the quick brown fox jumps over the lazy dog."}
model: {kind: gru, units: 8}
generation: {length: 20, temperature: 1}
"""


@pytest.fixture
def song(tmp_path: Path) -> TrainedModel:
    """A song model without a boundary token, with random weights."""
    return trained(SONG, tmp_path)


@pytest.fixture
def chorale(tmp_path: Path) -> TrainedModel:
    """A model of tunes that end with a boundary token, with random weights."""
    (tmp_path / "tunes.notes").write_text(TUNES, encoding="ascii")
    return trained(CHORALE, tmp_path)


@pytest.fixture
def text(tmp_path: Path) -> TrainedModel:
    """A model of characters, with random weights."""
    return trained(TEXT, tmp_path)


def written(model: TrainedModel, *, constraints: dict[str, Any], **settings: Any) -> Writing:
    chosen = {"particles": 4, "temperature": 1.0, "length": 12, **settings}
    return write_samples(model, Generation(constraints=Constraints(**constraints), **chosen))


def notes_of(text: str) -> list[Note]:
    return [parse_token(token) for token in parse_notes(text)]


def in_key(notes: list[Note], scale: set[int]) -> bool:
    return all(pitch.midi % 12 in scale for note in notes for pitch in note.pitches)


def fills(notes: list[Note], bars: int, bar: Fraction) -> bool:
    """Whether the notes fill the bars, and no note passes a bar line."""
    begin = Fraction(0)
    for note in notes:
        if begin % bar + note.duration > bar:
            return False
        begin += note.duration
    return begin == bars * bar


C_MAJOR, A_MINOR = {0, 2, 4, 5, 7, 9, 11}, {9, 11, 0, 2, 4, 5, 6, 7, 8}
TUNE = "g8 e8 e4 | f8 d8 d4"

CASES: list[tuple[dict[str, Any], Callable[[str], bool]]] = [
    (
        {"template": "g8 _ e4 _ _ c4~ c4~ d4~"},
        lambda t: re.fullmatch(r"g8 \S+ e4 \S+ \S+ c4~ c4~ d4~", t) is not None,
    ),
    ({"template": "_* e4 _ c2"}, lambda t: re.search(r"(^| )e4 \S+ c2$", t) is not None),
    ({"must": ("f8 d8 d4",)}, lambda t: "f8 d8 d4" in t),
    ({"must": ("c2", "r4"), "avoid": ("d8 d4", "e8")}, lambda t: "c2" in t and "r4" in t and "e8" not in t),
    ({"avoid": ("e8", "g8 g4")}, lambda t: "e8" not in t and "g8 g4" not in t),
    ({"end_on": "c2"}, lambda t: t.endswith("c2")),
    ({"key": "c"}, lambda t: in_key(notes_of(t), C_MAJOR)),
    ({"key": "a:minor", "end_on": "c2"}, lambda t: in_key(notes_of(t), A_MINOR)),
    ({"range": "c..e"}, lambda t: all(60 <= p.midi <= 64 for n in notes_of(t) for p in n.pitches)),
    ({"bars": 2, "meter": "4/4"}, lambda t: fills(notes_of(t), 2, Fraction(1))),
    ({"bars": 4, "meter": "3/8", "key": "c"}, lambda t: fills(notes_of(t), 4, Fraction(3, 8))),
    (
        {"rhythm": "8 8 4 | r8 8 2"},
        lambda t: [str(n.duration) for n in notes_of(t)] == "1/8 1/8 1/4 1/8 1/8 1/2".split(),
    ),
    ({"length": "3..5"}, lambda t: 3 <= len(t.split()) <= 5),
]


@pytest.mark.parametrize(
    ("constraints", "satisfies"), CASES, ids=lambda value: "" if callable(value) else repr(value)
)
def test_each_of_a_hundred_songs_satisfies_its_constraint(
    song: TrainedModel, constraints: dict[str, Any], satisfies: Callable[[str], bool]
) -> None:
    """Read from the text of each sample; none comes to a dead end."""
    seed = "g8" if "template" in constraints else "c8"
    writing = written(song, constraints=constraints, samples=100, seed=seed)

    for sample in writing.samples:
        body = sample.text if "length" not in constraints else " ".join(sample.sequence)
        assert satisfies(body), sample.text
        assert sample.constraint is not None
        assert sample.constraint.log_probability is not None
        assert sample.constraint.log_probability <= 1e-9


@pytest.mark.parametrize(
    ("constraints", "satisfies"),
    [
        ({"bars": 3, "meter": "3/4"}, lambda t: fills(notes_of(t), 3, Fraction(3, 4))),
        ({"bars": 2, "key": "d:dorian"}, lambda t: in_key(notes_of(t), C_MAJOR)),
        ({"key": "g:minor", "range": "g..d'"}, lambda t: in_key(notes_of(t), {7, 9, 10, 0, 2, 3, 4, 5, 6})),
        ({"end_on": "fis8", "must": ("bes8",)}, lambda t: t.endswith("fis8") and "bes8" in t),
        ({"template": "_* c'4 _*", "length": "6..9"}, lambda t: "c'4" in t and 6 <= len(t.split()) <= 9),
    ],
)
def test_tunes_that_end_by_themselves_satisfy_their_constraint(
    chorale: TrainedModel, constraints: dict[str, Any], satisfies: Callable[[str], bool]
) -> None:
    """No boundary token stands within a tune, and each tune that may end is ended by the model."""
    for sample in written(chorale, constraints=constraints, samples=100, length=40).samples:
        assert satisfies(sample.text), sample.text


@pytest.mark.parametrize("name", ["bars", "rhythm", "key"])
def test_the_midi_file_satisfies_the_constraint(song: TrainedModel, name: str, tmp_path: Path) -> None:
    """Parsed back from MIDI, which knows no ties: the sounding lengths and pitches."""
    constraints = {
        "bars": {"bars": 4, "meter": "4/4"},
        "rhythm": {"rhythm": "8 8 4 | 4 4 | 2"},
        "key": {"key": "c", "bars": 4, "meter": "2/4"},
    }[name]
    samples = written(song, constraints=constraints, seed="c8", samples=20).samples
    for sample in samples:
        path = tmp_path / "sample.mid"
        path.write_bytes(write_midi(parse_tune(sample.text, name="sample")))
        (tune,) = read_tunes(path)
        if name == "bars":
            assert sum(note.duration for note in tune.notes) == 4
        if name == "key":
            assert in_key(list(tune.notes), C_MAJOR)
        if name == "rhythm":
            assert [str(note.duration) for note in tune.notes] == "1/8 1/8 1/4 1/4 1/4 1/2".split()


def test_the_rhythm_of_a_file_is_kept_and_its_pitches_are_free(song: TrainedModel, tmp_path: Path) -> None:
    """The same lengths, ties and rests; and pitches that differ from sample to sample."""
    path = tmp_path / "tune.notes"
    path.write_text(TUNE, encoding="ascii")
    found = {
        s.text for s in written(song, constraints={"rhythm_of": str(path)}, seed="c8", samples=50).samples
    }

    rhythm = [note.duration for note in notes_of(TUNE)]
    assert len(found) > 10
    assert all([note.duration for note in notes_of(text)] == rhythm for text in found)


def test_the_pitches_of_a_file_are_kept_and_its_rhythm_is_free(song: TrainedModel, tmp_path: Path) -> None:
    """The same melody without ties in other lengths."""
    path = tmp_path / "tune.notes"
    path.write_text("g8 e8 e4 g4 g8 d8 c8 c4 d2~ d8", encoding="ascii")
    found = {
        s.text for s in written(song, constraints={"pitches_of": str(path)}, seed="g8", samples=50).samples
    }

    assert len(found) > 3
    for text in found:
        assert [note.pitches[0].midi for note in notes_of(text)] == [67, 64, 64, 67, 67, 62, 60, 60, 62]


def test_a_share_of_a_tune_is_drawn_anew(song: TrainedModel, tmp_path: Path) -> None:
    """A third of 6 tokens is 2: at most so many differ, at other places from sample to sample."""
    path = tmp_path / "tune.notes"
    path.write_text(TUNE, encoding="ascii")
    kept = parse_notes(TUNE)
    texts = [
        s.text
        for s in written(song, constraints={"vary": 0.34, "of": str(path)}, samples=50, seed=None).samples
    ]

    changed = [{place for place in range(6) if text.split()[place] != kept[place]} for text in texts]
    assert all(len(text.split()) == 6 for text in texts)
    assert max(map(len, changed)) == 2
    assert len(set().union(*changed)) >= 5


def test_text_satisfies_its_constraints(text: TrainedModel) -> None:
    """Characters: a template with an escaped sign, words that must and must not occur, an expression."""
    (one, *_) = written(
        text, constraints={"template": "the ___ dog_*"}, seed=None, length=20, samples=5
    ).samples
    two = written(text, constraints={"must": ("fox",), "avoid": ("q",)}, seed="a", samples=20)
    pattern = r"(the|a) [a-z]{3,5}( [a-z]+)?\."
    three = written(text, constraints={"match": pattern}, seed="t", length=20, samples=20)

    assert re.match("the .{3} dog", one.text)
    assert all("fox" in s.text and "q" not in s.text for s in two.samples)
    assert all(re.fullmatch(pattern, s.text) for s in three.samples)


def test_the_seed_counts_as_a_part_of_the_text(song: TrainedModel) -> None:
    """What stands in the seed need not come again, and what must not occur is looked for across its end."""
    has = written(song, constraints={"must": ("e8 e4",)}, seed="g8 e8 e4", samples=1, length=2).samples[0]
    lacks = written(song, constraints={"avoid": ("e4 f8",)}, seed="g8 e8 e4", samples=100, length=1).samples

    assert has.constraint is not None
    assert has.constraint.log_probability == pytest.approx(0)
    assert "f8" not in {s.sequence[0] for s in lacks}


@pytest.mark.parametrize("stop", ["d8", "e4"])
def test_a_stop_token_is_never_needed(song: TrainedModel, stop: str) -> None:
    """A sample ends before its stop token, so that no plan may count on it: `d4` is the only way to end."""
    other = {"d8": "d4", "e4": "f8"}[stop]
    constraints = {"template": f"g8 _* {other}", "avoid": ("c8",)}

    for sample in written(song, constraints=constraints, seed="g8", stop=stop, samples=50, length=8).samples:
        assert stop not in sample.sequence
        assert sample.text.endswith(other)


def test_a_stop_token_that_must_occur_is_refused(song: TrainedModel) -> None:
    """It ends a sample and is no part of it; in the seed it may stand."""
    with pytest.raises(UsageError, match=r"^must and stop: no text satisfies all of these together"):
        written(song, constraints={"must": ("d8",)}, seed="g8", stop="d8")
    assert written(song, constraints={"must": ("d8",)}, seed="g8 d8", stop="d8").samples


def test_the_most_probable_text_is_looked_for_at_temperature_0(song: TrainedModel) -> None:
    """A beam as wide as there are particles; nothing is estimated, and all samples are equal."""
    one, two = written(
        song, constraints={"end_on": "c2"}, seed="g8", temperature=0, samples=2, particles=64
    ).samples

    assert one == two
    assert one.constraint is not None
    assert (one.constraint.log_probability, one.constraint.effective_sample_size) == (None, None)
    wide = written(song, constraints={"end_on": "c2"}, seed="g8", beam=64, temperature=1).samples[0]
    assert wide.text == one.text


def test_a_beam_gives_the_best_texts(song: TrainedModel) -> None:
    """Different ones, the most probable first, also without constraints."""
    samples = write_samples(song, Generation(seed="g8", length=5, beam=8, samples=4)).samples

    assert len({s.text for s in samples}) == 4
    assert [s.log_probability for s in samples] == sorted((s.log_probability for s in samples), reverse=True)
    assert all(s.constraint is None for s in samples)


IMPOSSIBLE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("song", {"template": "g8 _ h4"}, {}, "template:1:6: 'h4'"),
    ("song", {"must": ("b4",)}, {}, "must:1:1: "),
    ("song", {"end_on": "c8 d8"}, {}, "end_on: expected one token, received 2: 'c8 d8'"),
    ("song", {"match": "a+"}, {}, "match is for text, and the model writes notes; leave it out"),
    ("song", {"vary": 0.2}, {}, "vary: it needs of too; give both or neither"),
    ("song", {"meter": "3/4"}, {}, "meter: it needs bars too; give both or neither"),
    ("song", {"key": "x"}, {}, "key: expected a key such as c, a:minor or d:dorian, received 'x'"),
    (
        "song",
        {"range": "c"},
        {},
        "range: expected the lowest and the highest pitch such as c..c'', received 'c'",
    ),
    ("song", {"range": "c''..c"}, {}, "range: expected the lowest and the highest pitch"),
    (
        "song",
        {"rhythm": "8 16"},
        {"seed": "c8"},
        "rhythm: event 2 is a note of length 16, and the vocabulary has none",
    ),
    (
        "song",
        {"rhythm": "8 r2"},
        {"seed": "c8"},
        "rhythm: event 2 is a rest of length 2, and the vocabulary has none",
    ),
    ("song", {"rhythm": "8 x"}, {}, "rhythm: 'x': "),
    (
        "song",
        {"bars": 1, "meter": "1/16"},
        {"seed": None},
        "bars: the note lengths of the vocabulary (2 4 8) do not fill bars of 1/16",
    ),
    (
        "song",
        {"bars": 1, "key": "c"},
        {"seed": "cis8"},
        "key: token 1 of the seed, 'cis8', is not allowed there",
    ),
    (
        "song",
        {"template": "g8 _ c2", "end_on": "d4"},
        {"seed": None},
        "template and end_on: no text satisfies all of these together",
    ),
    (
        "song",
        {"avoid": ("c8",), "must": ("c8 d8",)},
        {"seed": "g8"},
        "must and avoid: no text satisfies all of these together",
    ),
    (
        "song",
        {"must": ("c8 d8 e8",), "length": "1..2"},
        {"seed": "g8"},
        "must: no text of 1 to 2 tokens after the seed satisfies this; the nearest possible length is 3",
    ),
    (
        "song",
        {"template": "g8 _ _ c2", "length": "5..5"},
        {"seed": "g8"},
        "template: no text of 5 tokens after the seed satisfies this; the nearest possible length is 3",
    ),
    ("text", {"key": "c"}, {}, "key is for notes, and the model writes text; leave it out"),
    ("text", {"must": ("fix it!",)}, {"seed": "a"}, "must:1:7: character '!' is not in the vocabulary"),
    ("text", {"template": "a_*b_ \\x1"}, {}, "template:1:9: character '1' is not in the vocabulary"),
    (
        "text",
        {"match": "[0-9]+"},
        {"seed": None},
        "match: no text in the model's characters matches '[0-9]+'",
    ),
]


@pytest.mark.parametrize(("kind", "constraints", "settings", "problem"), IMPOSSIBLE, ids=repr)
def test_an_impossible_demand_is_refused_with_its_reason(
    kind: str,
    constraints: dict[str, Any],
    settings: dict[str, Any],
    problem: str,
    request: pytest.FixtureRequest,
) -> None:
    """Before anything is drawn: the setting, what was received, and what would make it possible."""
    with pytest.raises((UsageError, VocabularyError)) as caught:
        written(request.getfixturevalue(kind), constraints=constraints, **settings)

    assert str(caught.value).startswith(problem)


def test_a_file_that_is_no_music_is_refused(song: TrainedModel, tmp_path: Path) -> None:
    """For the settings that read notes."""
    for name in ("rhythm_of", "pitches_of"):
        with pytest.raises(UsageError, match=rf"^{name}: .*tune.jpg: expected a file of music"):
            written(song, constraints={name: str(tmp_path / "tune.jpg")})


def test_a_melody_that_the_vocabulary_lacks_is_refused(song: TrainedModel, tmp_path: Path) -> None:
    """A pitch that no token has."""
    path = tmp_path / "tune.notes"
    path.write_text("c8 gis8", encoding="ascii")

    with pytest.raises(UsageError, match=r"^pitches(_of)?: the vocabulary lacks a pitch of this melody"):
        written(song, constraints={"pitches_of": str(path)}, seed="c8")


def steered(size: float | None) -> Steered:
    return Steered(Sample((), 0.0), None if size is None else 0.0, size)


def test_a_low_effective_sample_size_is_said() -> None:
    """Below a 32nd of the particles; the smallest of all samples counts."""
    assert trust_note([steered(200), steered(8)], 256) is None
    assert "fell to 7.9 of 256 particles" in (trust_note([steered(200), steered(7.9)], 256) or "")
    assert "fell to 1.9 of 16 particles" in (trust_note([steered(1.9)], 16) or "")


def test_one_particle_is_said_to_be_plain_masking() -> None:
    """And a beam search, which draws nothing, says nothing."""
    assert "one particle only masks" in (trust_note([steered(1.0)], 1) or "")
    assert trust_note([steered(None)], 1) is None


@pytest.mark.parametrize(("boundary", "original"), [("\n", "anna"), (None, "\nanna\nbella")])
def test_of_a_file_of_lines_the_first_is_varied(tmp_path: Path, boundary: str | None, original: str) -> None:
    """As the first tune of a file of tunes; if a line is no sequence, the whole text is varied."""
    (tmp_path / "names.txt").write_text("\nanna\nbella\n")
    settings = Constraints(vary=0.5, of=str(tmp_path / "names.txt"))

    found = without_files(settings, kind="text", boundary=boundary)

    assert (found.original, found.of) == (original, None)
