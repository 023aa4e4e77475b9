"""One-step measures, worked by hand on a model that expects (sum + count) mod 5 of what it has read.

A target that it expects costs 1 bit, any other 3 bits.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.commands.measures import evaluation_rows, metrics_json
from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import reading_order
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.engines.numpy_engine import numpy_model
from rnnlab.engines.stepper import Ids, Logits, State, Stepper, Stream
from rnnlab.evaluation.evaluating import Evaluation
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.reports.measures import measures_table
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits
from tests.trained import SENTENCE, trained

SHIFTED = "dataset.target=shifted"


def measured(experiment: Experiment, model: Stepper | None = None) -> Metrics:
    """The measures of the training part."""
    corpus = load_corpus(experiment.dataset)
    part = split_corpus(corpus, experiment).parts["train"]
    order = reading_order(part, corpus, experiment)
    return measure(model or CountingModel(), corpus, order, target=experiment.dataset.target)


def assert_costs(metrics: Metrics, *, right: int, of: int) -> None:
    """So many targets of 1 bit, the others of 3."""
    assert (metrics.correct, metrics.tokens) == (right, of)
    assert metrics.total_loss / math.log(2) == pytest.approx(right + 3 * (of - right))


def test_each_measure_follows_from_the_loss_in_bits() -> None:
    """0 1 → 3 and 1 3 → 1 are right, 3 1 → 2 is not: 5 bits for 3 tokens."""
    metrics = measured(digits("01312"))

    assert metrics.bits_per_token == pytest.approx(5 / 3)
    assert metrics.loss == pytest.approx(5 / 3 * math.log(2))
    assert metrics.perplexity == pytest.approx(2 ** (5 / 3))
    assert metrics.accuracy == pytest.approx(2 / 3)
    assert metrics.tokens == 3


def test_shifted_counts_every_step_of_a_window() -> None:
    """0 1 → 1 3: both right; 1 3 → 3 1: the second; 3 1 → 1 2: none."""
    assert_costs(measured(digits("01312", settings=(SHIFTED,))), right=3, of=6)


@pytest.mark.parametrize("settings", [(), (SHIFTED,)])
@pytest.mark.parametrize("lanes", [2, 3])
def test_without_a_state_lanes_and_padding_change_nothing(settings: tuple[str, ...], lanes: int) -> None:
    """Three windows, one by one, or two and one beside a padded lane: the same sums."""
    alone = measured(digits("01312", settings=settings))
    batched = measured(digits("01312", settings=(*settings, f"training.batch_size={lanes}")))

    assert (batched.correct, batched.tokens) == (alone.correct, alone.tokens)
    assert batched.total_loss == pytest.approx(alone.total_loss)


@pytest.mark.parametrize("at_once", [1, 4, 1000])
def test_windows_are_measured_alike_however_many_at_once(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recurrent network with random weights, whose windows must not hear each other."""
    model = trained(SENTENCE, Path.cwd())
    expected = measured(model.experiment, numpy_model(model))
    monkeypatch.setattr("rnnlab.datasets.side_by_side.LANES_AT_ONCE", at_once)

    metrics = measured(model.experiment, numpy_model(model))

    assert (metrics.correct, metrics.tokens) == (expected.correct, expected.tokens)
    assert metrics.total_loss == pytest.approx(expected.total_loss, rel=1e-5)


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_stateful_windows_carry_the_state_from_window_to_window(lanes: int) -> None:
    """0 1 → 1 + 2 right; 1 3 → 5 + 4, not 1; 3 1 → 9 + 6, not 2; however many lanes training has."""
    settings = (*STATEFUL, f"training.batch_size={lanes}")

    assert_costs(measured(digits("01312", settings=settings)), right=1, of=3)


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_stream_goes_on_where_it_was_cut(lanes: int) -> None:
    """0 → 1 and 1 → 1 + 2 right; then, with the state, 3 → 4 + 3, not 1, and 1 → 5 + 4, not 2."""
    metrics = measured(digits("01312", settings=(*STREAM, f"training.batch_size={lanes}")))

    assert_costs(metrics, right=2, of=4)


def test_a_stream_is_cut_after_a_part_of_a_window() -> None:
    """Three targets in steps of two: in the last step one counts, 3 → 4 + 3, which is right."""
    metrics = measured(digits("0132", settings=(*STREAM, "training.batch_size=1")))

    assert_costs(metrics, right=3, of=3)


def test_a_sequence_starts_anew_inside_a_stream(tmp_path: Path) -> None:
    """0 1 3 | 1 2: after 3 no target; the state is zeroed before the second 1, which then expects 1 + 1."""
    metrics = measured(digits("013", "12", settings=(*STREAM, "training.batch_size=1"), folder=tmp_path))

    assert_costs(metrics, right=3, of=3)


def test_windows_stay_inside_a_sequence(tmp_path: Path) -> None:
    """0 1 3 | 1 3 1: two windows of two notes and their targets, both right; none across."""
    assert_costs(measured(digits("013", "131", folder=tmp_path)), right=2, of=2)


def test_measuring_leaves_no_trace() -> None:
    """The second time gives what the first gave: each starts from a zero state."""
    experiment = digits("01312", settings=STATEFUL)
    model = CountingModel()

    assert measured(experiment, model) == measured(experiment, model)


class Certain:
    """Is all but sure of token 1, whatever it reads; logits of the given size."""

    def __init__(self, size: float) -> None:
        self.size = size

    def zero_state(self, lanes: int) -> State:
        return ()

    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = False
    ) -> tuple[Logits, State]:
        row: Sequence[float] = [0, self.size, 0, 0, 0]
        return np.tile(np.array(row, np.float32), (*ids[:, -1:].shape, 1)), ()

    def stream(self, state: State) -> Stream:
        raise NotImplementedError


def test_great_logits_overflow_nowhere() -> None:
    """A wrong target costs what the logits lack, 10,000 nats here."""
    metrics = measured(digits("01312"), Certain(10_000))

    assert metrics.total_loss == pytest.approx(20_000)
    assert metrics.perplexity == math.inf


@pytest.mark.parametrize(
    ("loss", "number", "row"),
    [(2.0, math.exp(2), "7.389"), (709.0, math.exp(709), "8.218e+307"), (710.0, None, "over 1e308")],
)
def test_a_perplexity_that_no_float_holds_is_said_to_be_so(loss, number, row) -> None:
    """It is e to the loss up to 1.79e308, and never another number: null in JSON, which has no infinity."""
    metrics = Metrics(total_loss=3 * loss, correct=1, tokens=3)
    evaluation = Evaluation("train", metrics, None, None, None, None, None, None, ())

    assert metrics_json(metrics)["perplexity"] == number
    assert metrics_json(metrics)["loss"] == loss
    assert dict(evaluation_rows(evaluation))["perplexity"] == row
    assert ("over 1e308" in measures_table(evaluation)) == (number is None)


def test_small_losses_are_not_rounded_away() -> None:
    """A target of probability 1 − 4 e⁻³⁰ costs 4 e⁻³⁰ nats; in float32 that would be 0."""
    assert measured(digits("00111"), Certain(30)).total_loss == pytest.approx(3 * 4 * math.exp(-30), rel=1e-2)
