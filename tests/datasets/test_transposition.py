"""Data in another key."""

import hashlib

import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.splits import split_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, VocabularyError
from rnnlab.music.files import collect, transposed
from rnnlab.music.keys import parse_transposition
from rnnlab.music.melody import Reading
from rnnlab.music.tune import tune_text

D_MAJOR = "d2 e4 fis4 g4 a2 a4 b4 cis'4 d'1 a2 fis2 d1"
C_MAJOR = "c2 d4 e4 f4 g2 g4 a4 b4 c'1 g2 e2 c1"
A_MINOR = "a4 b4 c'4 d'4 e'2 e'4 d'4 c'4 b4 a2 e'4 f'4 e'4 d'4 c'4 b4 gis4 b4 a1"


def texts(corpus):
    """The text of each sequence."""
    pairs = zip(corpus.starts, corpus.ends, strict=True)
    return [corpus.vocabulary.join(corpus.ids[begin:end]).strip("\n\x03 ") for begin, end in pairs]


@pytest.mark.parametrize("to", ["c", "-3", "bes"])
def test_a_dataset_is_moved_as_files_are_converted(experiment, tmp_path, to):
    """By the same way, to the same spelling, each file on its own."""
    for name, text in (("a", D_MAJOR), ("b", A_MINOR), ("c", C_MAJOR + " des4 r4")):
        (tmp_path / f"{name}.notes").write_text(text)
    converted = transposed(collect([tmp_path], reading=Reading()), parse_transposition(to))

    corpus = load_corpus(experiment(f'kind: notes, path: "*.notes", transpose: {to}').dataset)

    assert texts(corpus) == [tune_text(tune) for tune in converted.tunes]


def test_each_line_has_a_key_of_its_own(experiment, tmp_path):
    """Where a line is a sequence; what is said counts them, and comments stay where they were."""
    (tmp_path / "a.notes").write_text(f"{D_MAJOR} % d\n\n{C_MAJOR}\n{D_MAJOR}\nr4\n")

    lines = load_corpus(experiment("kind: notes, path: a.notes, unit: line, transpose: c").dataset)
    whole = load_corpus(experiment("kind: notes, path: a.notes, transpose: c").dataset)

    assert texts(lines) == [C_MAJOR, C_MAJOR, C_MAJOR, "r4"]
    assert lines.notes == ("each sequence is moved to the tonic c, by semitones: 2 by -2, 2 by 0",)
    assert whole.notes == ("each sequence is moved to the tonic c, by semitones: 1 by -2",)


def test_every_part_is_moved(experiment, tmp_path):
    """What is held out too, and each by its own key."""
    for name, text in (("a", D_MAJOR), ("b", C_MAJOR), ("c", D_MAJOR)):
        (tmp_path / f"{name}.notes").write_text(text)
    split = "{kind: files, validation: b.notes, test: c.notes}"
    wanted = experiment(f"kind: notes, path: a.notes, window: 2, transpose: c, split: {split}")
    corpus = load_corpus(wanted.dataset)

    parts = split_corpus(corpus, wanted).parts

    for part in parts.values():
        assert corpus.vocabulary.join(corpus.ids[part.begin : part.end]) == C_MAJOR


def test_the_digest_is_the_files_own(experiment, tmp_path):
    """Data is the same data in whatever key it is read."""
    (tmp_path / "a.notes").write_text(D_MAJOR)

    corpus = load_corpus(experiment("kind: notes, path: a.notes, transpose: -2").dataset)

    assert corpus.sha256 == hashlib.sha256(D_MAJOR.encode()).hexdigest()


def test_a_pitch_has_one_spelling_where_copies_are_made(experiment):
    """A copy of c is cis, and so is des in the data; without copies it stays what it is."""
    page = "kind: notes, inline: c4 des4 c4, window: 1"

    assert texts(load_corpus(experiment(page).dataset)) == ["c4 des4 c4"]
    assert texts(load_corpus(experiment(f"{page}, augment: {{semitones: [1]}}").dataset)) == ["c4 cis4 c4"]


def test_what_leaves_the_range_of_pitches_is_named(experiment, tmp_path):
    """A file that was named stops everything, one that was found is left out."""
    (tmp_path / "a.notes").write_text("c4 e4")
    (tmp_path / "b.notes").write_text("c,,,,,4")

    corpus = load_corpus(experiment('kind: notes, path: "*.notes", transpose: -1').dataset)

    assert texts(corpus) == ["b,4 ees4"]
    assert corpus.notes == (
        f"left out: {tmp_path}/b.notes: dataset.transpose: -1 semitone would move a note out of MIDI's 0 to"
        " 127; transpose by fewer semitones",
    )
    with pytest.raises(
        DataError, match=r"b\.notes: dataset\.transpose: -1 semitone would move a note out of"
    ):
        load_corpus(experiment("kind: notes, path: [a.notes, b.notes], transpose: -1").dataset)


def test_a_token_that_a_vocabulary_lacks_after_moving_is_told_so(experiment):
    """The file has another note there."""
    page = experiment("kind: notes, inline: c4 c4, transpose: 2, vocabulary: [c4, e4]")

    for vocabulary in (None, Vocabulary(("c4", "e4"), "notes")):
        with pytest.raises(VocabularyError, match=r"^dataset\.inline:1:1: note 'd4' .* dataset\.transpose"):
            load_corpus(page.dataset, vocabulary=vocabulary)


@pytest.mark.parametrize(
    ("inline", "vocabulary", "message"),
    [
        (
            "c4 e4 c4",
            "[c4, e4, d4]",
            r"'e4' by \+2 semitones is 'fis4', which is not in the vocabulary \(c4 e4 d4\); add it to",
        ),
        (
            "c4 g'''''4 c4",
            "null",
            r"\"g'''''4\" by \+2 semitones is outside the pitches 0 to 127 of MIDI; set smaller intervals",
        ),
    ],
)
def test_a_copy_that_cannot_be_is_refused(experiment, inline, vocabulary, message):
    """The token, the interval and the remedy."""
    page = (
        f'kind: notes, inline: "{inline}", window: 1, vocabulary: {vocabulary}, augment: {{semitones: [2]}}'
    )

    with pytest.raises(DataError, match=rf"^dataset\.augment: {message}"):
        load_data(experiment(page, training="batch_size: 1"))


def test_the_vocabulary_has_what_the_copies_have(experiment):
    """In the one order of notes; a note that is only held out may have no transposed one."""
    inline = "r4 c4 d8 c4 d8 c4 d8 g'''''4 g'''''4"
    split = "{kind: contiguous, validation: 0.25, gap: 0}"
    page = f'kind: notes, inline: "{inline}", window: 1, split: {split}, augment: {{semitones: -1..1}}'

    data = load_data(experiment(page, training="batch_size: 1"))

    assert data.corpus.vocabulary.tokens == (
        *("r4", "b,4", "c4", "cis4", "fis'''''4", "g'''''4"),
        *("cis8", "d8", "ees8"),
    )
