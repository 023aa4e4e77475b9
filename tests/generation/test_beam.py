"""Beam search, against all sequences of a small model."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from rnnlab.engines import Ids, Logits
from rnnlab.errors import ModelFileError, UsageError
from rnnlab.generation.beam import BeamSearcher, BeamWidth
from rnnlab.generation.constraints.automaton import Conjunction
from rnnlab.generation.constraints.lookahead import Lookahead, Table
from rnnlab.generation.decoding import Decoding, Sample, continue_greedily
from tests.generation.constraints.kinds import KINDS, V
from tests.generation.tiny_models import SecondOrderModel, SecondOrderStream, Written, every_sequence

SEED = (1, 0)
STREAM = Decoding("stream", 1, 7)
STOP = Decoding("stream", 1, 7, stop=4)
WINDOWS = Decoding("windows", 2, 7, stop=3)
EVERY = 6000
"""A width that holds every beginning of 5 tokens."""


def lookahead_of(names: Sequence[str], least: int, most: int, how: Decoding) -> Lookahead:
    product = Conjunction([KINDS[name].automaton for name in names])
    return Lookahead(Table.of(product, product.start), least, most, stop=how.stop)


def best(
    model: SecondOrderModel,
    names: Sequence[str],
    least: int,
    most: int,
    how: Decoding,
    *,
    width: int,
    normalization: float = 0.0,
    count: int = 1,
) -> list[Sample]:
    search = BeamWidth(width, normalization)
    lookahead = lookahead_of(names, least, most, how)
    return BeamSearcher(model, np.array(SEED), how, search, lookahead)(count)


def every_rank(
    written: Written, names: Sequence[str], least: int, most: int, normalization: float
) -> dict[tuple[int, ...], float]:
    """The rank of each sequence that satisfies the constraints, by enumeration."""
    stop, ranks = written.how.stop, {}
    for ids in every_sequence(V, least, most):
        if stop in ids or not all(KINDS[name].satisfies(ids) for name in names):
            continue
        whole = ids if stop is None or len(ids) == most else (*ids, stop)
        ranks[ids] = written.log_probability(whole) / max(len(whole), 1) ** normalization
    return ranks


@pytest.mark.parametrize("normalization", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(
    ("names", "least", "most", "how"),
    [
        (["length"], 4, 4, STREAM),
        (["length"], 1, 4, STREAM),
        (["length"], 0, 4, STOP),
        (["length"], 2, 4, WINDOWS),
        (["open template"], 0, 5, STOP),
        (["must", "end_on"], 0, 5, STREAM),
        (["bars"], 0, 4, STREAM),
        (["avoid", "key"], 3, 4, WINDOWS),
    ],
)
def test_a_width_that_holds_every_beginning_finds_the_best(
    names: list[str], least: int, most: int, how: Decoding, normalization: float
) -> None:
    """The five best of all sequences, in their order, for three drawn models."""
    for random_seed in range(3):
        model = SecondOrderModel(V, random_seed=random_seed)
        ranks = every_rank(Written(model, SEED, how), names, least, most, normalization)
        wanted = sorted(ranks, key=lambda ids: -ranks[ids])[:5]

        found = best(model, names, least, most, how, width=EVERY, normalization=normalization, count=5)

        assert [each.ids for each in found] == wanted


@pytest.mark.parametrize("width", [1, 3, 20])
@pytest.mark.parametrize("how", [STREAM, STOP, WINDOWS])
def test_each_text_has_the_log_probability_of_its_tokens(how: Decoding, width: int) -> None:
    """With any width: each token, and all together; the texts are different, and the best comes first."""
    model = SecondOrderModel(V)
    found = best(model, ["avoid", "end_on"], 2, 6, how, width=width, count=3)

    written = Written(model, SEED, how)
    for each in found:
        scores = [
            written.log_probability(each.ids[: place + 1]) - written.log_probability(each.ids[:place])
            for place in range(len(each.ids))
        ]
        assert each.log_probabilities == pytest.approx(scores, abs=1e-5)
        assert each.log_probability == pytest.approx(math.fsum(scores), abs=1e-5)
        assert all(KINDS[name].satisfies(each.ids) for name in ("avoid", "end_on"))
    assert len({each.ids for each in found}) == len(found) == min(3, width)


def test_one_lane_is_greedy() -> None:
    """A beam of width 1 takes the most probable token at each step."""
    model = SecondOrderModel(V)
    (greedy,) = continue_greedily(model, np.array([SEED]), STREAM)

    assert best(model, ["length"], 7, 7, STREAM, width=1)[0].ids == tuple(greedy.tolist())


def test_a_text_that_ends_soon_stops_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once no text can become one of the best, the model is not asked again."""
    model = SecondOrderModel(V)
    model.table[:, :, 4] = 9  # the stop token is by far the most probable one
    feeds, plain = [], SecondOrderStream.feed

    def counted(stream: SecondOrderStream, ids: Ids) -> Logits:
        feeds.append(len(ids))
        return plain(stream, ids)

    monkeypatch.setattr(SecondOrderStream, "feed", counted)
    (found,) = best(model, ["length"], 0, 500, STOP, width=4)

    assert found.ids == ()
    assert len(feeds) <= 2


class Nothing:
    """A rule that allows no token."""

    context = 1

    def allowed(self, recent: np.ndarray) -> np.ndarray:
        return np.zeros((len(recent), V), bool)


def test_a_dead_end_is_refused() -> None:
    """Where a rule leaves no token."""
    lookahead = lookahead_of(["length"], 2, 2, STREAM)
    search = BeamSearcher(SecondOrderModel(V), np.array(SEED), STREAM, BeamWidth(4), lookahead, (Nothing(),))

    with pytest.raises(UsageError, match="the beam search came to a dead end; give a larger beam"):
        search(1)


def test_logits_that_are_no_numbers_are_refused() -> None:
    """As in plain generation."""
    broken = SecondOrderModel(V)
    broken.table[:] = np.nan

    with pytest.raises(ModelFileError, match="logits are not numbers"):
        best(broken, ["must"], 0, 5, STREAM, width=4)
