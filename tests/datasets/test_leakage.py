"""What is held out is not trained on: every way to split, every unit, with and without copies and folds.

Each note of the data has a length of its own, which transposing keeps: so it says where in the data a token
is from, wherever it stands now.
"""

from fractions import Fraction

import numpy as np
import pytest

from rnnlab.datasets.batches import make_batches
from rnnlab.datasets.loading import Data, load_data
from rnnlab.music.notation import parse_token
from rnnlab.training.folds import fold_data

PRIME = 9973
COPIES = "augment: {semitones: -2..1}"
SPLITS = {
    "contiguous": "kind: contiguous, validation: 0.2, test: 0.15",
    "narrow": "kind: contiguous, validation: 0.2, test: 0.15, gap: 1",
    "sequences": "kind: sequences, validation: 0.2, test: 0.2",
    "files": "kind: files, validation: 6.notes, test: [7.notes]",
}
TRAININGS = {
    "stream": "batch_size: 2",
    "windows": "batching: windows, batch_size: 2, shuffle: true",
}
UNITS = ("note", "line", "document")


def write_files(folder, random_seed):
    """Eight files of a few lines each; the number of notes."""
    rng = np.random.default_rng(random_seed)
    count = 0
    for name in range(8):
        lines = []
        for length in rng.integers(12, 20, size=rng.integers(1, 4)):
            pitches = rng.choice(list("cdefgab"), size=length)
            lines.append(" ".join(f"{pitch}1*{count + n + 1}/{PRIME}" for n, pitch in enumerate(pitches)))
            count += int(length)
        (folder / f"{name}.notes").write_text("\n".join(lines) + "\n")
    return count


def paths(split):
    """All files, or those that are not held out."""
    names = range(6 if split == "files" else 8)
    return f"path: [{', '.join(f'{name}.notes' for name in names)}]"


def places_read(data: Data, part: str) -> list[int]:
    """Where in the data each token is from that an epoch reads of a part, inputs and targets, in order."""
    found = set()
    starts, counts = make_batches(data.splits.parts[part], data.corpus, data.experiment).epoch(0)
    for start, count in zip(starts.ravel().tolist(), counts.ravel().tolist(), strict=True):
        found |= set(range(start, start + count + 1)) if count else set()
    tokens = [data.corpus.vocabulary.tokens[data.corpus.ids[place]] for place in sorted(found)]
    lengths = (parse_token(token).duration for token in tokens if token.strip("\n\x03"))
    return [int(length * PRIME) - 1 for length in lengths]


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("copies", ["", COPIES, f"transpose: c, {COPIES}"], ids=["plain", "copies", "moved"])
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("split", SPLITS)
def test_no_token_is_in_two_parts(experiment, tmp_path, split, unit, copies, training):
    """Neither as it is nor transposed, and between two contiguous parts there is the gap."""
    write_files(tmp_path, random_seed=[len(split), len(unit)])
    page = f"kind: notes, {paths(split)}, unit: {unit}, window: 3, split: {{{SPLITS[split]}}}, {copies}"
    data = load_data(experiment(page.rstrip(", "), training=TRAININGS[training]))

    read = data.as_trained_on()
    parts = {part: places_read(read, part) for part in ("train", "validation", "test")}

    sets = [set(places) for places in parts.values()]
    assert len(set.union(*sets)) == sum(map(len, sets))
    times = 4 if copies else 1
    assert sorted(parts["train"]) == sorted(times * places_read(data, "train"))
    for part in ("validation", "test"):
        assert parts[part] == places_read(data, part)
        assert len(parts[part]) == len(set(parts[part])) > 0
    if split in {"contiguous", "narrow"} and unit == "note":
        gap = 1 if split == "narrow" else 3
        for before, after in (("train", "validation"), ("validation", "test")):
            assert min(parts[after]) - max(parts[before]) > gap


@pytest.mark.parametrize("copies", ["", COPIES], ids=["plain", "copies"])
def test_one_long_sequence_is_cut_before_it_is_copied(experiment, copies):
    """The end of it is held out, and no copy of the end is trained on."""
    notes = " ".join(f"{'cdefgab'[n % 7]}1*{n + 1}/{PRIME}" for n in range(100))
    split = "{kind: contiguous, validation: 0.2}"
    page = f"kind: notes, inline: '{notes}', window: 4, split: {split}, {copies}".rstrip(", ")
    read = load_data(experiment(page, training="batch_size: 1")).as_trained_on()

    assert set(places_read(read, "train")) == set(range(76))
    assert places_read(read, "validation") == list(range(80, 100))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("overlap", [False, True])
def test_windows_that_are_drawn_have_copies_of_their_own_alone(experiment, tmp_path, unit, overlap):
    """Each training window once more for each interval, and no token of a held-out one unless it may be."""
    for name in range(4):
        (tmp_path / f"{name}.notes").write_text("c4 d4 e4 f4\n" * 20)
    split = f"{{kind: stratified_shuffle, validation: 0.1, allow_overlap: {str(overlap).lower()}}}"
    page = f"kind: notes, path: '*.notes', unit: {unit}, window: 2, target: next, split: {split}, {COPIES}"
    data = load_data(experiment(page, training="batching: windows"))

    read = data.as_trained_on()

    starts = data.splits.parts["train"].window_starts
    length = len(data.corpus.ids) - data.corpus.has_boundaries
    assert read.splits.parts["train"].window_starts.tolist() == [
        start + copy * length for copy in range(4) for start in starts
    ]
    held = data.splits.parts["validation"].window_starts
    assert (read.splits.parts["validation"].window_starts == held + 3 * length).all()
    assert overlap or np.abs(starts[:, None] - held).min() > 2


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("copies", ["", COPIES], ids=["plain", "copies"])
@pytest.mark.parametrize("unit", UNITS)
def test_no_token_is_in_a_fold_and_in_what_is_trained_on_for_it(experiment, tmp_path, unit, copies, training):
    """All of them are held out once; windows that are drawn have no token of their own to tell."""
    count = write_files(tmp_path, random_seed=3)
    page = f"kind: notes, {paths('')}, unit: {unit}, window: 3, {copies}".rstrip(", ")
    stateful = "stateful: true" if training == "windows" else ""
    settings = TRAININGS[training].replace("shuffle: true", "shuffle: false")
    wanted = experiment(page, training=settings, model=stateful)
    held = []

    for fold in fold_data(load_data(wanted).corpus, wanted, 3):
        read = fold.as_trained_on()
        trained = places_read(read, "train")
        held += places_read(read, "validation")
        assert not set(trained) & set(places_read(read, "validation"))
        assert sorted(trained) == sorted((4 if copies else 1) * places_read(fold, "train"))

    assert sorted(held) == list(range(count))


def test_the_lengths_tell_where_a_token_is_from():
    """As the other tests take it."""
    assert parse_token(f"c1*17/{PRIME}").duration == Fraction(17, PRIME)
