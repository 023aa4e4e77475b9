"""One-step measures, worked by hand on a model that expects (sum + count) mod 5 of what it has read.

A target that it expects costs 1 bit, any other 3 bits.
"""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.commands.evaluation_results import evaluation_rows, metrics_json
from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.engines import Ids, Logits, State, Stepper, Stream
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation.measurement import Evaluation, Passage
from rnnlab.evaluation.metrics import Confusions, CrossValidation, Metrics, held_out_metrics, measure
from rnnlab.evaluation.scoring import Scores
from rnnlab.reports.overview import measures_table
from rnnlab.training.folds import fold_data
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits
from tests.evaluation.opinionated import model_that_expects
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


def scores(places, targets, expected, costs=None, steps=None):
    """The scores of a batch."""
    count = len(places)
    costs = np.zeros(count) if costs is None else np.array(costs)
    steps = np.zeros(count, np.int64) if steps is None else np.array(steps)
    ranks = np.ones(count, np.int64)
    return Scores(np.array(places), steps, np.array(targets), costs, ranks, np.array(expected))


def test_pairs_are_counted_over_batches():
    """Wanted and expected, in that order; right ones too."""
    confusions = Confusions()

    confusions.count(scores([1, 2, 3], [0, 0, 70_000], [0, 5, 1]))
    confusions.count(scores([4, 5], np.array([0, 5], np.uint8), [5, 0]))

    assert confusions.pairs == {(0, 0): 1, (0, 5): 2, (70_000, 1): 1, (5, 0): 1}
    assert confusions.wanted(0) == 3


def test_the_worst_come_first():
    """By how often, then by their ids; what was right is no mistake."""
    confusions = Confusions()

    confusions.count(scores(range(7), [2, 2, 1, 1, 1, 1, 3], [3, 3, 1, 1, 1, 0, 0]))

    assert confusions.worst(2) == [(2, 3, 2), (1, 0, 1)]


def test_a_passage_keeps_the_cost_with_most_tokens_before_it():
    """It is that of the latest time step, in whatever order windows are read; other places are left out."""
    passage = Passage(begin=2, end=5)

    passage.note(scores([1, 2, 3, 2], [0] * 4, [0] * 4, [9.0, 1.0, 2.0, 7.0], [0, 1, 2, 0]))
    passage.note(scores([3, 4, 5], [0] * 3, [0] * 3, [8.0, 3.0, 9.0], [0, 0, 0]))
    passage.note(scores([4], [0], [0], [4.0], [1]))

    assert passage.costs == {2: 1.0, 3: 2.0, 4: 4.0}


ONES = (
    "dataset.window=1",
    "dataset.split={kind: stratified_shuffle, allow_overlap: true}",
    "training.shuffle=true",
    "model={kind: mlp, units: 2}",
)
DATA = "0010201040301020103040102"


def test_each_fold_is_measured_by_its_own_model() -> None:
    """The first fold's model expects 0, the second's 1; each is asked for the targets that were held out."""
    experiment = digits(DATA, settings=ONES)
    corpus = load_corpus(experiment.dataset)
    folds = [*fold_data(corpus, experiment, 2)]

    measured = [
        held_out_metrics(model_that_expects(token, experiment, odds=4), experiment, fold)
        for token, fold in zip("01", folds, strict=True)
    ]

    for token, fold, metrics in zip((0, 1), folds, measured, strict=True):
        targets = corpus.ids[fold.splits.parts["validation"].window_starts + 1]
        right = int((targets == token).sum())
        assert (metrics.correct, metrics.tokens) == (right, len(targets))
        assert metrics.total_loss == pytest.approx(
            right * math.log(8 / 4) + (len(targets) - right) * math.log(8), rel=1e-6
        )
    assert sum(metrics.tokens for metrics in measured) == len(DATA) - 1


def test_the_mean_and_its_deviation_are_over_the_folds() -> None:
    """Each fold counts the same, however many tokens it has; the deviation is the sample's (K − 1)."""
    crossed = CrossValidation((Metrics(2.0, 1, 2), Metrics(8.0, 4, 4), Metrics(30.0, 0, 10)))

    assert crossed.mean("loss") == pytest.approx((1 + 2 + 3) / 3)
    assert crossed.mean("accuracy") == pytest.approx((0.5 + 1 + 0) / 3)
    assert crossed.standard_deviation("loss") == pytest.approx(1.0)
    assert crossed.standard_deviation("accuracy") == pytest.approx(statistics.stdev([0.5, 1, 0]))


def test_the_confidence_interval_is_students() -> None:
    """Three folds have two degrees of freedom, whose 97.5 % quantile is 4.3027 in any table."""
    crossed = CrossValidation((Metrics(2.0, 1, 2), Metrics(8.0, 4, 4), Metrics(30.0, 0, 10)))

    low, high = crossed.confidence_interval("loss")

    assert (low, high) == pytest.approx((2 - 4.3027 / math.sqrt(3), 2 + 4.3027 / math.sqrt(3)), abs=1e-4)


def test_a_loss_that_is_no_number_is_not_shown_as_0():
    """The costs of a model whose weights are not finite are NaN, and so are loss and perplexity."""
    broken = Metrics(math.nan, correct=0, tokens=3)

    assert math.isnan(broken.loss)
    assert math.isnan(broken.perplexity)
    assert math.copysign(1, Metrics(-0.0, correct=3, tokens=3).loss) == 1
