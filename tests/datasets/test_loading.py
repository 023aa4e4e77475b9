"""What of a dataset is refused before anything slow is started."""

import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import ContiguousSplit, Experiment, FittedExperiment, NoSplit, SequencesSplit
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.loading import MOST_EPOCHS, MOST_STEPS, fitted, load_data
from rnnlab.errors import ConfigError
from rnnlab.training.folds import fold_data
from tests.experiments import experiment

TEXT = f"""
dataset: {{kind: text, inline: {"abcde" * 60}, window: 4, target: next}}
model: {{kind: lstm, units: 4}}
training: {{batching: windows, batch_size: 1}}
"""
"""296 windows, each of them a step."""

FITTING_EPOCHS = 7_255_012


def test_a_training_has_at_most_as_many_steps_as_can_be_numbered():
    """Two thousand million; one epoch more is refused with the number that may be."""
    assert FITTING_EPOCHS * 296 <= MOST_STEPS < (FITTING_EPOCHS + 1) * 296

    load_data(experiment(TEXT, f"training.epochs={FITTING_EPOCHS}"))
    with pytest.raises(ConfigError) as caught:
        load_data(experiment(TEXT, f"training.epochs={FITTING_EPOCHS + 1}"))

    assert str(caught.value) == (
        "training.epochs: 7,255,013 epochs of 296 steps are 2,147,483,848 steps, expected at most"
        " 2,147,483,647; set it to 7,255,012 or less, or make training.batch_size larger"
    )


def test_the_folds_of_a_cross_validation_have_the_same_bound():
    """Each is a training of its own."""
    stateful = experiment(
        TEXT, "model.stateful=true", "training.epochs=10000000", f"dataset.inline={'abcde' * 100}"
    )

    with pytest.raises(ConfigError, match=r"training.epochs: 10,000,000 epochs of"):
        next(iter(fold_data(load_corpus(stateful.dataset), stateful, 3)))


SONG_LINE = "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4"


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            ["generation.seed=g8 b4"],
            ["generation.seed: seed:1:4: note 'b4' is not in the vocabulary (d4 e4 g4 c8 d8 e8 f8 g8)"],
        ),
        (["generation.stop=d8 e8"], ["generation.stop: expected one token, received 2: 'd8 e8'"]),
        (["generation.seed=|"], ["generation.seed: expected at least one token, received none"]),
        (
            ["training.samples={every_epochs: 1, seed: a8}", "generation.stop=h8"],
            [
                "training.samples.seed: seed:1:1: note 'a8' is not in",
                "generation.stop: stop:1:1: 'h8': in this",
            ],
        ),
    ],
)
def test_what_the_model_could_not_write_with_is_refused_before_it_is_trained(settings, lines):
    """Seeds and the token to stop at, each by the name of its key, with what the vocabulary has."""
    song = "dataset: {kind: notes, inline: %s, window: 4, target: next}\nmodel: {kind: lstm, units: 4}\n"
    page = song % SONG_LINE + "training: {batching: windows, batch_size: 1}"
    load_data(experiment(page, "generation.seed=g8 e8 | e4", "generation.stop=c8"))

    with pytest.raises(ConfigError) as caught:
        load_data(experiment(page, *settings))

    received = str(caught.value).splitlines()
    assert [line[: len(begin)] for line, begin in zip(received, lines, strict=True)] == lines


def page(text, tmp_path, *overrides, unit="character"):
    (tmp_path / "text.txt").write_text(text)
    yaml = f"dataset: {{kind: text, path: text.txt, unit: {unit}}}\nmodel: {{kind: lstm, units: 8}}"
    return parse_experiment(yaml, name="page", folder=tmp_path, overrides=overrides)


def chosen(text, tmp_path, *overrides, **settings) -> Experiment:
    return load_data(page(text, tmp_path, *overrides, **settings)).experiment


@pytest.mark.parametrize(
    ("count", "window", "lanes", "epochs"),
    [(3, 1, 1, 60), (100, 6, 1, 60), (2000, 64, 1, 60), (10_000, 64, 8, 60), (1_000_000, 64, 32, 7)],
)
def test_small_data_is_read_in_fewer_lanes_and_shorter_windows(tmp_path, count, window, lanes, epochs):
    """Every size can be trained on, and an epoch has steps to learn in."""
    found = chosen("abcdefghij" * (count // 10) + "abc"[: count % 10], tmp_path)

    assert (found.dataset.window, found.training.batch_size, found.training.epochs) == (window, lanes, epochs)
    assert found.training.schedule.kind == "cosine"


def test_a_tenth_is_held_out_where_that_is_enough(tmp_path):
    """Of characters the end, of lines some that are drawn; of a few words nothing."""
    assert isinstance(chosen("ab" * 1000, tmp_path).dataset.split, ContiguousSplit)
    assert isinstance(chosen("ab\n" * 1000, tmp_path, unit="line").dataset.split, SequencesSplit)
    assert isinstance(chosen("ab" * 100, tmp_path).dataset.split, NoSplit)


def test_what_is_set_stays(tmp_path):
    """Also where it is what would have been chosen, or the schema's default; the rest fits it."""
    overrides = ["training.epochs=10", "dataset.window=5", "dataset.split={kind: none}"]
    experiment = page("ab" * 1000, tmp_path, *overrides, "training.schedule={kind: constant}")

    found, (note,) = fitted(experiment, load_corpus(experiment.dataset))

    assert (found.training.epochs, found.dataset.window, found.dataset.split) == (10, 5, NoSplit())
    assert found.training.optimizer == experiment.training.optimizer
    assert note == "not set, so chosen for 2,000 tokens: batch_size 24"


def test_an_experiment_that_leaves_settings_to_its_data_is_no_fitted_one(tmp_path):
    """What trains takes the fitted type, which names the settings that nobody has chosen yet."""
    left_out = page("ab" * 1000, tmp_path, "dataset.window=5", "training.schedule={kind: cosine}")
    with pytest.raises(
        ValueError, match=r"expected values for split, batch_size, epochs, received none; rnnlab"
    ):
        FittedExperiment.of(left_out)

    found, _ = fitted(left_out, load_corpus(left_out.dataset))

    assert left_out.left_to_data == ("split", "batch_size", "epochs")
    assert (type(found), found.left_to_data) == (FittedExperiment, ())
    assert (found.dataset.window, found.training.optimizer) == (5, left_out.training.optimizer)
    assert FittedExperiment.of(found) == found


def test_epochs_that_end_before_the_first_validation_are_refused(tmp_path):
    """How many epochs are chosen is known only with the data, and so is whether any of it is held out."""
    long, short = "abcdefghij" * 100_000, "abcdefghij" * 50
    assert chosen(short, tmp_path, "evaluation.every=50").training.epochs == MOST_EPOCHS
    assert chosen("ab" * 100, tmp_path, "evaluation.every=100").dataset.split == NoSplit()

    with pytest.raises(
        ConfigError, match=r"^evaluation\.every: expected at most training.epochs, which is 7,"
    ):
        chosen(long, tmp_path, "evaluation.every=8")


def test_copies_count_as_data(tmp_path):
    """Five times the tokens that are trained on: five times the lanes, and fewer epochs."""
    notes = page("c4 d4 e4 f4 g4 " * 2000, tmp_path, "dataset.kind=notes", "dataset.unit=note")
    copied = page(
        "c4 d4 e4 f4 g4 " * 2000,
        tmp_path,
        "dataset={kind: notes, path: %s, augment: {semitones: -2..2}}" % (tmp_path / "text.txt"),
    )

    (plain, _), (more, said) = (fitted(each, load_corpus(each.dataset)) for each in (notes, copied))

    assert (plain.training.batch_size, more.training.batch_size) == (8, 32)
    assert said[0].startswith("not set, so chosen for 10,000 tokens and 4 copies of those trained on: split ")
    assert more.training.epochs == MOST_EPOCHS


def test_windows_are_left_as_they_are(tmp_path):
    """The lectures' regimes have their own sizes."""
    experiment = page("ab" * 1000, tmp_path, "training.batching=windows")

    assert fitted(experiment, load_corpus(experiment.dataset)) == (experiment, ())


def test_the_drawn_lines_are_those_of_the_same_split_written_out(tmp_path):
    """A run's own configuration says what was chosen, and reads the same data from it."""
    text = "\n".join("abcdefghij"[n % 10] * (1 + n % 7) for n in range(300))
    left_open = load_data(page(text, tmp_path, unit="line"))
    written = load_data(page(text, tmp_path, "dataset.split={kind: sequences}", unit="line"))

    assert (left_open.corpus.ids == written.corpus.ids).all()
    assert left_open.experiment.training.epochs == MOST_EPOCHS
    assert left_open.splits.parts["validation"].begin == written.splits.parts["validation"].begin


@pytest.mark.parametrize(
    ("texts", "setting", "expected"),
    [
        (["c4 d4 e4 % meter 3/4", "% meter 3/4\nc4 d4 e4"], None, "3/4"),
        (["c4 d4 e4 % meter 3/4", "c4 d4 e4 % meter 4/4"], None, None),
        (["c4 d4 e4 % meter 3/4", "c4 d4 e4"], None, None),
        (["c4 d4 e4 % meter 3/4"], "2/4", "2/4"),
        (["c4 d4 e4"], "6/8", "6/8"),
        (["c4 d4 e4 % meter of the song"], None, None),
    ],
)
def test_the_metre_is_that_which_all_files_say(tmp_path, texts, setting, expected):
    """It is what scores of the music are drawn in; a setting overrules it."""
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.notes").write_text(text)
    reading = f"reading: {{meter: {setting}}}, " if setting else ""
    page = (
        f"dataset: {{kind: notes, path: '*.notes', {reading}window: 1, split: {{kind: none}}}}\n"
        "model: {kind: lstm, units: 2}\ntraining: {batch_size: 1}\n"
    )

    data = load_data(parse_experiment(page, name="page", folder=tmp_path))

    assert data.experiment.dataset.reading.meter == expected
