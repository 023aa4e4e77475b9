"""The result of a comparison in sentences."""

import math

from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.verdict import verdict
from tests.comparing import contender, solver

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


RIGHT, WRONG, SOME = [1.0, 1.0, 0.995], [0.5, 0.4, 0.6], [1.0, 0.5, 0.99]


def of_lengths(*contenders):
    """The sentences that are not on losses."""
    return [each for each in verdict(Comparison(contenders)) if not each.startswith("Loss: ")]


def test_up_to_which_length_a_cell_solves_the_exercise_is_said():
    """With every random seed; and who is left at the greater lengths."""
    rnn = solver("simple_rnn", {20: WRONG, 40: WRONG, 100: WRONG})
    gru = solver("gru", {20: RIGHT, 40: SOME, 100: WRONG})
    lstm = solver("lstm", {20: RIGHT, 40: RIGHT, 100: RIGHT})

    assert of_lengths(rnn, gru, lstm) == [
        "Up to length 20, gru and lstm solve the exercise with each of 3 random seeds; at lengths 40 and 100,"
        " only lstm.",
        "gru solves length 40 with 2 of 3 random seeds.",
    ]


def test_a_length_counts_only_with_all_shorter_ones():
    """Who fails at 20 does not solve up to 40; of a single length alone it is said."""
    odd = solver("odd", {20: SOME, 40: RIGHT})
    even = solver("even", {20: RIGHT, 40: WRONG})

    assert of_lengths(odd, even) == [
        "Up to length 20, only even solves the exercise with each of 3 random seeds; at length 40, none.",
        "odd solves length 20 with 2 of 3 random seeds.",
    ]


def test_what_no_cell_solves_is_said():
    """And what all solve, without a word on seeds if there is one."""
    none = solver("a", {20: WRONG, 40: WRONG}), solver("b", {20: WRONG, 40: SOME})
    all_of_them = solver("a", {20: [1.0], 40: [1.0]}), solver("b", {20: [1.0], 40: [0.99]})

    assert of_lengths(*none) == [
        "At lengths 20 and 40, no contender solves the exercise with each of 3 random seeds.",
        "b solves length 40 with 2 of 3 random seeds.",
    ]
    assert of_lengths(*all_of_them) == ["Up to length 40, a and b solve the exercise."]


def test_the_loss_of_labels_is_of_an_example():
    """Of all other tasks it is of a token."""
    for task, unit in (("label", "example"), ("pairs", "token")):
        far = solver("a", {20: RIGHT}, task=task, losses=FAR)
        near = solver("b", {20: RIGHT}, task=task, losses=NEAR)

        (sentence,) = verdict(Comparison((far, near)))[1:]

        assert sentence.startswith(f"Loss: b is lower than a by 0.9 nats per {unit} (3 seeds, p = ")
