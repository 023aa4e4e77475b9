"""Runs of tokens of samples that stand verbatim in a training text; no hash is trusted.

Each n-gram of the samples has a name, a number from 1; two names side by side name an n-gram of twice the
length (Karp, Miller and Rosenberg, 1972, "Rapid identification of repeated patterns"). The training text is
read once for n = 1, 2, 4, 8 and so on. Each of its places gets the name of the n-gram that begins there, or 0
if no sample has it. A run of m tokens, n < m < 2n, is named by the n-grams at its beginning and at its end,
which overlap; so a search by halves finds the longest run of each sample. The work is linear in the training
text, times the logarithm of the longest run; places without a name are not read again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.training_tokens import AnyIds, TokenSequences

Places = NDArray[np.int64]
Names = NDArray[np.int32]
Flags = NDArray[np.bool_]

_BLOCK = 1 << 18
"""Number of places of the training text that are read at once: so many fit into the cache of a processor."""

_DIRECT = 1 << 22
"""Largest number of pairs of names whose names are in a table; more pairs are looked up by their hash."""

_FEW = 8
"""If at most one place in so many has a name, the places with a name are listed."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""2⁶⁴ divided by the golden ratio: multiplying by it spreads numbers over all bits."""


@dataclass(frozen=True, eq=False)
class VerbatimRuns:
    """What of each of S samples stands in a training text.

    Attributes:
        longest: (S,) number of tokens of the longest run; 0 if no token of the sample stands there.
        begins: (S,) index in the sample of the first token of this run, the first such run.
        sequences: (S,) index of the sequence of the training text where the run stands first; −1 for no run.
        tokens: (S,) index in that sequence of the first token of the run; −1 for no run.
        known: for each n that was asked for, and each sample of L tokens: whether the n-gram that begins at
            each token stands in the training text, (L − n + 1,), or (0,) for a sample shorter than n.
    """

    longest: Places
    begins: Places
    sequences: Places
    tokens: Places
    known: dict[int, tuple[Flags, ...]]


def verbatim_runs(
    samples: Sequence[AnyIds], training: TokenSequences, lengths: Sequence[int]
) -> VerbatimRuns:
    """Return the longest run of each sample that stands in a training text, and which n-grams stand there.

    A run lies within one sequence of the training text.

    Args:
        samples: token ids of each sample, 0 or more; a negative id is in no training text.
        training: the training text.
        lengths: the lengths n of the n-grams, powers of two.
    """
    bounds = np.cumsum([0, *(len(each) + 1 for each in samples)])[:-1]  # (S,) where each sample begins
    level = _Level.of_tokens(samples, training)
    longest, begins, places = (np.full(len(samples), value, np.int64) for value in (0, 0, -1))
    known: dict[int, Flags] = {}
    while True:
        # the samples that have a run of n tokens, and those that have one of 2n tokens
        known[level.n] = level.own > 0
        reached = level.reached(bounds)  # (S,)
        following = level.doubled() if reached.any() else None
        further = following.reached(bounds) if following else np.zeros_like(reached)
        ended = np.flatnonzero(reached & ~further)
        if len(ended):
            found = _Longest(level, bounds, ended).search()
            longest[ended], begins[ended], places[ended] = found
        if following is None:
            break
        level.clear()
        level = following
    sequences, tokens = _in_sequences(places, training)
    none = np.zeros(len(level.own), np.bool_)
    flags = {n: _by_sample(known.get(n, none), samples, bounds, n) for n in lengths}
    return VerbatimRuns(longest, np.maximum(begins - bounds, 0), sequences, tokens, flags)


def _in_sequences(places: Places, training: TokenSequences) -> tuple[Places, Places]:
    """Return the sequence and the token of places in the text with borders; −1 for a place of −1."""
    bounds = training.offsets[:-1] + np.arange(len(training))
    sequences = np.searchsorted(bounds, places, side="right") - 1
    is_found = places >= 0
    if not is_found.any():
        return places, places
    tokens = np.where(is_found, places - bounds[np.maximum(sequences, 0)], -1)
    return np.where(is_found, sequences, -1), tokens


def _by_sample(flags: Flags, samples: Sequence[AnyIds], bounds: Places, n: int) -> tuple[Flags, ...]:
    """Return the flags of the n-grams of each sample."""
    return tuple(
        flags[begin : begin + max(len(each) - n + 1, 0)]
        for begin, each in zip(bounds.tolist(), samples, strict=True)
    )


def _bordered(training: TokenSequences, names: Names) -> Names:
    """Return the name of each token of a training text, and a 0 after each sequence, (S + K,).

    Args:
        training: S tokens in K sequences.
        names: the name of each token id.
    """
    cuts = training.offsets[1:-1]
    ids = np.insert(training.ids, cuts, 0) if len(cuts) else training.ids
    read = np.zeros(len(ids) + 1, np.int32)
    for begin in range(0, len(ids), _BLOCK):
        block = ids[begin : begin + _BLOCK]
        read[begin : begin + len(block)] = names[block]
    read[cuts + np.arange(len(cuts))] = 0
    return read


class _Level:
    """The names of the n-grams of the samples, and of the training text.

    Args:
        n: length of the n-grams.
        own: (M,) the name at each place of the samples, which stand one after another with a border after
            each; 0 at a place whose n-gram is not in the training text.
        read: (T + 1,) the name at each place of the training text with a border between two sequences.
        spare: an array of the same shape, all zero, for the next level.
        alive: places of the training text that have a name; None: all places may have one.
        most: the largest name.
    """

    def __init__(
        self, n: int, own: Names, read: Names, spare: Names, alive: Places | None, most: int
    ) -> None:
        self.n, self.own, self.most = n, own, most
        self._read, self._spare, self._alive = read, spare, alive

    @staticmethod
    def of_tokens(samples: Sequence[AnyIds], training: TokenSequences) -> "_Level":
        """Return the level of single tokens."""
        ids = training.ids
        border = np.full(1, -1, np.int64)
        pieces = [piece for each in samples for piece in (np.asarray(each, np.int64), border)]
        own = np.concatenate([np.zeros(0, np.int64), *pieces])  # (M,)
        # names of the tokens that samples and training text share
        size = int(ids.max(initial=0)) + 1
        in_text = np.zeros(size, np.bool_)
        for begin in range(0, len(ids), _BLOCK):
            in_text[ids[begin : begin + _BLOCK]] = True
        within = (own >= 0) & (own < size)
        held = np.unique(own[within])
        held = held[in_text[held]]
        table = np.zeros(size, np.int32)
        table[held] = np.arange(1, len(held) + 1)
        named = np.where(within, table[np.clip(own, 0, size - 1)], np.int32(0))
        read = _bordered(training, table)
        return _Level(1, named, read, np.zeros_like(read), None, len(held))

    def reached(self, bounds: Places) -> Flags:
        """Return whether each sample has a run of n tokens in the training text, (S,)."""
        if not len(bounds):
            return np.zeros(0, np.bool_)
        found: Flags = np.maximum.reduceat(self.own, bounds) > 0
        return found

    def doubled(self) -> "_Level":
        """Return the names of the n-grams of twice the length; this level can still be read after it."""
        n, base = self.n, self.most + 1
        # the pairs of the samples get names, in the order of their numbers
        beside = np.append(self.own[n:], np.zeros(n, np.int32))[: len(self.own)]
        pairs = self.own.astype(np.int64) * base + beside
        both = (self.own > 0) & (beside > 0)
        distinct, numbers = np.unique(pairs[both], return_inverse=True)
        own = np.zeros_like(self.own)
        own[both] = numbers + 1
        # the same pairs in the training text
        read, look_up = self._spare, _lookup(distinct, base)
        in_text = np.zeros(len(distinct) + 1, np.bool_)
        alive = _Listed(len(read) // _FEW)
        for places, first, second in self.pairs(n, self._alive):
            names = look_up(first.astype(np.int64) * base + second)
            read[places] = names
            in_text[names] = True
            alive.add(places, names)
        own[~in_text[own]] = 0
        return _Level(2 * n, own, read, self._read, alive.all(), len(distinct))

    def clear(self) -> None:
        """Make all names of this level 0: its array is the spare one of the next level."""
        if self._alive is None:
            self._read.fill(0)
        else:
            self._read[self._alive] = 0

    def among(self, wanted: Flags) -> Places | None:
        """Return the places of the training text with one of these names, (most + 1,); None for too many."""
        listed = _Listed(len(self._read) // _FEW)
        for places in self._blocks(self._alive):
            listed.add(places, wanted[self._read[places]])
        found = listed.all()
        return self._alive if found is None else found

    def first_places(self, pairs: Places, shift: int, among: Places | None) -> Places:
        """Return the first place in the training text of each pair of names `shift` apart; −1 for none.

        Args:
            pairs: (P,) sorted and distinct pairs, as one number each.
            shift: how many tokens the second name begins after the first.
            among: the places that are read; None for all.
        """
        base, found = self.most + 1, np.full(len(pairs) + 1, -1, np.int64)
        look_up = _lookup(pairs, base)
        for places, first, second in self.pairs(shift, among):
            numbers = look_up(first.astype(np.int64) * base + second)
            held = np.flatnonzero(numbers)[::-1]
            held = held[found[numbers[held]] < 0]
            found[numbers[held]] = places[held]  # the first of equal numbers is written last
        return found[1:]

    def pairs(self, shift: int, among: Places | None) -> Iterator[tuple[Places, Names, Names]]:
        """Yield places of the training text, their names, and the names `shift` tokens later, in blocks.

        Places without one of the names are left out.
        """
        for places in self._blocks(among):
            first, second = self._read[places], self._read.take(places + shift, mode="clip")
            both = np.flatnonzero((first > 0) & (second > 0))
            yield places[both], first[both], second[both]

    def _blocks(self, among: Places | None) -> Iterator[Places]:
        """Yield the places to read, in rising order, a block at a time."""
        for begin in range(0, len(self._read) if among is None else len(among), _BLOCK):
            if among is None:
                yield np.arange(begin, min(begin + _BLOCK, len(self._read)))
            else:
                yield among[begin : begin + _BLOCK]


class _Longest:
    """The longest runs of samples that have a run of n tokens and none of 2n.

    Args:
        level: the names of the n-grams.
        bounds: (S,) where each sample begins.
        samples: (E,) the numbers of the samples.
    """

    def __init__(self, level: _Level, bounds: Places, samples: Places) -> None:
        self._level = level
        named = np.flatnonzero(level.own)
        sample = np.searchsorted(bounds, named, side="right") - 1
        number = np.full(len(bounds), -1)
        number[samples] = np.arange(len(samples))
        own = number[sample] >= 0
        # the places of the samples that have a name, and the number of their sample, from 0
        self._places, self._numbers = named[own], number[sample[own]]
        wanted = np.zeros(level.most + 1, np.bool_)
        wanted[level.own[self._places]] = True
        self._among = level.among(wanted)
        self._low = np.full(len(samples), level.n)
        self._begins, self._found = np.zeros_like(self._low), np.full_like(self._low, -1)

    def search(self) -> tuple[Places, Places, Places]:
        """Return the lengths of the runs, (E,), and where they begin in the samples and the training text."""
        n = self._level.n
        self._try(n, np.ones(len(self._low), np.bool_))
        high = np.full_like(self._low, 2 * n - 1)
        while (open_ := self._low < high).any():
            wanted = (self._low + high + 1) // 2
            for length in np.unique(wanted[open_]).tolist():
                group = open_ & (wanted == length)
                missed = group & ~self._try(length, group)
                high[missed] = length - 1
        return self._low, self._begins, self._found

    def _try(self, length: int, group: Flags) -> Flags:
        """Return which samples have a run of this length, (E,), and note where it is.

        Args:
            length: number of tokens, n or more and less than 2n.
            group: (E,) the samples that are looked at.
        """
        level, shift = self._level, length - self._level.n
        places = self._places[group[self._numbers]]
        ends = level.own[places + shift]
        places, ends = places[ends > 0], ends[ends > 0]
        pairs = level.own[places].astype(np.int64) * (level.most + 1) + ends
        distinct, which = np.unique(pairs, return_inverse=True)
        found = level.first_places(distinct, shift, self._among)[which]
        places, found = places[found >= 0], found[found >= 0]
        # the first run of each sample: the last write stays, so write from the end
        numbers = self._numbers[np.searchsorted(self._places, places)][::-1]
        self._low[numbers], self._begins[numbers], self._found[numbers] = length, places[::-1], found[::-1]
        has = np.zeros(len(group), np.bool_)
        has[numbers] = True
        return has


class _Listed:
    """Places with a name, as long as there are few.

    Args:
        most: largest number of places that are listed.
    """

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0
        self._blocks: list[Places] = []

    def add(self, places: Places, names: NDArray[Any]) -> None:
        """Add the places whose name is not 0."""
        if self._count > self._most:
            return
        self._blocks.append(places[names > 0])
        self._count += len(self._blocks[-1])
        if self._count > self._most:
            self._blocks.clear()

    def all(self) -> Places | None:
        """Return the places; None if there are more than the most."""
        if self._count > self._most:
            return None
        return np.concatenate([np.zeros(0, np.int64), *self._blocks])


def _lookup(pairs: Places, base: int) -> Callable[[Places], Names]:
    """Return a function from numbers to their index among P pairs, from 1; 0 for any other number.

    Args:
        pairs: (P,) sorted and distinct numbers from 0 to base² − 1.
        base: largest name + 1.
    """
    if base * base > _DIRECT:
        return _HashTable(pairs).look_up
    table = np.zeros(base * base, np.int32)
    table[pairs] = np.arange(1, len(pairs) + 1)
    return lambda numbers: table[numbers]


class _HashTable:
    """The index of P numbers, from 1; numbers whose slot another number has are in the next, smaller table.

    Args:
        numbers: (P,) distinct numbers, 0 or more.
    """

    def __init__(self, numbers: Places) -> None:
        self._numbers = np.append(np.int64(-1), numbers)
        self._tables: list[tuple[Names, np.uint64, np.uint64]] = []
        left = np.arange(1, len(self._numbers))
        while len(left):
            odd = _ODD + np.uint64(2 * len(self._tables))
            shift = np.uint64(64 - len(left).bit_length() - 2)
            slots = _slots(self._numbers[left], odd, shift)
            table = np.zeros(1 << int(np.uint64(64) - shift), np.int32)
            table[slots] = left
            self._tables.append((table, odd, shift))
            left = left[table[slots] != left]

    def look_up(self, numbers: Places) -> Names:
        """Return the index of each number, from 1; 0 for a number that is not in the table."""
        found = np.zeros(len(numbers), np.int32)
        left: Places | None = None  # all
        for table, odd, shift in self._tables:
            asked = numbers if left is None else numbers[left]
            names = table[_slots(asked, odd, shift)]
            names[self._numbers[names] != asked] = 0
            if left is None:
                found, left = names, np.flatnonzero(names == 0)
            else:
                found[left] = names
                left = left[names == 0]
        return found


def _slots(numbers: Places, odd: np.uint64, shift: np.uint64) -> Places:
    """Return the slot of each number: the upper bits of its product with an odd number."""
    products = numbers.astype(np.uint64)
    products *= odd
    products >>= shift
    return products.view(np.int64)
