"""What a trained model is measured on, and that all are measured on the same data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.comparison.same_data import (
    MeasuredPart,
    check_same_data,
    data_digest,
    measure_trial,
    measured_part,
    part_of_trial,
)
from rnnlab.config.reading import parse_any
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import UsageError
from rnnlab.evaluation.example_measurement import evaluate_task
from rnnlab.evaluation.measurement import evaluate
from tests.experiments import experiment
from tests.trained import SENTENCE, SONG, STREAM, trained
from tests.trained_tasks import FROM_LABEL, LABEL, PAIRS, PARITY, TAGS, TASKS, trained_task


@pytest.mark.parametrize("text", [SONG, SENTENCE, STREAM])
def test_a_trial_is_measured_as_evaluate_measures_it(text):
    """On the same part, with the same figures."""
    model = trained(text, Path.cwd())

    trial, _ = measure_trial(model, run="runs/x")

    wanted = evaluate(model)
    metrics = wanted.metrics
    assert (trial.loss, trial.accuracy, trial.split) == (metrics.loss, metrics.accuracy, wanted.split)
    assert (trial.correct, trial.targets, trial.examples) == (metrics.correct, metrics.tokens, None)
    assert (trial.ceiling, trial.free_running) == (wanted.ceiling, wanted.free_running)
    assert trial.parameters == sum(np.size(array) for array in model.weights.values())


def digest_of(text: str, *overrides: str, part: str = "train") -> str:
    """The digest of a part of an experiment's data."""
    data = load_data(experiment(text, *overrides))
    return data_digest(data.corpus, data.splits.parts[part])


def test_the_same_tokens_have_the_same_digest():
    """Whatever the vocabulary, the encoding, the window and the batches are."""
    song = digest_of(SONG)

    assert song == digest_of(
        SONG, "dataset.vocabulary=[c8, d4, d8, e4, e8, f8, g4, g8]", "dataset.encoding=one_hot"
    )
    assert song == digest_of(SONG, "dataset.window=3", "model={kind: mlp, units: 3}", "generation.length=5")


def test_other_tokens_or_other_drawn_windows_have_another_digest():
    """So that nothing is compared that was measured on something else."""
    drawn = "dataset.split={kind: stratified_shuffle, allow_overlap: true, validation: 0.5, random_seed: %d}"
    text = (SENTENCE, "dataset.target=next")
    found = [
        digest_of(SONG),
        digest_of(SONG, "dataset.inline=g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g8"),
        digest_of(*text),
        digest_of(*text, drawn % 0),
        digest_of(*text, drawn % 1),
        digest_of(*text, drawn % 0, part="validation"),
    ]

    assert len(set(found)) == len(found)


def test_different_data_is_refused_by_name():
    """Which two, and what should be the same."""
    first = MeasuredPart("a", "label", "train", "1")
    check_same_data([first, replace(first, name="b")])
    for other, what in ((("train", "2"), "the train part"), (("test", "1"), "train and test")):
        with pytest.raises(
            UsageError, match=rf"a and b: measured on different data \({what}\); expected the same"
        ):
            check_same_data([first, MeasuredPart("b", "label", *other)])


def test_different_tasks_are_refused_by_name():
    """Their figures are not the same, whatever the data is."""
    first = MeasuredPart("a", "label", "train", "1")

    with pytest.raises(
        UsageError, match=r"^a and b: of different tasks \(label and next_token\); expected the"
    ):
        check_same_data([first, MeasuredPart("b", "next_token", "train", "1")])


@pytest.mark.parametrize("page", [*TASKS.values(), PARITY])
def test_a_model_for_examples_is_measured_as_evaluate_measures_it(page):
    """Its main figure and its loss; of generated examples those of the test part, at each length."""
    model = trained_task(page, Path.cwd())

    trial, notes = measure_trial(model, run="runs/x", epochs=3, seconds=1.5)

    wanted = evaluate_task(model, split="test" if page == PARITY else None)
    measures = wanted.measures
    main = measures.greedy.exact_match if page == PAIRS else getattr(measures, "accuracy", None)
    assert (trial.task, trial.split, trial.examples) == (wanted.task, wanted.split, wanted.sequences)
    assert (trial.loss, trial.accuracy) == (measures.loss, main)
    assert (trial.run, trial.epochs, trial.seconds, notes) == ("runs/x", 3, 1.5, ())
    assert trial.parameters == sum(np.size(array) for array in model.weights.values())
    assert trial.by_length == {length: each.accuracy for length, each in wanted.by_length.items()}
    assert list(trial.by_length) == ([8, 12] if page == PARITY else [])


def test_of_tags_and_pairs_whole_examples_count_at_each_length():
    """Not their tokens: an exercise is solved if nothing in it is wrong."""
    for name in ("brackets", "copy"):
        page = PARITY.replace("parity", name)
        model = trained_task(page, Path.cwd())

        trial, _ = measure_trial(model, run="")

        by_length = evaluate_task(model, split="test").by_length
        wanted = [
            each.greedy.exact_match if name == "copy" else each.sequence_accuracy
            for each in by_length.values()
        ]
        assert list(trial.by_length.values()) == wanted


def test_a_loss_that_is_not_known_is_no_number():
    """No label of the measured part is one of the model."""
    model = trained_task(LABEL, Path.cwd())
    unknown = replace(model, targets=("x", "y"))

    trial, _ = measure_trial(unknown, run="")

    assert np.isnan(trial.loss)
    assert trial.accuracy == 0


def test_changed_examples_are_noted():
    """In the words that are said of other data."""
    model = replace(trained_task(LABEL, Path.cwd()), data_sha256="0" * 64)

    _, notes = measure_trial(model, run="")

    assert notes == (
        "the data has changed since this model was trained on it; the figures are of the new data",
    )


def part_of_page(page: str, *overrides: str) -> MeasuredPart:
    """The part that is measured of an experiment's data."""
    wanted = parse_any(page, name="page.yaml", folder=Path.cwd(), overrides=overrides)
    return measured_part("page", load_any_data(wanted))


@pytest.mark.parametrize("page", [SONG, *TASKS.values(), PARITY])
def test_what_a_training_will_be_measured_on_is_known_before_it(page):
    """The part of the data is that of the trained model."""
    model = trained(page, Path.cwd()) if page == SONG else trained_task(page, Path.cwd())

    trial, _ = measure_trial(model, run="page")

    assert part_of_page(page) == part_of_trial(trial)


def test_the_same_examples_have_the_same_digest():
    """Whatever the network and the tokens are; other examples, parts or test lengths have another one."""
    same = [part_of_page(LABEL), part_of_page(LABEL, "dataset.token=word", "model.units=9")]
    others = [
        part_of_page(LABEL, "evaluation.split=test"),
        part_of_page(LABEL, "dataset.split.validation=0.5"),
        part_of_page(FROM_LABEL),
        part_of_page(TAGS),
        part_of_page(PARITY),
        part_of_page(PARITY, "dataset.test_lengths=[8, 16]"),
        part_of_page(PARITY, "dataset.random_seed=1"),
    ]

    assert same[0] == same[1]
    assert len({each.data for each in [*same, *others]}) == 1 + len(others)
