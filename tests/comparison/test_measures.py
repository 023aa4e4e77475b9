"""Trained models side by side, and their differences over the random seeds that both have."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.comparison.measures import Comparison, check_same_data, data_digest, measure_trial, verdict
from rnnlab.datasets.loading import load_data
from rnnlab.errors import UsageError
from rnnlab.evaluation.measurement import evaluate
from rnnlab.evaluation.significance import paired_t_p
from tests.comparing import contender
from tests.experiments import experiment
from tests.trained import SENTENCE, SONG, STREAM, trained

NOISE = [0.01, -0.02, 0.03]


def test_a_difference_is_tested_over_the_seeds_that_both_have():
    """A seed that one of them lacks, as its training failed, counts for neither."""
    first = contender("first", [1.0, 2.0, 3.0, 9.0])
    second = contender("second", [0.0, 0.0, 0.0, 0.0])
    second = replace(second, trials=second.trials[:3])

    (difference,) = Comparison((first, second)).differences()

    assert difference.test is not None
    assert (difference.test.pairs, difference.test.difference) == (3, 2.0)
    assert difference.p == pytest.approx(paired_t_p([1, 2, 3]))
    assert not difference.is_significant


def test_p_values_are_corrected_for_the_pairs_that_are_tested():
    """A pair without two seeds in common is not among them."""
    near = [[1 + 0.1 * each for each in NOISE], [2 + 0.1 * each**2 for each in NOISE], [3.0, 3.001, 3.002]]
    four = (*(contender(str(n), losses) for n, losses in enumerate(near)), contender("single", [7.0]))

    differences = Comparison(four).differences()

    tested = [each for each in differences if each.test]
    assert [(each.first, each.second) for each in differences if not each.test] == [(0, 3), (1, 3), (2, 3)]
    assert len(tested) == 3
    smallest = min(each.test.p for each in tested if each.test)
    assert min(each.p for each in tested if each.p is not None) == pytest.approx(3 * smallest)
    assert all(each.is_significant for each in tested)


def test_a_loss_that_is_no_number_is_left_out():
    """A test of the others can still be made, and there is no interval."""
    broken = contender("broken", [1.0, 2.0, math.inf, 3.5])

    (difference,) = Comparison((broken, contender("other", [0.0, 0.0, 0.0, 0.0]))).differences()

    assert broken.loss_interval is None
    assert difference.test is not None
    assert difference.test.pairs == 3


def test_no_interval_reaches_below_a_loss_of_zero():
    """No cross-entropy does."""
    assert contender("tiny", [0.0, 0.001]).loss_interval == pytest.approx(
        (0.0, 0.0005 + 12.7062 * 0.0005), rel=1e-4
    )
    assert contender("alone", [1.0]).loss_interval is None


def test_the_free_runs_of_a_contender_are_those_of_all_its_trials():
    """Or none: a mean over some of them would be of other seeds."""
    all_run = contender("all", [1.0, 1.0], free=[50, 16])
    one_lacks = replace(all_run, trials=(all_run.trials[0], replace(all_run.trials[1], free_running=None)))

    assert [run.correct for run in all_run.free_runs] == [50, 16]
    assert one_lacks.free_runs == []


@pytest.mark.parametrize("text", [SONG, SENTENCE, STREAM])
def test_a_trial_is_measured_as_evaluate_measures_it(text):
    """On the same part, with the same figures."""
    model = trained(text, Path.cwd())

    trial, _ = measure_trial(model, run="runs/x")

    wanted = evaluate(model)
    assert (trial.metrics, trial.split) == (wanted.metrics, wanted.split)
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
    check_same_data([("a", "train", "1"), ("b", "train", "1")])
    for other, what in ((("b", "train", "2"), "the train part"), (("b", "test", "1"), "train and test")):
        with pytest.raises(
            UsageError, match=rf"a and b: measured on different data \({what}\); expected the same"
        ):
            check_same_data([("a", "train", "1"), other])


FAR, NEAR = [1.0, 1.01, 1.02], [0.1, 0.12, 0.11]


def test_the_lectures_verdict():
    """Only one plays the whole song; its loss is lower, and the other two do not differ."""
    mlp = contender("mlp", FAR, free=[16, 17, 16])
    lstm = contender("lstm", [1.02, 1.0, 1.01], free=[10, 12, 11])
    stateful = contender("stateful", NEAR, free=[50, 50, 50])

    sentences = verdict(Comparison((mlp, lstm, stateful)))

    assert sentences[:3] == [
        "Running free, only stateful predicts each of 50 tokens right, with each of 3 random seeds.",
        "mlp has at most 17 of 50 right, lstm has at most 12 of 50 right.",
        "Loss: the difference between mlp and lstm is not significant (3 seeds, p = 1).",
    ]
    assert sentences[3].startswith("Loss: stateful is lower than mlp by 0.9 nats per token (3 seeds, p = 0.0")
    assert sentences[4].startswith(
        "Loss: stateful is lower than lstm by 0.9 nats per token (3 seeds, p = 0.0"
    )


def test_of_one_seed_each_nothing_is_claimed_beyond_what_was_seen():
    """The free runs are facts; that one loss is lower than the other may be chance."""
    sentences = verdict(Comparison((contender("a", [1.0], free=[50]), contender("b", [2.0], free=[50]))))

    assert sentences == [
        "Running free, a and b predict each of 50 tokens right.",
        "Loss: no difference is tested, since a test needs two random seeds that both contenders have, each"
        " with a finite loss.",
    ]


def test_who_is_right_with_some_seeds_is_not_called_the_only_one():
    """With how many is said."""
    sentences = verdict(
        Comparison((contender("a", NEAR, free=[50] * 3), contender("b", FAR, free=[50, 1, 2])))
    )

    assert sentences[:2] == [
        "Running free, a predicts each of 50 tokens right, with each of 3 random seeds.",
        "b predicts every token right with 1 of 3 random seeds.",
    ]


def test_a_count_of_seeds_is_named_only_if_all_have_it():
    """One contender may have fewer runs than another."""
    sentences = verdict(Comparison((contender("a", NEAR, free=[50] * 3), contender("b", [1.0], free=[50]))))

    assert sentences[0] == "Running free, a and b predict each of 50 tokens right, with every random seed."


def test_a_shared_seed_without_a_finite_loss_is_not_tested():
    """The contenders share three seeds; the sentence does not say otherwise."""
    sentences = verdict(Comparison((contender("a", NEAR), contender("b", [math.inf, math.nan, 1.0]))))

    assert sentences[0].endswith("two random seeds that both contenders have, each with a finite loss.")


def test_without_free_runs_nothing_is_said_of_them():
    """Texts may have no seed to run from; one pair of many may share no seeds."""
    three = (contender("a", FAR), contender("b", NEAR), contender("c", [1.0]))

    sentences = verdict(Comparison(three))

    assert sentences[0].startswith("Loss: b is lower than a")
    assert sentences[1:] == [
        "Loss: the other pairs are not tested, since they share fewer than two random seeds with finite"
        " losses."
    ]


def test_one_contender_alone_has_no_losses_to_compare():
    """Its free runs are said all the same."""
    assert verdict(Comparison((contender("a", FAR, free=[1, 2, 3]),))) == [
        "Running free, a has at most 3 of 50 right."
    ]
