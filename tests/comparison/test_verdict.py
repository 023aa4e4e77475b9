"""What a comparison comes to, in plain words."""

from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.verdict import verdict
from tests.comparing import contender

FAR, NEAR = [1.0, 1.01, 1.02], [0.1, 0.12, 0.11]


def test_the_lectures_verdict():
    """Only one plays the whole song; its loss is lower, and the other two do not differ."""
    mlp = contender("mlp", FAR, free=[16, 17, 16])
    lstm = contender("lstm", [1.02, 1.0, 1.01], free=[10, 12, 11])
    stateful = contender("stateful", NEAR, free=[50, 50, 50])

    sentences = verdict(Comparison((mlp, lstm, stateful)))

    assert sentences[:3] == [
        "Running free, only stateful is right to the last of 50 tokens, with each of 3 random seeds.",
        "mlp has at best 17 of 50 right, lstm has at best 12 of 50 right.",
        "Loss: no difference between mlp and lstm that is more than chance (3 seeds, p = 1).",
    ]
    assert sentences[3].startswith(
        "Loss: stateful is lower than mlp, by 0.9 nats per token (3 seeds, p = 0.0"
    )
    assert sentences[4].startswith(
        "Loss: stateful is lower than lstm, by 0.9 nats per token (3 seeds, p = 0.0"
    )


def test_of_one_seed_each_nothing_is_claimed_beyond_what_was_seen():
    """The free runs are facts; that one loss is lower than the other may be chance."""
    sentences = verdict(Comparison((contender("a", [1.0], free=[50]), contender("b", [2.0], free=[50]))))

    assert sentences == [
        "Running free, a and b are right to the last of 50 tokens.",
        "Loss: nothing can be said of whether a difference would come again with another random seed, as"
        " there are not two seeds that are shared.",
    ]


def test_who_is_right_with_some_seeds_is_not_called_the_only_one():
    """With how many is said."""
    sentences = verdict(
        Comparison((contender("a", NEAR, free=[50] * 3), contender("b", FAR, free=[50, 1, 2])))
    )

    assert sentences[:2] == [
        "Running free, a is right to the last of 50 tokens, with each of 3 random seeds.",
        "b is right to the last token with 1 of 3 random seeds.",
    ]


def test_without_free_runs_nothing_is_said_of_them():
    """Texts may have no seed to run from; one pair of many may share no seeds."""
    three = (contender("a", FAR), contender("b", NEAR), contender("c", [1.0]))

    sentences = verdict(Comparison(three))

    assert sentences[0].startswith("Loss: b is lower than a")
    assert sentences[1:] == [
        "Of the other pairs nothing can be said: they share fewer than two random seeds."
    ]


def test_one_contender_alone_has_no_losses_to_compare():
    """Its free runs are said all the same."""
    assert verdict(Comparison((contender("a", FAR, free=[1, 2, 3]),))) == [
        "Running free, a has at best 3 of 50 right."
    ]
