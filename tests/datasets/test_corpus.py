"""Datasets as token ids."""

import gzip
import hashlib
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.batches import gather, stream_batches
from rnnlab.datasets.corpus import ALIGNMENT, begun_by_boundaries, load_corpus, reordered
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.splits import split_corpus, split_record
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines.tensorflow.data import BatchGatherer, TokenData
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


B = 0


@pytest.mark.parametrize(
    ("ids", "sequences", "starts"),
    [
        ([1, 2, B, 3], [B, 1, 2, B, 3], [0, 3]),
        ([B, B, 1, B, B, B, 2, 2, B, B], [B, 1, B, 2, 2], [0, 2]),
        ([1], [B, 1], [0]),
        ([B, B], [], []),
        ([], [], []),
    ],
)
def test_a_boundary_begins_each_sequence_and_empty_ones_are_left_out(ids, sequences, starts):
    """However many boundaries stand between two."""
    found, begins = begun_by_boundaries(np.array(ids, np.uint8), B)

    assert (found.tolist(), begins.tolist()) == (sequences, starts)


def test_another_order_keeps_each_sequence_whole():
    """Those that are wanted, as often as they are, and the boundary that ends the last."""
    ids, starts = np.array([B, 1, B, 2, 2, B, 3, B]), np.array([0, 2, 5])

    again, begins = reordered(ids, starts, np.array([2, 0, 1]), closed=True)

    assert again.tolist() == [B, 3, B, 1, B, 2, 2, B]
    assert begins.tolist() == [0, 2, 4]


def lines_of(experiment, text="ab\nc\n\nabc\n", training="", **settings):
    extra = "".join(f", {key}: {value}" for key, value in settings.items())
    page = f"kind: text, inline: {text!r}, unit: line, window: 3{extra}".replace("'", '"')
    return experiment(page, training=training)


def test_each_line_is_a_sequence_with_an_end(experiment):
    """The boundary is the line break, which the vocabulary has first."""
    corpus = load_corpus(lines_of(experiment).dataset)

    assert corpus.vocabulary.tokens == ("\n", "a", "b", "c")
    assert corpus.vocabulary.join(corpus.ids) == "\nab\nc\nabc\n"
    assert corpus.starts.tolist() == [0, 3, 5]
    assert corpus.ends.tolist() == [4, 6, 10]


def test_a_document_is_a_file_and_ends_with_the_end_of_text(experiment, tmp_path):
    """A line break is then a character like any other."""
    for name, text in (("a.txt", "x\ny"), ("b.txt", "z\n")):
        (tmp_path / name).write_text(text)

    corpus = load_corpus(experiment("kind: text, path: [a.txt, b.txt], unit: document").dataset)

    assert corpus.vocabulary.join(corpus.ids) == "\x03x\ny\x03z\n\x03"
    assert corpus.starts.tolist() == [0, 4]


def test_each_line_of_notes_is_a_tune(experiment):
    """Comments and bar checks are no tunes, and a comment of several lines breaks none."""
    notes = "% two tunes\ng8 e8 |\n\nc4 %{ a\nlong one %} <c e>4\n"
    corpus = load_corpus(experiment(f"kind: notes, unit: line, inline: {notes!r}".replace("'", '"')).dataset)

    assert corpus.vocabulary.join(corpus.ids).strip() == "g8 e8\nc4 <c e>4"
    assert len(corpus.starts) == 2


def test_a_wrong_note_is_found_in_its_line(experiment):
    """The place is the file's, also where line breaks are tokens."""
    notes = "g8\n\ne8 h8"
    with pytest.raises(DataError, match=r"^dataset\.inline:3:4: "):
        load_corpus(experiment(f"kind: notes, unit: line, inline: {notes!r}".replace("'", '"')).dataset)


def test_the_end_of_a_sequence_is_predicted_and_the_next_begins_from_zero(experiment):
    """Every token but the first boundary is a target; NumPy and TensorFlow agree."""
    corpus = load_corpus(lines_of(experiment).dataset)
    starts, counts = np.array([0]), np.array([9], np.int32)

    batch = gather(corpus, starts, counts, window=9, target="shifted", first=True)

    assert corpus.vocabulary.join(batch.inputs[0]) == "\nab\nc\nabc"
    assert corpus.vocabulary.join(batch.targets[0]) == "ab\nc\nabc\n"
    assert batch.weights.all()
    assert np.flatnonzero(batch.resets[0]).tolist() == [0, 3, 5]
    is_start = np.zeros(len(corpus.ids), bool)
    is_start[corpus.starts] = True
    data = TokenData(corpus.ids, is_start, window=9, last_only=False, starts_count=True)
    inputs, targets, counted, keep = BatchGatherer(data)(starts, counts)
    assert (inputs.numpy() == batch.inputs).all()
    assert (batch.targets == targets.numpy().T).all()
    assert (batch.weights == counted.numpy().T).all()
    assert (keep.numpy() == 1 - batch.resets).all()


def test_lanes_begin_with_a_sequence(experiment):
    """And together they read each target once."""
    rng = np.random.default_rng(0)
    text = "\n".join("ab"[: 1 + rng.integers(2)] * rng.integers(1, 9) for _ in range(200))
    corpus = load_corpus(lines_of(experiment, text, split="{kind: none}").dataset)
    part = split_corpus(corpus, lines_of(experiment, text)).parts["train"]

    batches = stream_batches(part, corpus, lanes=7, window=16)

    assert set(batches.begins) <= set(corpus.starts)
    assert (batches.begins + batches.lengths)[:-1].tolist() == batches.begins[1:].tolist()
    assert batches.lengths.sum() == len(corpus.ids) - 1


LETTERS = "\n".join(3 * letter for letter in "abcdefghijklmnopqrst")


def test_sequences_are_drawn_whole_and_by_the_seed_alone(experiment):
    """80, 10 and 10 per cent of the lines, another choice with another seed, and no line in two parts."""
    parts = {}
    for seed in (0, 0, 1):
        split = f"{{kind: sequences, validation: 0.1, test: 0.1, random_seed: {seed}}}"
        wanted = lines_of(experiment, LETTERS, split=split)
        data = load_data(
            wanted.model_copy(update={"training": wanted.training.model_copy(update={"batch_size": 2})})
        )
        text = {
            name: data.corpus.vocabulary.join(data.corpus.ids[part.begin : part.end]).split("\n")
            for name, part in data.splits.parts.items()
        }
        record, whole = split_record(data.corpus, data.splits)["parts"], LETTERS.split("\n")
        held = {name: [whole[n - 1] for n in part["sequences"]] for name, part in record.items()}
        assert {name: ["", *lines, ""] for name, lines in held.items()} == text
        assert [len(lines) for lines in held.values()] == [16, 2, 2]
        assert sorted(chain.from_iterable(held.values())) == whole
        assert parts.setdefault(seed, held) == held

    assert parts[0] != parts[1]


def test_a_contiguous_split_cuts_no_line_in_two(experiment):
    """It is cut at the nearest boundary, and leaves nothing out."""
    split = "{kind: contiguous, validation: 0.13, test: 0.1}"
    wanted = lines_of(experiment, LETTERS, split=split)
    corpus = load_corpus(wanted.dataset)

    parts = split_corpus(corpus, wanted).parts

    texts = [corpus.vocabulary.join(corpus.ids[part.begin : part.end]) for part in parts.values()]
    assert all(text[0] == text[-1] == "\n" for text in texts)
    assert sorted("".join(texts).split()) == LETTERS.split("\n")


def test_held_out_files_are_parts_of_their_own(experiment, tmp_path):
    """With the vocabulary of all of them; a part without files is not there."""
    for name, text in (("train.txt", "ab\nab"), ("valid.txt", "b\nc"), ("test.txt", "d")):
        (tmp_path / name).write_text(text)
    split = "{kind: files, validation: valid.txt, test: [test.txt]}"
    wanted = experiment(f"kind: text, path: train.txt, unit: line, window: 2, split: {split}")
    corpus = load_corpus(wanted.dataset)

    parts = split_corpus(corpus, wanted).parts

    texts = {name: corpus.vocabulary.join(corpus.ids[part.begin : part.end]) for name, part in parts.items()}
    assert texts == {"train": "\nab\nab\n", "validation": "\nb\nc\n", "test": "\nd\n"}


def test_folders_and_patterns_lead_to_files_by_name(experiment, tmp_path):
    """Also packed ones; hidden files and folders in them are none."""
    (tmp_path / "songs/more").mkdir(parents=True)
    for name in ("b.txt", ".hidden", "more/c.txt"):
        (tmp_path / "songs" / name).write_text(name)
    (tmp_path / "songs/a.txt.gz").write_bytes(gzip.compress(b"packed"))

    def read(path):
        return load_corpus(experiment(f'kind: text, path: "{path}"').dataset)

    assert read("songs").vocabulary.join(read("songs").ids) == "packedb.txt"
    assert len(read("songs/*.txt").starts) == 1
    assert len(read("songs/**/*.txt").starts) == 2
    with pytest.raises(DataError, match=r"songs/\*\.midi: no file matches this pattern"):
        read("songs/*.midi")


def test_a_bad_file_that_was_found_is_named_and_does_not_stop_the_rest(experiment, tmp_path):
    """One that was named does."""
    for name, data in (("a.notes", b"g8 e8"), ("b.notes", b"C#4"), ("c.notes", b""), ("d.notes", b"\xff")):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "e.notes.gz").write_bytes(gzip.compress(b"c4 c4")[:-6])

    corpus = load_corpus(experiment('kind: notes, path: "*.notes*"').dataset)

    assert corpus.vocabulary.join(corpus.ids) == "g8 e8"
    assert len(corpus.notes) == 4
    for name, note in zip(("b.notes:1:1", "c.notes", "d.notes:1", "e.notes.gz"), corpus.notes, strict=True):
        assert note.startswith(f"left out: {tmp_path}/{name}: ")
    with pytest.raises(DataError, match=r"b\.notes:1:1"):
        load_corpus(experiment("kind: notes, path: [a.notes, b.notes]").dataset)
    with pytest.raises(DataError, match=r"^no file or tune of .*b\.notes:1:1: .*; .*c\.notes: .*d\.notes:"):
        load_corpus(experiment('kind: notes, path: "[b-d].notes"').dataset)
