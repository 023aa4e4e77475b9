"""What a model makes of each target, on models whose opinion is known."""

import string
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets import side_by_side
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.engines import Ids, Logits, State, Stepper, Stream
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation import scoring
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.evaluation.scoring import Scores, score
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits
from tests.trained import SENTENCE, trained

FIVE_STEPS = ("dataset.target=shifted", "dataset.window=5")
SEVEN = ("dataset.vocabulary=0123456",)


class Opinion:
    """Gives the same logits whatever it reads."""

    def __init__(self, *logits: float) -> None:
        self.logits = np.array(logits, np.float32)

    def zero_state(self, lanes: int) -> State:
        return ()

    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = False
    ) -> tuple[Logits, State]:
        shape = ids[:, -1:].shape if last_only else ids.shape
        return np.broadcast_to(self.logits, (*shape, len(self.logits))), ()

    def stream(self, state: State) -> Stream:
        raise NotImplementedError


def scored(experiment: Experiment, model: Stepper) -> tuple[Corpus, list[Scores]]:
    corpus = load_corpus(experiment.dataset)
    part = split_corpus(corpus, experiment).parts["train"]
    order = reading_order(part, corpus, experiment)
    return corpus, list(score(model, corpus, order, target=experiment.dataset.target))


def measured(model: Stepper, *settings: str) -> Metrics:
    experiment = digits("0162543", settings=(*STREAM, "training.batch_size=1", *settings))
    corpus = load_corpus(experiment.dataset)
    part = split_corpus(corpus, experiment).parts["train"]
    order = reading_order(part, corpus, experiment)
    return measure(model, corpus, order, target="shifted")


@pytest.mark.parametrize("settings", [(), ("dataset.target=shifted",), STREAM])
def test_each_place_is_that_of_its_target(settings: tuple[str, ...]) -> None:
    """Two lanes, three windows: the corpus has the target at its place."""
    corpus, parts = scored(digits("01312", settings=(*settings, "training.batch_size=2")), CountingModel())

    places = np.concatenate([part.places for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    assert (corpus.ids[places] == targets).all()
    assert len(places) == {(): 3, STREAM: 4}.get(settings, 6)


def test_ranks_are_counted_from_the_most_probable() -> None:
    """Logits 2 0 3 0 1: token 2 is first; of the equal 1 and 3 the lower id is."""
    _, (part,) = scored(digits("001234", settings=FIVE_STEPS), Opinion(2, 0, 3, 0, 1))

    assert part.targets.tolist() == [0, 1, 2, 3, 4]
    assert part.ranks.tolist() == [2, 4, 1, 5, 3]
    assert part.expected.tolist() == [2, 2, 2, 2, 2]
    assert np.exp(-part.costs) == pytest.approx(np.exp([2, 0, 3, 0, 1]) / np.exp([2, 0, 3, 0, 1]).sum())


def test_where_logits_are_no_numbers_nothing_is_first() -> None:
    """NaN is behind nothing."""
    _, (part,) = scored(digits("000000", settings=FIVE_STEPS), Opinion(*[np.nan] * 5))

    assert (part.ranks > 5).all()


def test_the_top_five_are_counted() -> None:
    """Of 1 6 2 5 4 3, the targets 6 and 5 are behind the five most probable."""
    metrics = measured(Opinion(6, 5, 4, 3, 2, 1, 0), *SEVEN)

    assert (metrics.top_5, metrics.tokens) == (4, 6)
    assert metrics.top_5_accuracy == 4 / 6


def test_of_five_tokens_all_are_in_the_top_five() -> None:
    """That says nothing, so it is left out."""
    metrics = measured(Opinion(6, 5, 4, 3, 2), "dataset.inline=01324")

    assert (metrics.top_5, metrics.top_5_accuracy) == (None, None)


def cost_by_place(scores: list[Scores]) -> dict[tuple[int, int], float]:
    """The cost of each target by its place and its time step."""
    rows = [
        zip(*(column.tolist() for column in (each.places, each.steps, each.costs)), strict=True)
        for each in scores
    ]
    return {(place, step): cost for each in rows for place, step, cost in each}


def lanes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Is filled with the number of lanes of each piece that is read."""
    lanes, read = [], scoring.Reader.read

    def noted(reader, piece, before):
        lanes.append(piece.starts.shape[1])
        return read(reader, piece, before)

    monkeypatch.setattr(scoring.Reader, "read", noted)
    return lanes


CARRIED = [
    ("training.batching=stream", "dataset.window=5"),
    ("training.batching=windows", "model.stateful=true", "dataset.window=5"),
    ("training.batching=windows", "model.stateful=true", "dataset.window=3", "dataset.target=next"),
]


@pytest.mark.parametrize("settings", CARRIED)
@pytest.mark.parametrize("model", ["gru", "lstm", "simple_rnn"])
def test_lanes_side_by_side_give_the_costs_of_a_single_lane(
    settings: tuple[str, ...], model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In several rounds of several lanes; each target is scored once."""
    text = "".join(np.random.default_rng(1).choice(list(string.ascii_lowercase), 900))
    kind = f"model={{kind: {model}, units: [6, 5]}}"
    trained_model = trained(SENTENCE, Path.cwd(), kind, f"dataset.inline={text}", *settings)
    for array in trained_model.weights.values():
        np.multiply(array, 0.4, out=array)  # a network that forgets
    stepper, experiment = numpy_model(trained_model), trained_model.experiment
    _, expected = scored(experiment, stepper)  # too short for a second lane
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 20)
    monkeypatch.setattr(side_by_side, "LEAST_PIECE", 5)
    monkeypatch.setattr(side_by_side, "MOST_LANES", 6)
    monkeypatch.setattr(scoring, "MOST_LANES", 6)
    monkeypatch.setattr(scoring, "TOKENS_OF_A_LANE", 60)
    lanes = lanes_read(monkeypatch)

    _, found = scored(experiment, stepper)

    one, several = cost_by_place(expected), cost_by_place(found)
    assert several.keys() == one.keys()
    assert np.mean(list(several.values())) == pytest.approx(np.mean(list(one.values())), abs=1e-5)
    assert max(abs(several[key] - one[key]) for key in one) < 1e-3
    assert set(lanes) <= {3, 4, 5, 6}


@pytest.mark.parametrize("settings", [STREAM, STATEFUL])
def test_a_model_that_never_forgets_is_scored_as_by_a_single_lane(
    settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sum of all tokens so far: no number of tokens before a block replaces those before them."""
    text = "".join(np.random.default_rng(2).choice(list("01234"), 400))
    experiment = digits(text, settings=settings)
    _, expected = scored(experiment, CountingModel())
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 20)
    monkeypatch.setattr(side_by_side, "LEAST_PIECE", 4)
    monkeypatch.setattr(side_by_side, "MOST_LANES", 4)
    monkeypatch.setattr(scoring, "MOST_LANES", 4)
    monkeypatch.setattr(scoring, "TOKENS_OF_A_LANE", 30)
    lanes = lanes_read(monkeypatch)

    _, found = scored(experiment, CountingModel())

    assert cost_by_place(found) == cost_by_place(expected)
    assert 1 in lanes
    assert 4 in lanes


def test_cross_entropies_by_hand() -> None:
    """ln(1 + 1) for even logits, ln(1 + 3) where the other is three times as likely, no figure for −1."""
    logits = np.array([[0, 0], [0, np.log(3)], [5, 5]])

    costs = scoring.cross_entropies(logits, np.array([1, 0, -1]))

    assert costs == pytest.approx(np.array([np.log(2), np.log(4), np.nan]), nan_ok=True)
