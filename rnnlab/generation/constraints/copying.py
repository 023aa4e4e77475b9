"""No more than N tokens in a row from the training data: token by token, or as a tune in any key.

Both limits look up the last N tokens of each lane among the distinct runs of N tokens of the training data
that another token follows, and forbid the tokens that follow there. A run is looked up by a hash of 64 bits
(Zobrist, 1970: a random number for each token at each place, added up); two runs of one hash, which a text of
a million tokens has with a probability of 3·10⁻⁸, can only forbid too much. A run lies within one sequence.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.generation import Constraints
from rnnlab.datasets.training_tokens import TokenSequences, TrainingTokens
from rnnlab.errors import Argument, DataError, UsageError
from rnnlab.music.notation import parse_token

Ids = NDArray[np.integer[Any]]
Allowed = NDArray[np.bool_]
Hashes = NDArray[np.uint64]

_BLOCK = 1 << 16
"""Number of runs that are hashed at once."""

_PITCHES = 256
"""Size of a table by pitch or interval: a difference of two pitches of MIDI is −127 to 127."""

_NONE = np.zeros(0, np.int64)

_REST = -1
"""The pitch of a rest."""


Kept = Callable[[], TrainingTokens | str]
"""It returns the training data of a model, or a sentence on why they cannot be told."""


def copy_rules(
    settings: Constraints, tokens: Sequence[str], training: Kept | None
) -> tuple["CopyLimit | IntervalCopyLimit", ...]:
    """Return the rules of `max_copy` and `max_copy_intervals`; none if neither is set.

    Args:
        settings: the settings.
        tokens: the V tokens by id.
        training: the training data; None if they are not known.

    Raises:
        UsageError: the training data are not known.
    """
    if settings.max_copy is None and settings.max_copy_intervals is None:
        return ()
    name = "max_copy" if settings.max_copy is not None else "max_copy_intervals"
    kept = training() if training else "the training data are not known here"
    if isinstance(kept, str):
        raise UsageError(Argument(name), f": {kept}")
    rules: list[CopyLimit | IntervalCopyLimit] = []
    if settings.max_copy is not None:
        rules.append(CopyLimit(kept.train, longest=settings.max_copy, vocabulary_size=len(tokens)))
    if settings.max_copy_intervals is not None:
        rules.append(IntervalCopyLimit(kept.train, longest=settings.max_copy_intervals, tokens=tokens))
    return tuple(rules)


class CopyLimit:
    """At most N tokens in a row that stand in the training data.

    Args:
        sequences: the training data.
        longest: N, 1 or more.
        vocabulary_size: V; every id of the training data is below it.

    Attributes:
        context: number of last tokens that `allowed` looks at, N.
    """

    def __init__(self, sequences: TokenSequences, *, longest: int, vocabulary_size: int) -> None:
        self.context, self._size = longest, vocabulary_size
        self._numbers, self._places = _random((longest, vocabulary_size)), np.arange(longest)
        begins = _run_begins(sequences, longest)
        hashes = np.empty(len(begins), np.uint64)
        for first in range(0, len(begins), _BLOCK):
            block = slice(first, first + _BLOCK)
            runs = sequences.ids[begins[block, None] + np.arange(longest)]
            hashes[block] = self._hashed(runs)
        self._followers = _Followers(hashes, sequences.ids[begins + longest].astype(np.int64))

    @property
    def has_dead_end(self) -> bool:
        """Whether there is a run of N tokens of the training data after which every token is forbidden."""
        return self._followers.most >= self._size

    def allowed(self, recent: Ids) -> Allowed:
        """Return whether each token may come next in each lane, (lanes, V).

        Args:
            recent: (lanes, L) the last tokens of each lane, L ≥ 0; fewer than N forbid nothing.
        """
        allowed = np.ones((len(recent), self._size), np.bool_)
        allowed[self.forbidden(recent)] = False
        return allowed

    def forbidden(self, recent: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the lane and the token of each token that may not come next, both (F,); see `allowed`."""
        if recent.shape[1] < self.context:
            return _NONE, _NONE
        return self._followers.after(self._hashed(recent[:, -self.context :]))

    def _hashed(self, runs: Ids) -> Hashes:
        """Return the hash of each run of N tokens, (R, N) → (R,)."""
        hashes: Hashes = self._numbers[self._places, runs].sum(axis=1, dtype=np.uint64)
        return hashes


class IntervalCopyLimit:
    """At most N notes in a row that are a tune of the training data, in any key.

    Two runs of notes are the same tune if their durations and ties are equal, their rests stand at the same
    places, and one number of semitones moves all pitches of one to those of the other. A chord is moved as a
    whole. After N rests, a note of any pitch is the same tune. A token that is not a note is in no tune.

    Args:
        sequences: the training data.
        longest: N, 1 or more.
        tokens: the V tokens by id.

    Attributes:
        context: number of last tokens that `allowed` looks at, N.
    """

    def __init__(self, sequences: TokenSequences, *, longest: int, tokens: Sequence[str]) -> None:
        self.context, self._size = longest, len(tokens)
        self._shapes, self._pitches = _parsed(tokens)  # each (V,)
        self._shape_count = int(self._shapes.max(initial=-1)) + 1
        # the tokens in the order of their shapes, and for each shape of their pitches
        codes = self._shapes * _PITCHES + self._pitches + 1
        self._by_code = np.argsort(codes, kind="stable")
        self._codes = codes[self._by_code]
        self._of_shape = _random((longest, max(self._shape_count, 1)))
        self._of_interval = _random((longest, _PITCHES), random_seed=1)
        begins = _run_begins(sequences, longest)
        hashes, followers = np.empty(len(begins), np.uint64), np.empty(len(begins), np.int64)
        for first in range(0, len(begins), _BLOCK):
            block = slice(first, first + _BLOCK)
            runs = sequences.ids[begins[block, None] + np.arange(longest)]
            hashes[block], bases = self._hashed(runs)
            last = sequences.ids[begins[block] + longest]
            followers[block] = self._shapes[last] * _PITCHES + self._intervals(self._pitches[last], bases)
        self._followers = _Followers(hashes, followers)

    @property
    def has_dead_end(self) -> bool:
        """Whether there is a run of N notes, in some key, after which every token is forbidden."""
        for followers in self._followers.groups(least=max(self._shape_count, 1)):
            for base in range(_PITCHES // 2):
                _, tokens = self._tokens(followers, np.full(len(followers), base))
                if len(np.unique(tokens)) == self._size:
                    return True
        return False

    def allowed(self, recent: Ids) -> Allowed:
        """Return whether each token may come next in each lane, (lanes, V).

        Args:
            recent: (lanes, L) the last tokens of each lane, L ≥ 0; fewer than N forbid nothing.
        """
        allowed = np.ones((len(recent), self._size), np.bool_)
        allowed[self.forbidden(recent)] = False
        return allowed

    def forbidden(self, recent: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the lane and the token of each token that may not come next, both (F,); see `allowed`."""
        if recent.shape[1] < self.context:
            return _NONE, _NONE
        hashes, bases = self._hashed(recent[:, -self.context :])
        lanes, followers = self._followers.after(hashes)
        which, tokens = self._tokens(followers, bases[lanes])
        return lanes[which], tokens

    def _hashed(self, runs: Ids) -> tuple[Hashes, NDArray[np.int64]]:
        """Return the hash of each run of N tokens in any key, and the pitch of its first note, (R,) each.

        The pitch is `_REST` for a run of rests.
        """
        pitches = self._pitches[runs]  # (R, N)
        first = (pitches != _REST).argmax(axis=1)
        bases = pitches[np.arange(len(runs)), first]  # (R,)
        intervals = self._intervals(pitches, bases[:, None])
        places = np.arange(self.context)
        numbers = self._of_shape[places, self._shapes[runs]] + self._of_interval[places, intervals]
        return numbers.sum(axis=1, dtype=np.uint64), bases

    def _intervals(self, pitches: NDArray[np.int64], bases: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the semitones from the first note of a run to each pitch, plus 128; 0 without two notes."""
        has_both = (pitches != _REST) & (bases != _REST)
        return np.where(has_both, pitches - bases + _PITCHES // 2, 0)

    def _tokens(
        self, followers: NDArray[np.int64], bases: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the tokens that F followers are: the index of the follower, and the token, both (T,).

        Args:
            followers: (F,) shape · 256 + interval; the interval 0 is any pitch.
            bases: (F,) the pitch of the first note of the run before each.
        """
        shapes, intervals = np.divmod(followers, _PITCHES)
        pitches = bases + intervals - _PITCHES // 2
        is_any = intervals == 0
        # the range of codes of each follower, and the tokens in it; no token has a pitch that MIDI lacks
        codes = shapes * _PITCHES + np.where(is_any, 0, pitches + 1)
        low = np.searchsorted(self._codes, codes)
        high = np.searchsorted(self._codes, np.where(is_any, codes + _PITCHES, codes + 1))
        which, places = _in_ranges(low, high)
        return which, self._by_code[places]


class _Followers:
    """The tokens that follow runs, by the hash of the run.

    Args:
        hashes: (R,) the hash of each run.
        followers: (R,) a number for the token after each run.
    """

    def __init__(self, hashes: Hashes, followers: NDArray[np.int64]) -> None:
        order = np.lexsort((followers, hashes))
        hashes, followers = hashes[order], followers[order]
        is_new_run = np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]
        is_new = is_new_run | np.append(True, followers[1:] != followers[:-1])[: len(hashes)]
        self._numbers = followers[is_new]  # (F,) followers of one run after another
        self._hashes = hashes[is_new_run]  # (D,) distinct
        begins = np.flatnonzero(is_new_run[is_new])
        self._offsets = np.append(begins, len(self._numbers))  # (D + 1,)

    @property
    def most(self) -> int:
        """Largest number of different followers of a run."""
        return int(np.diff(self._offsets).max(initial=0))

    def after(self, hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the followers of each of R runs: the index of the run, and the follower, both (F,)."""
        if not len(self._hashes):
            return _NONE, _NONE
        if len(hashes) == 1:  # one lane: scalars are faster
            run = int(self._hashes.searchsorted(hashes[0]))
            if run == len(self._hashes) or self._hashes[run] != hashes[0]:
                return _NONE, _NONE
            followers = self._numbers[self._offsets[run] : self._offsets[run + 1]]
            return np.zeros(len(followers), np.int64), followers
        found = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        runs = np.flatnonzero(self._hashes[found] == hashes)
        which, places = _in_ranges(self._offsets[found[runs]], self._offsets[found[runs] + 1])
        return runs[which], self._numbers[places]

    def groups(self, *, least: int) -> Iterator[NDArray[np.int64]]:
        """Yield the followers of each run that has at least so many."""
        for run in np.flatnonzero(np.diff(self._offsets) >= least).tolist():
            yield self._numbers[self._offsets[run] : self._offsets[run + 1]]


def _run_begins(sequences: TokenSequences, length: int) -> NDArray[np.int64]:
    """Return where each run of so many tokens begins that has a token after it in its sequence, (R,)."""
    counts = np.maximum(np.diff(sequences.offsets) - length, 0)  # (K,)
    _, begins = _in_ranges(sequences.offsets[:-1], sequences.offsets[:-1] + counts)
    return begins


def _in_ranges(
    low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of R ranges, one range after another: the index of the range, and the number."""
    counts = high - low
    which = np.repeat(np.arange(len(low)), counts)
    before = np.cumsum(counts) - counts
    return which, np.arange(len(which)) - before[which] + low[which]


def _parsed(tokens: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the shape of each token, a number from 0, and its pitch, both (V,).

    A shape is a duration, with or without a tie, and the intervals of a chord above its lowest note, which is
    the pitch of the token. A rest has the pitch `_REST`; a token that is not a note, too, and a shape of its
    own.
    """
    numbers: dict[object, int] = {}
    shapes, pitches = [], []
    for token in tokens:
        try:
            note = parse_token(token)
        except DataError:
            shape: object = token
            pitch = _REST
        else:
            heights = [each.midi for each in note.pitches]
            pitch = heights[0] if heights else _REST
            shape = (note.duration, note.tied, tuple(height - pitch for height in heights))
        shapes.append(numbers.setdefault(shape, len(numbers)))
        pitches.append(pitch)
    return np.array(shapes, np.int64), np.array(pitches, np.int64)


def _random(shape: tuple[int, ...], *, random_seed: int = 0) -> Hashes:
    """Return random numbers of 64 bits."""
    return np.random.default_rng(random_seed).integers(0, 1 << 64, shape, np.uint64)
