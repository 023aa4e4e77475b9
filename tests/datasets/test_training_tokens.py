"""The training tokens are those that training reads, and their places are those of the files."""

from pathlib import Path

import pytest

from rnnlab.config.reading import parse_any
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.datasets.training_tokens import TrainingTokens, training_tokens

STREAM = "training: {batching: stream, batch_size: 1}"
WINDOWS = "training: {batching: windows, batch_size: 1}"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(dataset: str, training: str = STREAM) -> tuple[TrainingTokens, list[str], list[str]]:
    """The tokens, and the sequences of the training part and of the held-out part as text."""
    page = f"dataset: {{{dataset}}}\nmodel: {{kind: lstm, units: 4}}\n{training}\n"
    data = load_any_data(parse_any(page, name="test.yaml", folder=Path.cwd()))
    kept = training_tokens(data)
    if hasattr(data, "examples"):
        tokens, separator = data.examples.targets.tokens.tokens, ""
    else:
        tokens, separator = (
            data.corpus.vocabulary.tokens,
            " " if data.experiment.dataset.kind == "notes" else "",
        )
    texts = [
        [separator.join(tokens[token] for token in sequences[number]) for number in range(len(sequences))]
        for sequences in (kept.train, kept.held_out)
    ]
    return kept, *texts


def test_a_text_is_cut_where_the_training_part_ends():
    """The gap belongs to no part; a place is the line and the column of the file."""
    Path("song.txt").write_text("one\ntwo\nthree and four")

    split = "split: {kind: contiguous, validation: 0.25, gap: 2}"
    kept, train, held_out = loaded(f"kind: text, path: song.txt, window: 4, {split}")

    text = "one\ntwo\nthree and four"
    assert (train, held_out, kept.part) == ([text[:14]], [text[16:]], "validation")
    assert kept.place(0, 0) == "song.txt:1:1"
    assert kept.place(0, 3) == "song.txt:1:4"  # the line break is the last of its line
    assert kept.place(0, 4) == "song.txt:2:1"
    assert kept.place(0, 10) == "song.txt:3:3"


@pytest.mark.parametrize("empty", ["", "\n"])
def test_lines_are_sequences_without_their_boundaries(empty):
    """They are in the order that the split draws; a place is the line and the column of the file.

    If the data has empty lines, which are no sequences, it is the number of the sequence.
    """
    Path("a.txt").write_text("anna\nbo\n")
    Path("b.txt").write_text(f"{empty}cy\ndora\neve")

    split = "split: {kind: sequences, validation: 0.2}"
    kept, train, held_out = loaded(f"kind: text, unit: line, path: [a.txt, b.txt], window: 4, {split}")

    lines = ["anna", "bo", "cy", "dora", "eve"]
    assert sorted(train + held_out) == lines
    assert kept.is_whole
    for number, line in enumerate(train):
        file, own = (
            ("a.txt", lines.index(line) + 1) if line in lines[:2] else ("b.txt", lines.index(line) - 1)
        )
        place = f"{file}, sequence {own}, character 2" if empty else f"{file}:{own}:2"
        assert kept.place(number, 1) == place


def test_windows_that_are_held_out_are_no_training_data():
    """After a stratified split the training tokens are those of the training windows."""
    split = "split: {kind: stratified_shuffle, validation: 0.3}"
    inline = f"inline: {'abcd' * 10}"
    kept, train, held_out = loaded(f"kind: text, {inline}, window: 2, target: next, {split}", WINDOWS)

    assert sum(map(len, train)) < 40
    assert all(each in "abcd" * 10 for each in train + held_out)
    assert kept.begins[1] > kept.begins[0]
    assert kept.place(1, 1).endswith(f"character {kept.begins[1] + 2:,}")


def test_copies_in_other_keys_follow_the_notes_themselves():
    """What training reads, with the semitones in the place."""
    split = "split: {kind: contiguous, validation: 0.25, gap: 0}"
    dataset = (
        f"kind: notes, inline: c4 d4 e4 f4 c4 d4 e4 f4, window: 2, augment: {{semitones: [-1, 2]}}, {split}"
    )
    kept, train, held_out = loaded(dataset)

    assert train == ["c4 d4 e4 f4 c4 d4", "b,4 cis4 ees4 e4 b,4 cis4", "d4 e4 fis4 g4 d4 e4"]
    assert held_out == ["e4 f4"]
    assert kept.place(0, 1) == "dataset.inline, note 2"
    assert kept.place(2, 1) == "dataset.inline, note 2, transposed by +2"


def test_the_targets_of_labels_are_training_data():
    """Of task from_label the sequences that the network learns to write; a place is a row."""
    rows = "\\n".join(
        f"{label}\\t{name}" for label, name in [("x", "anna"), ("y", "bob"), ("x", "cy"), ("y", "dora")]
    )
    split = "split: {kind: sequences, validation: 0.25, shuffle: false}"
    kept, train, held_out = loaded(f'kind: text, task: from_label, inline: "{rows}", {split}', "training: {}")

    assert train == ["anna", "bob", "cy"]
    assert held_out == ["<unknown>o<unknown>a"]  # d and r are in no other name
    assert kept.place(1, 2) == "dataset.inline, sequence 2, character 3"


def test_no_folder_of_this_machine_is_kept(tmp_path):
    """The names of files begin at the folder of all files."""
    for name in ("one/a.txt", "two/b.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("some text of a file")

    kept, *_ = loaded("kind: text, path: [one/a.txt, two/b.txt], window: 4")

    assert kept.files == ("one/a.txt", "two/b.txt")
