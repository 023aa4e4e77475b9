"""The sequences that can be written are exactly those that satisfy the constraint."""

import itertools

import numpy as np
import pytest

from rnnlab.errors import UsageError
from rnnlab.generation.constraints import lookahead as module
from rnnlab.generation.constraints.automaton import Conjunction
from rnnlab.generation.constraints.lookahead import Lookahead, Table
from rnnlab.generation.constraints.patterns import ANY_NUMBER, GAP, Anything, Contains, EndsOn, Template
from rnnlab.generation.constraints.regular import Matches
from tests.generation.constraints.kinds import KINDS, Kind, V
from tests.generation.tiny_models import every_sequence

MOST = 5
EVERY = every_sequence(V, 0, MOST)
PAIRS = [*itertools.combinations(KINDS, 2)]


def table_of(*kinds: Kind) -> Table:
    product = Conjunction([kind.automaton for kind in kinds])
    return Table.of(product, product.start)


def writable(lookahead: Lookahead) -> set[tuple[int, ...]]:
    """Every sequence that can be written; a lane that can neither end nor go on is an error."""
    found, lanes, states = set(), [()], np.zeros(1, np.int64)
    if not lookahead.is_possible:
        return found
    for length in range(lookahead.most + 1):
        ending, allowed = lookahead.may_end(length, states), lookahead.allowed(length, states)
        assert (ending | allowed.any(axis=1)).all(), "a dead end"
        found |= {ids for ids, ends in zip(lanes, ending, strict=True) if ends}
        which, tokens = np.nonzero(allowed)
        lanes = [(*lanes[lane], token) for lane, token in zip(which.tolist(), tokens.tolist(), strict=True)]
        states = lookahead.after(states[which], tokens)
    assert not lanes
    return found


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("least", "most"), [(0, MOST), (3, 3), (2, 4)])
def test_what_can_be_written_is_what_satisfies_a_constraint(name: str, least: int, most: int) -> None:
    """By enumeration of all sequences of up to five tokens, for each kind; and no way is a dead end."""
    lookahead = Lookahead(table_of(KINDS[name]), least, most)

    wanted = {ids for ids in EVERY if least <= len(ids) <= most and KINDS[name].satisfies(ids)}
    assert writable(lookahead) == wanted
    assert lookahead.is_possible == bool(wanted)


def test_two_constraints_together_are_both_satisfied() -> None:
    """The same for each two kinds of constraint, joined by `Conjunction`."""
    fitting = {name: {ids for ids in EVERY if kind.satisfies(ids)} for name, kind in KINDS.items()}
    for one, other in PAIRS:
        lookahead = Lookahead(table_of(KINDS[one], KINDS[other]), 0, MOST, stop=4)

        assert writable(lookahead) == fitting[one] & fitting[other], (one, other)


def test_shortest_and_longest_are_those_of_the_sequences() -> None:
    """Against the lengths of all sequences that satisfy two constraints; None where there is no longest."""
    for one, other in PAIRS:
        table = table_of(KINDS[one], KINDS[other])
        lengths = {len(ids) for ids in EVERY if KINDS[one].satisfies(ids) and KINDS[other].satisfies(ids)}
        if table.longest is not None and table.longest < MOST:
            assert (table.shortest, table.longest) == (min(lengths), max(lengths)), (one, other)
        elif lengths:
            assert table.shortest == min(lengths), (one, other)


def test_there_is_no_longest_text_with_a_gap_for_any_number() -> None:
    """A text with `_*` has no longest length, one with `_` has; and no text at all has neither."""
    open_, closed = Template([ANY_NUMBER, 1], V), Template([GAP, GAP, 1], V)

    assert Table.of(open_, open_.start).longest is None
    assert Table.of(open_, open_.start).shortest == 1
    assert Table.of(closed, closed.start).longest == 3
    both = Conjunction([closed, EndsOn(2, V)])
    assert (Table.of(both, both.start).shortest, Table.of(both, both.start).longest) == (None, None)


def test_a_loop_that_leads_nowhere_does_not_count() -> None:
    """`a*` may go on for ever, but only `b` with nothing before it ends: the longest text has one token."""
    match = Matches("a*e|b", ["a", "b", None, None, None])

    assert Table.of(match, match.start).longest == 1


def test_each_length_that_is_possible_is_equally_likely() -> None:
    """Lengths 2 and 4 out of 1 to 4: a half of the samples ends after 2 tokens, all others after 4."""
    match = Matches("(ab){1,9}", "abcde")
    lookahead = Lookahead(Table.of(match, match.start), 1, 4)

    assert [lookahead.share_of_ending(length) for length in range(5)] == [0, 0, 0.5, 0, 1]


def test_no_length_is_drawn_where_the_constraint_ends_a_sample() -> None:
    """A sample that may end and cannot go on; or one of a single length; or one with a stop token."""
    template, anything = Template([1, GAP], V), Anything(V)

    assert Lookahead(Table.of(template, template.start), 0, 4).share_of_ending(2) is None
    assert Lookahead(Table.of(anything, 0), 3, 3).share_of_ending(3) is None
    assert Lookahead(Table.of(anything, 0), 0, 3, stop=4).share_of_ending(2) is None


def test_bars_of_several_lengths_end_by_themselves() -> None:
    """Full bars cannot go on, so that the notes alone decide how many they are."""
    lookahead = Lookahead(table_of(KINDS["bars"]), 0, 4)

    assert lookahead.is_prefix_free


def test_too_many_states_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the memory is full, with the remedy."""
    monkeypatch.setattr(module, "MOST_STATES", 3)
    wanted = Contains([1, 2, 3, 4], V)

    with pytest.raises(UsageError, match="more than 3 states together; leave one out"):
        Table.of(wanted, wanted.start)


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state and a number of tokens is a cell."""
    monkeypatch.setattr(module, "MOST_CELLS", 10)

    with pytest.raises(UsageError, match="too many for 9 tokens; ask for a shorter text"):
        Lookahead(Table.of(Anything(V), 0), 0, 9)
