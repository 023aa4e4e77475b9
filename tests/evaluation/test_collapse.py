"""Collapse: compared with the data, and its cause with the one setting to change."""

from pathlib import Path

import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.evaluation.collapse import Circumstances, Collapse, cause_of, collapse_of

DOG = "over the lazy dog, and the lazy dog jumps over the brown fox; the dog sleeps, and so does the fox."
GREEDY = Circumstances(draws=False)


def experiment_of(page: str) -> Experiment:
    return parse_experiment(page, name="test.yaml", folder=Path.cwd())


def corpus_of(text: str, folder: Path, unit: str = "line") -> Corpus:
    (folder / "data.txt").write_text(text)
    dataset = f"dataset: {{kind: text, path: {folder}/data.txt, unit: {unit}, window: 4}}"
    return load_corpus(experiment_of(f"{dataset}\nmodel: {{kind: gru, units: 4}}").dataset)


def collapse(text: str, data: Corpus | None = None, known: Circumstances = GREEDY) -> Collapse | None:
    return collapse_of(text, [1.0] * len(text), known, data)


def test_the_start_is_counted_from_one_and_the_turn_is_named():
    """xyz, then abcd fifteen times and a half."""
    found = collapse("xyz" + 15 * "abcd" + "ab")

    assert found is not None
    assert (found.kind, found.start, found.period, found.repeats) == ("loop", 4, 4, 15.5)
    assert found.tokens == tuple("abcd")
    assert found.described("token") == "from generated token 4 on a loop of 4 tokens, 'abcd', 15.5 times"
    assert (found.cause, found.remedy) == (
        "greedy decoding: always the most probable token",
        "generation.temperature: 1",
    )


def test_one_token_alone():
    """A loop of period 1 has a name of its own."""
    found = collapse_of(["c4", "e8", *["d8"] * 41], [], GREEDY)

    assert found is not None
    assert (found.kind, found.start, found.period) == ("one_token", 3, 1)
    assert found.described("note") == "from generated note 3 on only d8, 41 times"


def test_a_loop_that_is_as_long_in_the_data_is_none(tmp_path):
    """A rule of 80 hyphens is in the data; one of 120 is not."""
    data = corpus_of(f"{'-' * 80}\nThe harbour lies still\n{'-' * 80}\n", tmp_path, unit="character")

    assert collapse("The end" + 80 * "-", data) is None
    assert collapse("The end" + 120 * "-", data) is not None
    assert collapse("The end" + 80 * "-") is not None


def test_data_that_is_a_loop_itself_may_be_continued_for_ever(tmp_path):
    """Of a sequence that is `ababab…`, a sample that is longer than it is no collapse."""
    data = corpus_of(30 * "ab" + "\nThe harbour", tmp_path)

    assert collapse(100 * "ab", data) is None
    assert collapse(100 * "aab", data) is not None


def test_a_piece_that_is_played_again_and_again_is_no_loop(tmp_path):
    """A turn, from wherever it begins, that is a whole sequence of the data."""
    song = "the quick brown fox jumps"
    data = corpus_of(f"{song}\n{DOG}", tmp_path)

    assert collapse(song[7:] + 4 * song, data) is None
    assert collapse(4 * song[:-1], data) is not None


def test_a_few_equal_tokens_in_short_data_are_no_loop_of_a_long_period(tmp_path):
    """Two letters that come again after 28 letters, in a song of 54."""
    turn = "the quick brown fox jumps ov"
    data = corpus_of("abcdefghijklmnopqrstuvwxyz12ab3456789ABCDEFGHIJKLMNOP", tmp_path)

    assert collapse(5 * turn, data) is not None


def test_a_sample_longer_than_the_data_repeats_it_and_is_not_stuck(tmp_path):
    """A short song that is known by heart, played over and over with its lines in changing order."""
    lines = ["the quick brown fox jumps ", "over the lazy dog and then "]
    data = corpus_of("".join(lines), tmp_path)
    text = "".join(lines[number % 3 % 2] for number in range(12))
    silent = [0.0] * len(text)

    assert collapse_of(text, silent, GREEDY, data) is None
    assert collapse_of(text, silent, GREEDY) is not None
    assert collapse_of(text[:26] + 60 * "ump", [], GREEDY, data) is not None


@pytest.mark.parametrize(
    ("known", "cause", "setting", "value"),
    [
        (Circumstances(draws=False, window=4, notes=True), "the last 4 notes, since", "dataset.window", "8"),
        (Circumstances(draws=False, window=64), "greedy decoding: always", "generation.temperature", "1"),
        (Circumstances(draws=False, temperature=1, top_k=1), "only one token can", "generation.top_k", "10"),
        (
            Circumstances(draws=True, temperature=1, train_loss=0.1, held_out_loss=2.0, dropout=0.2),
            "the held-out loss, 2 nats, is far above the training loss, 0.1",
            "model.dropout",
            "0.5",
        ),
        (Circumstances(draws=True, temperature=1, scalar=True), "scalar", "dataset.encoding", "one_hot"),
        (Circumstances(draws=True, temperature=0.5), "temperature 0.5", "generation.temperature", "1"),
        (Circumstances(draws=True, temperature=1, window=64), "last 64 tokens", "dataset.window", "128"),
        (Circumstances(draws=True, temperature=1, epochs=5), "short training", "training.epochs", "10"),
    ],
)
def test_causes_and_the_one_setting(known, cause, setting, value):
    """The first cause that applies, in the order of what it explains."""
    found = cause_of(known)

    assert cause in found[0]
    assert found[1:] == (setting, value)


def test_a_held_out_loss_near_the_training_loss_is_no_cause():
    """1.3 times, or 0.2 nats above a loss near 0."""
    for train, held_out in [(1.0, 1.3), (0.01, 0.2)]:
        known = Circumstances(draws=True, temperature=0.5, train_loss=train, held_out_loss=held_out)

        assert cause_of(known)[1] == "generation.temperature"


def test_the_circumstances_are_those_of_the_configuration():
    """An mlp reads windows; a stream carries its state, so no window limits it."""
    data = "dataset: {kind: notes, inline: c4 d4 e4 f4 g4, window: 3, encoding: "
    mlp = "scalar, target: next}\nmodel: {kind: mlp, units: 4, dropout: 0.1}\ntraining: {batching: windows}"
    lstm = "one_hot, target: shifted}\nmodel: {kind: lstm, units: 4}"
    windows, stream = experiment_of(data + mlp), experiment_of(data + lstm)

    found = [Circumstances.of(each, draws=True, temperature=None) for each in (windows, stream)]

    assert [(each.window, each.scalar, each.notes, each.dropout) for each in found] == [
        (3, True, True, 0.1),
        (None, False, True, 0.0),
    ]
