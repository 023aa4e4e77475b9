"""Draws given a constraint, against the exact distribution by enumeration."""

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from rnnlab.errors import ModelFileError, UsageError
from rnnlab.generation import particles as module
from rnnlab.generation.constraints.automaton import Conjunction
from rnnlab.generation.constraints.lookahead import Lookahead, Table
from rnnlab.generation.decoding import Decoding
from rnnlab.generation.particles import Plan, Steered, draw
from rnnlab.generation.repetition import Penalty
from rnnlab.generation.sampling import Sampling
from tests.generation.constraints.kinds import KINDS, V
from tests.generation.tiny_models import (
    SecondOrderModel,
    Sequences,
    Written,
    distance,
    distance_by_chance,
    every_sequence,
    marginal_tests,
)

MODEL = SecondOrderModel(V)
SEED = (1, 0)
BIAS = 0.02
"""Distance that is left with 64 particles: their number is finite."""

STREAM = Decoding("stream", 1, 7, Sampling(1.0))
STOP = Decoding("stream", 1, 7, Sampling(1.0), stop=4)
WINDOWS = Decoding("windows", 1, 7, Sampling(1.0))
COLD = Decoding("windows", 3, 7, Sampling(0.6, top_k=4))
NUCLEUS = Decoding("stream", 1, 7, Sampling(1.5, top_p=0.95, min_p=0.02), stop=3)


def plan(names: Sequence[str], least: int, most: int, how: Decoding, *, guesses: bool = True) -> Plan:
    product = Conjunction([KINDS[name].automaton for name in names])
    table, frequencies = Table.of(product, product.start), np.array([0.3, 0.3, 0.2, 0.1, 0.1])
    return Plan(Lookahead(table, least, most, stop=how.stop, frequencies=frequencies if guesses else None))


def drawn(
    names: Sequence[str],
    least: int,
    most: int,
    how: Decoding = STREAM,
    *,
    particles: int = 64,
    draws: int = 1000,
    first: int = 0,
    guesses: bool = True,
) -> list[Steered]:
    plans = [plan(names, least, most, how, guesses=guesses)] * draws
    return draw(MODEL, np.array(SEED), plans, how, particles=particles, first=first)


def exact(names: Sequence[str], least: int, most: int, how: Decoding = STREAM) -> Sequences:
    return _exact(tuple(names), least, most, how)


@cache
def _exact(names: tuple[str, ...], least: int, most: int, how: Decoding) -> Sequences:
    written = Written(MODEL, SEED, how)
    return written.exact(lambda ids: all(KINDS[name].satisfies(ids) for name in names), least, most)


FEW = [
    (["template"], 0, 5, STREAM),
    (["open template"], 0, 4, STREAM),
    (["vary"], 0, 5, COLD),
    (["must"], 4, 4, STREAM),
    (["avoid"], 2, 2, STREAM),
    (["avoid one"], 0, 2, STOP),
    (["end_on"], 3, 3, WINDOWS),
    (["match"], 0, 3, STREAM),
    (["finite match"], 0, 6, STOP),
    (["length"], 1, 2, STREAM),
    (["key"], 0, 2, STOP),
    (["range"], 2, 2, NUCLEUS),
    (["bars"], 0, 5, STREAM),
    (["rhythm"], 0, 5, STREAM),
    (["pitches_of"], 0, 5, STREAM),
    (["must", "end_on"], 5, 5, STREAM),
    (["template", "avoid"], 0, 5, WINDOWS),
    (["bars", "key"], 0, 5, STREAM),
    (["bars", "end_on"], 0, 5, STOP),
    (["rhythm", "avoid"], 0, 5, COLD),
    (["open template", "avoid one"], 0, 4, STOP),
    (["match", "end_on"], 0, 4, STREAM),
    (["key", "range"], 2, 3, STREAM),
    (["long bars", "avoid one"], 0, 6, STOP),
]
MANY = [
    (["avoid"], 3, 5, STREAM),
    (["avoid", "end_on"], 5, 5, STOP),
    (["long bars"], 0, 6, STREAM),
    (["length"], 1, 4, STOP),
    (["key", "avoid"], 4, 4, WINDOWS),
    (["open template", "avoid"], 4, 5, COLD),
    (["match"], 0, 5, STREAM),
    (["must"], 6, 6, STREAM),  # one sample in 130
]


@pytest.mark.parametrize(("names", "least", "most", "how"), FEW)
def test_draws_follow_the_model_given_the_constraint(
    names: list[str], least: int, most: int, how: Decoding
) -> None:
    """At most 60 sequences: the frequencies are as near to the exact ones as true draws are."""
    wanted = exact(names, least, most, how)
    found = [each.sample.ids for each in drawn(names, least, most, how)]

    assert 2 <= len(wanted) <= 60
    assert {*found} <= {*wanted}
    assert distance(found, wanted) < distance_by_chance(wanted, len(found)) + BIAS


@pytest.mark.parametrize(("names", "least", "most", "how"), FEW[::4])
def test_without_a_guess_at_the_future_the_draws_are_the_same(
    names: list[str], least: int, most: int, how: Decoding
) -> None:
    """The guess changes how soon particles go where the constraint can be satisfied, and nothing else."""
    wanted = exact(names, least, most, how)
    found = [each.sample.ids for each in drawn(names, least, most, how, guesses=False)]

    assert distance(found, wanted) < distance_by_chance(wanted, len(found)) + BIAS


@pytest.mark.parametrize(("names", "least", "most", "how"), MANY)
def test_marginals_follow_the_model_given_the_constraint(
    names: list[str], least: int, most: int, how: Decoding
) -> None:
    """More than 60 sequences: the tokens of each place, and the ends, by a χ² test."""
    wanted = exact(names, least, most, how)
    found = [each.sample.ids for each in drawn(names, least, most, how)]

    assert len(wanted) > 60
    assert {*found} <= {*wanted}
    assert min(marginal_tests(found, wanted, V)) > 0.001


def test_plain_masking_is_not_the_model_given_the_constraint() -> None:
    """One particle satisfies the constraint, but its frequencies are wrong; so these tests can fail."""
    off, cases = [], [case for case in FEW if case[-1].sampling == Sampling(1.0)]
    for names, least, most, how in cases:
        wanted = exact(names, least, most, how)
        found = [each.sample.ids for each in drawn(names, least, most, how, particles=1, guesses=False)]
        assert {*found} <= {*wanted}
        off.append(distance(found, wanted) > distance_by_chance(wanted, len(found)) + BIAS)

    assert sum(off) >= len(cases) / 2


@pytest.mark.parametrize(("names", "least", "most", "how"), [*FEW, *MANY])
def test_the_probability_of_the_constraint_is_estimated(
    names: list[str], least: int, most: int, how: Decoding
) -> None:
    """The mean of the estimates is the exact one: they are unbiased.

    Without a stop token, each length that is possible has the same probability beforehand.
    """
    wanted = exact(names, least, most, how)
    ends = plan(names, least, most, how).lookahead
    lengths = {
        len(ids) for ids in every_sequence(V, least, most) if all(KINDS[n].satisfies(ids) for n in names)
    }
    share = 1.0 if how.stop is not None or ends.is_prefix_free else 1 / len(lengths)

    estimates = [math.exp(each.log_probability or 0) for each in drawn(names, least, most, how, draws=100)]

    error = float(np.std(estimates)) / math.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(sum(wanted.values()) * share, rel=1e-6, abs=4 * error)


def test_one_estimate_with_many_particles_is_near() -> None:
    """4,096 particles: within 0.1 nats."""
    (found,) = drawn(["bars", "key"], 0, 5, particles=4096, draws=1)

    assert found.log_probability == pytest.approx(
        math.log(sum(exact(["bars", "key"], 0, 5).values())), abs=0.1
    )


def test_a_sample_has_the_log_probability_of_its_tokens() -> None:
    """At temperature 1 without top-k, whatever the settings; each token, and together."""
    for found in drawn(["open template"], 0, 6, COLD, draws=20):
        ids, written = found.sample.ids, Written(MODEL, SEED, COLD)
        each = [
            written.log_probability(ids[: place + 1]) - written.log_probability(ids[:place])
            for place in range(len(ids))
        ]
        assert found.sample.log_probabilities == pytest.approx(each, abs=1e-5)
        assert found.sample.log_probability == pytest.approx(sum(each), abs=1e-5)


@pytest.mark.parametrize("particles", [1, 16])
def test_a_sample_does_not_depend_on_the_number_of_samples(particles: int) -> None:
    """Nor on which others are written with it: sample 5 is the same alone."""
    (alone,) = drawn(["must", "avoid"], 3, 6, particles=particles, draws=1, first=5)

    assert drawn(["must", "avoid"], 3, 6, particles=particles, draws=9)[5] == alone


def test_samples_that_do_not_fit_into_one_batch_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of samples are written one after another."""
    together = drawn(["must"], 3, 6, particles=16, draws=7)
    monkeypatch.setattr(module, "LANES_AT_ONCE", 40)

    assert drawn(["must"], 3, 6, particles=16, draws=7) == together


def test_samples_with_different_constraints_are_written_together() -> None:
    """Each satisfies its own, in the order of the plans, with lengths of their own."""
    names = ["template", "bars", "template", "must", "must", "bars"]
    plans = {name: plan([name], 0, 5, STREAM) for name in names}
    found = draw(MODEL, np.array(SEED), [plans[name] for name in names], STREAM, particles=8)

    assert all(KINDS[name].satisfies(each.sample.ids) for name, each in zip(names, found, strict=True))


def test_the_effective_sample_size_lies_between_one_and_all() -> None:
    """All, where the constraint allows everything; and less, where it removes something."""
    free = drawn(["length"], 3, 3, draws=1)[0]
    bound = [each.effective_sample_size or 0 for each in drawn(["must"], 5, 5, draws=50)]

    assert free.effective_sample_size == pytest.approx(64)
    assert free.log_probability == pytest.approx(0)
    assert all(1 <= size < 64 for size in bound)
    assert drawn(["must"], 5, 5, draws=1, particles=1)[0].effective_sample_size == 1


def test_particles_that_top_k_brings_to_a_dead_end_are_dropped() -> None:
    """With top-k, some ways into the constraint are closed; the others make the sample."""
    how = Decoding("stream", 1, 7, Sampling(1.0, top_k=2))
    wanted = exact(["open template"], 0, 5, how)
    found = drawn(["open template"], 0, 5, how, draws=200)

    assert {each.sample.ids for each in found} <= {*wanted}


def test_a_constraint_that_top_k_never_allows_is_refused() -> None:
    """With what left no token."""
    logits = MODEL.table[SEED]
    better = int((logits > logits[0]).sum())  # tokens before the token 0, with which the template begins
    how = Decoding("stream", 1, 7, Sampling(1.0, top_k=better))

    assert better
    with pytest.raises(UsageError, match=r"every particle of a sample \(of 8\) came to a dead end: .* top_k"):
        draw(MODEL, np.array(SEED), [plan(["template"], 0, 7, how)], how, particles=8)


class OnlyEven:
    """A rule: no token whose sum with the last two is odd."""

    context = 2

    def allowed(self, recent: np.ndarray) -> np.ndarray:
        assert recent.shape[1] == 2
        return (recent.sum(axis=1)[:, None] + np.arange(V)) % 2 == 0


def test_a_rule_on_the_last_tokens_is_one_more_constraint() -> None:
    """The seed is among the last tokens; the draws are those of the model given both."""
    chosen = plan(["end_on"], 3, 3, STREAM)
    plans = [Plan(chosen.lookahead, (OnlyEven(),))] * 1000

    def satisfies(ids: tuple[int, ...]) -> bool:
        whole = [*SEED, *ids]
        return ids[-1] == 2 and all(sum(whole[end - 2 : end + 1]) % 2 == 0 for end in range(2, len(whole)))

    wanted = Written(MODEL, SEED, STREAM).exact(satisfies, 3, 3)
    found = [each.sample.ids for each in draw(MODEL, np.array(SEED), plans, STREAM, particles=64)]

    assert {*found} <= {*wanted}
    assert distance(found, wanted) < distance_by_chance(wanted, len(found)) + BIAS


def test_dry_changes_the_model_that_is_conditioned_on() -> None:
    """A large penalty: no pair of tokens is written twice, also by particles that are copies of others."""
    how = Decoding("stream", 1, 7, Sampling(1.0), dry=Penalty(1000.0, 1.75, 1))

    for each in drawn(["must"], 6, 6, how, draws=200, guesses=False):
        whole = (*SEED, *each.sample.ids)
        pairs = [*pairwise(whole)]
        assert len({*pairs}) == len(pairs)


class WrittenUnderDry(Written):
    """A text under DRY: a token that would prolong a run of n tokens loses 2^(n − 1)."""

    def log_odds(self, ids: Sequence[int]) -> list[float]:
        whole, longest = [*self.seed, *ids], [0] * V
        for place in range(1, len(whole)):
            run = 0
            while run < place and whole[place - 1 - run] == whole[-1 - run]:
                run += 1
            longest[whole[place]] = max(longest[whole[place]], run)
        plain = super().log_odds(ids)
        return [value - 2.0 ** (run - 1) * (run > 0) for value, run in zip(plain, longest, strict=True)]


@pytest.mark.parametrize(("names", "length"), [(["must"], 5), (["end_on"], 3), (["key", "avoid one"], 4)])
def test_draws_under_dry_follow_the_lowered_model(names: list[str], length: int) -> None:
    """By enumeration of the model whose logits are lowered by hand."""
    how = Decoding("stream", 1, 7, Sampling(1.0), dry=Penalty(1.0, 2.0, 1))
    written = WrittenUnderDry(MODEL, SEED, how)
    wanted = written.exact(lambda ids: all(KINDS[name].satisfies(ids) for name in names), length, length)
    found = [each.sample.ids for each in drawn(names, length, length, how)]

    assert distance(found, wanted) < distance_by_chance(wanted, len(found)) + BIAS


def test_logits_that_are_no_numbers_are_refused() -> None:
    """As in plain generation."""
    broken = SecondOrderModel(V)
    broken.table[:] = np.nan

    with pytest.raises(ModelFileError, match="logits are not numbers"):
        draw(broken, np.array(SEED), [plan(["must"], 3, 6, STREAM)], STREAM, particles=4)
