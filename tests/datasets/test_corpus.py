"""Datasets as token ids."""

import hashlib
from pathlib import Path

import pytest

from rnnlab.datasets.corpus import ALIGNMENT, load_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError, VocabularyError
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune

NABIYA = Path(__file__).parents[2] / "data" / "nabiya.notes"


def test_each_file_is_a_sequence(tmp_path, experiment):
    """Ids run on from file to file, and `starts` says where each begins."""
    (tmp_path / "one.txt").write_text("abc", encoding="utf-8")
    (tmp_path / "two.txt").write_text("dab", encoding="utf-8")

    corpus = load_corpus(experiment("kind: text, path: [one.txt, two.txt]").dataset)

    assert corpus.ids.tolist() == [0, 1, 2, 3, 0, 1]
    assert corpus.starts.tolist() == [0, 3]
    assert corpus.ends.tolist() == [3, 6]
    assert corpus.names == (str(tmp_path / "one.txt"), str(tmp_path / "two.txt"))
    assert corpus.vocabulary.tokens == ("a", "b", "c", "d")


def test_a_score_is_read_as_the_notes_in_it(tmp_path, experiment):
    """A MIDI file is a sequence of its own, beside note text; its tempo is no token."""
    (tmp_path / "one.mid").write_bytes(write_midi(parse_tune("c4 d8 r8 c4", name="one"), tempo=90))
    (tmp_path / "two.notes").write_text("d8 c4", encoding="utf-8")

    corpus = load_corpus(experiment("kind: notes, path: [one.mid, two.notes]").dataset)

    assert corpus.vocabulary.tokens == ("c4", "r8", "d8")
    assert corpus.ids.tolist() == [0, 2, 1, 0, 2, 0]
    assert corpus.names == (str(tmp_path / "one.mid"), str(tmp_path / "two.notes"))


def test_a_damaged_score_is_named(tmp_path, experiment):
    """With its path and what is wrong."""
    (tmp_path / "one.mid").write_bytes(b"MThd")

    with pytest.raises(DataError, match=r"one\.mid: not a MIDI file"):
        load_corpus(experiment("kind: notes, path: one.mid").dataset)


def test_the_digest_of_one_file_is_that_of_its_bytes(tmp_path, experiment):
    """`sha256sum FILE` gives the same."""
    text = "나비야 🦋\n" * 200_000
    (tmp_path / "song.txt").write_bytes(text.encode())

    corpus = load_corpus(experiment("kind: text, path: song.txt").dataset)

    assert corpus.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_tells_where_files_end(tmp_path, experiment):
    """Equal text in other files is other data."""
    for name, text in {"a": "xy", "b": "z", "c": "x", "d": "yz"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    digests = [
        load_corpus(experiment(f"kind: text, path: [{files}]").dataset).sha256
        for files in ("a, b", "c, d", "b, a")
    ]

    assert len(set(digests)) == 3


def test_a_trained_model_s_vocabulary_is_used_as_it_is(experiment):
    """Ids mean what they meant in training, and a token that it lacks is an error."""
    dataset = experiment("kind: text, inline: cab").dataset

    assert load_corpus(dataset, vocabulary=Vocabulary(("c", "b", "a"), "text")).ids.tolist() == [0, 2, 1]
    with pytest.raises(
        VocabularyError, match=r"^dataset\.inline:1:1: character 'c' is not in the vocabulary"
    ):
        load_corpus(dataset, vocabulary=Vocabulary(("a", "b"), "text"))


def test_a_declared_vocabulary_numbers_the_tokens(experiment):
    """Its order is the order of the ids, and it may hold what the data lacks."""
    corpus = load_corpus(experiment("kind: notes, inline: g8 es4 c4, vocabulary: [c4, ees4, a1, g8]").dataset)

    assert corpus.ids.tolist() == [3, 1, 0]
    assert len(corpus.vocabulary) == 4


def test_a_file_without_a_note_is_refused(tmp_path, experiment):
    """A sequence has tokens."""
    (tmp_path / "silence.notes").write_text("% nothing here\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"silence\.notes: expected at least one token"):
        load_corpus(experiment("kind: notes, path: silence.notes").dataset)


def test_half_a_character_is_refused(experiment):
    """YAML can spell a surrogate, and no file could ever hold it."""
    dataset = experiment('kind: text, inline: "ab"').dataset
    broken = dataset.model_copy(update={"inline": "a\ud800"})

    with pytest.raises(DataError, match=r"^dataset\.inline:1:2: .*U\+D800"):
        load_corpus(broken)


def test_the_shipped_song_has_54_notes_on_four_lines(experiment):
    """E1, from its first note to its last."""
    corpus = load_corpus(experiment(f"kind: notes, path: '{NABIYA}'").dataset)

    assert len(corpus.ids) == 54
    assert corpus.vocabulary.tokens == ("d4", "e4", "f4", "g4", "c8", "d8", "e8", "f8", "g8")
    assert corpus.vocabulary.join(corpus.ids) == (
        "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4 g8 e8 e8 e8 f8 d8 d4 c8 e8 g8 g8 e8 e8 e4"
        " d8 d8 d8 d8 d8 e8 f4 e8 e8 e8 e8 e8 f8 g4 g8 e8 e4 f8 d8 d4 c8 e8 g8 g8 e8 e8 e4"
    )


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads files five bytes at a time."""
    monkeypatch.setattr("rnnlab.files._BLOCK", 5)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_of_a_file_make_one_sequence(tmp_path, experiment):
    """Text is encoded block by block; a note may be cut by none."""
    (tmp_path / "one.txt").write_text("abcdefghij" * 3, encoding="utf-8")
    (tmp_path / "two.txt").write_text("jihgfedcba", encoding="utf-8")
    (tmp_path / "song.notes").write_text("c4 r2 d8 c4", encoding="utf-8")

    corpus = load_corpus(experiment("kind: text, path: [one.txt, two.txt]").dataset)
    song = load_corpus(experiment("kind: notes, path: song.notes").dataset)

    assert corpus.ids.tolist() == [*range(10)] * 3 + [*range(9, -1, -1)]
    assert corpus.starts.tolist() == [0, 30]
    assert song.vocabulary.join(song.ids) == "c4 r2 d8 c4"


@pytest.mark.usefixtures("small_blocks")
def test_an_unknown_character_is_placed_in_its_file(tmp_path, experiment):
    """Not in the block that it happens to be in."""
    (tmp_path / "one.txt").write_text("aaaa\naaaaaaaaaab", encoding="utf-8")

    with pytest.raises(VocabularyError, match=r"one\.txt:2:11: character 'b' is not"):
        load_corpus(
            experiment("kind: text, path: one.txt").dataset, vocabulary=Vocabulary(("a", "\n"), "text")
        )


@pytest.mark.parametrize("size", [1, 200, 300])
def test_ids_begin_where_tensorflow_can_share_them(experiment, size):
    """At an address that 64 divides, whatever their type."""
    dataset = experiment("kind: text, inline: a").dataset.model_copy(
        update={"inline": "".join(map(chr, range(1000, 1000 + size)))}
    )

    ids = load_corpus(dataset).ids

    assert ids.ctypes.data % ALIGNMENT == 0
    assert ids.tolist() == [*range(size)]


@pytest.mark.usefixtures("small_blocks")
def test_each_pass_over_a_file_is_reported(tmp_path, experiment):
    """Reading, the vocabulary and encoding, each up to its end."""
    (tmp_path / "one.txt").write_text("나비야 나비야", encoding="utf-8")
    shares: dict[str, list[float]] = {}

    load_corpus(
        experiment("kind: text, path: one.txt").dataset,
        report=lambda task, share: shares.setdefault(task, []).append(share),
    )

    assert [*shares] == ["reading one.txt", "building the vocabulary of one.txt", "encoding one.txt"]
    assert all(len(steps) > 2 and steps == sorted(steps) and steps[-1] == 1 for steps in shares.values())
