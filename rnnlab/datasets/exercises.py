"""Exercises: tasks whose examples are drawn at random, and whose right answers are computed.

| name       | input       | target       | source                            |
|------------|-------------|--------------|-----------------------------------|
| `parity`   | `0111`      | `odd`        |                                   |
| `adding`   | `3 5* 0 2*` | `7`          | Hochreiter and Schmidhuber (1997) |
| `brackets` | `([])`      | tags ) ] ) - | Suzgun et al. (2019)              |
| `copy`     | `gca`       | `gca`        | Graves et al. (2014)              |
| `addition` | `57+968`    | `1025`       | Zaremba and Sutskever (2014)      |

All examples of a draw are made at once, as arrays.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.examples import END, UNKNOWN, TaskVocabularies, TokenSet
from rnnlab.errors import ConfigError

Lengths = NDArray[np.int64]
Codes = NDArray[np.uint8]

MOST_COUNTED = 10**12
"""Numbers of different inputs are not counted further than this."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """K examples.

    Attributes:
        inputs: (S,) the token ids of the inputs, one after another.
        input_lengths: (K,) number of tokens of each input.
        targets: (R,) the token ids of the targets.
        target_lengths: (K,) number of tokens of each target.
    """

    inputs: Codes
    input_lengths: Lengths
    targets: Codes
    target_lengths: Lengths


def begins_of(lengths: Lengths) -> Lengths:
    """Return the index of the first token of each sequence, (K,)."""
    begins: Lengths = np.cumsum(lengths) - lengths
    return begins


class Exercise:
    """An exercise for inputs of a range of lengths.

    Args:
        shortest: smallest length to train on: tokens, or for addition digits.
        longest: largest length to train on.

    Attributes:
        vocabularies: the tokens.
        largest: most tokens of an input and of a target of the training lengths.
        has_lengths: whether examples of a given length can be drawn.
        least: smallest length that an example can have.
    """

    vocabularies: TaskVocabularies
    has_lengths = True
    least = 1

    def __init__(self, shortest: int, longest: int) -> None:
        self.shortest, self.longest = max(shortest, self.least), longest
        if longest < self.least:
            raise ConfigError(
                f"dataset.longest: expected {self.least} or more for this task, received {longest}"
            )

    @property
    def largest(self) -> tuple[int, int]:
        """Most tokens of an input and of a target of the training lengths."""
        raise NotImplementedError

    def draw(self, count: int, rng: np.random.Generator, length: int | None = None) -> Drawn:
        """Return K examples.

        Args:
            count: K.
            rng: the random generator.
            length: the length of all examples; None for lengths at random among those to train on.
        """
        lengths = rng.integers(self.shortest, self.longest + 1, count)
        return self._drawn(lengths if length is None else np.full(count, length), rng)

    def key(self, codes: bytes) -> bytes:
        """Return a key; inputs with the same key count as one example.

        At most one input of a key is held out, and then none of this key is trained on.

        Args:
            codes: the token ids of an input, a byte each.
        """
        return codes

    def family(self, key: bytes) -> tuple[Any, int]:
        """Return the family of a key, such as its length, and the number of different keys of the family.

        The number may be too small; it is never too large.
        """
        return len(key), self.variety(len(key))

    def variety(self, length: int) -> int:
        """Return the number of different keys of a length, at most `MOST_COUNTED`; it may be too small."""
        raise NotImplementedError

    def _drawn(self, lengths: Lengths, rng: np.random.Generator) -> Drawn:
        """Return examples of these lengths, (K,)."""
        raise NotImplementedError


class Parity(Exercise):
    """Whether the number of ones of a string of bits is odd or even."""

    vocabularies = TaskVocabularies(
        TokenSet((UNKNOWN, "0", "1"), "character"), TokenSet(("even", "odd"), "label")
    )

    @property
    def largest(self) -> tuple[int, int]:
        """Most tokens of an input, and one label."""
        return self.longest, 1

    def variety(self, length: int) -> int:
        """Return the number of strings of bits of a length."""
        return _power(2, length)

    def _drawn(self, lengths: Lengths, rng: np.random.Generator) -> Drawn:
        bits = rng.integers(0, 2, int(lengths.sum()), np.uint8)  # (S,)
        ones = np.add.reduceat(bits, begins_of(lengths), dtype=np.int64)  # (K,)
        return Drawn(bits + 1, lengths, (ones % 2).astype(np.uint8), np.ones_like(lengths))


class Adding(Exercise):
    """The sum of the two marked digits: one of the first half of the digits, and one of the second half.

    Hochreiter and Schmidhuber (1997) have real numbers with marks beside them; here a marked digit is a token
    of its own, such as `5*`, and the sum is one of 19 labels.
    """

    least = 2
    vocabularies = TaskVocabularies(
        TokenSet((UNKNOWN, *map(str, range(10)), *(f"{digit}*" for digit in range(10))), "word"),
        TokenSet(tuple(map(str, range(19))), "label"),
    )

    @property
    def largest(self) -> tuple[int, int]:
        """Most tokens of an input, and one label."""
        return self.longest, 1

    def variety(self, length: int) -> int:
        """Return the number of inputs of a length: those of the digits times those of the two marks."""
        half = length // 2
        return min(_power(10, length) * half * (length - half), MOST_COUNTED)

    def _drawn(self, lengths: Lengths, rng: np.random.Generator) -> Drawn:
        digits = rng.integers(0, 10, int(lengths.sum()), np.uint8)  # (S,)
        begins, half = begins_of(lengths), lengths // 2  # (K,)
        first = begins + rng.integers(0, half)  # (K,)
        second = begins + rng.integers(half, lengths)  # (K,)
        sums = digits[first] + digits[second]  # (K,)
        codes = digits + 1
        codes[first] += 10
        codes[second] += 10
        return Drawn(codes, lengths, sums, np.ones_like(lengths))


class Brackets(Exercise):
    """For each token of a string of brackets of two kinds, the bracket that must close next.

    The strings are beginnings of the Dyck language with two kinds of brackets, as in Suzgun et al. (2019):
    every closing bracket closes the last one that is open. Where a bracket is open, the next one opens or
    closes with the same probability. The tag `-` says that no bracket is open.
    """

    vocabularies = TaskVocabularies(
        TokenSet((UNKNOWN, "(", "[", ")", "]"), "character"), TokenSet((")", "-", "]"), "label")
    )

    @property
    def largest(self) -> tuple[int, int]:
        """Most tokens of an input; a target has a tag for each token."""
        return self.longest, self.longest

    def variety(self, length: int) -> int:
        """Return the number of strings of a length."""
        return _strings_of_brackets(min(length, 24))

    def _drawn(self, lengths: Lengths, rng: np.random.Generator) -> Drawn:
        count, steps = len(lengths), int(lengths.max())
        opens = rng.integers(0, 2, (steps, count), np.uint8).astype(bool)  # (T, K)
        kinds = rng.integers(0, 2, (steps, count), np.uint8)  # (T, K)
        lanes, depth = np.arange(count), np.zeros(count, np.int64)  # (K,)
        stack = np.zeros((steps + 1, count), np.uint8)  # the kind of each open bracket, by its depth from 1
        codes, tags = np.empty((2, steps, count), np.uint8)
        for step in range(steps):
            is_open = opens[step] | (depth == 0)  # (K,)
            kind = np.where(is_open, kinds[step], stack[depth, lanes])  # of the bracket that opens or closes
            depth += np.where(is_open, 1, -1)
            stack[depth[is_open], lanes[is_open]] = kind[is_open]
            codes[step] = np.where(is_open, 1, 3) + kind
            tags[step] = np.where(depth == 0, 1, 2 * stack[depth, lanes])
        is_token = np.arange(steps)[None] < lengths[:, None]  # (K, T)
        return Drawn(codes.T[is_token], lengths, tags.T[is_token], lengths)


class Copy(Exercise):
    """A string of random letters from a to h, to be written again, as in Graves et al. (2014)."""

    vocabularies = TaskVocabularies(
        TokenSet((UNKNOWN, *"abcdefgh"), "character"), TokenSet((END, UNKNOWN, *"abcdefgh"), "character")
    )

    @property
    def largest(self) -> tuple[int, int]:
        """Most tokens of an input and of a target."""
        return self.longest, self.longest

    def variety(self, length: int) -> int:
        """Return the number of strings of letters of a length."""
        return _power(8, length)

    def _drawn(self, lengths: Lengths, rng: np.random.Generator) -> Drawn:
        letters = rng.integers(0, 8, int(lengths.sum()), np.uint8)  # (S,)
        return Drawn(letters + 1, lengths, letters + 2, lengths)


class Addition(Exercise):
    """The sum of two numbers (Zaremba and Sutskever, 2014).

    The number of digits of each number is drawn at random from the training lengths; at a given length, both
    numbers have so many digits. Only the number 0 begins with 0. `57+968` and `968+57` have the same key: if
    one of them is held out, the other is not trained on.
    """

    vocabularies = TaskVocabularies(
        TokenSet((UNKNOWN, "+", *"0123456789"), "character"),
        TokenSet((END, UNKNOWN, *"0123456789"), "character"),
    )
    _PLUS, _ZERO, _TARGET_ZERO = 1, 2, 2

    @property
    def largest(self) -> tuple[int, int]:
        """Most tokens of an input, two numbers and `+`, and of their sum."""
        return 2 * self.longest + 1, self.longest + 1

    def key(self, codes: bytes) -> bytes:
        """Return the input with its smaller number, as text, first."""
        first, _, second = codes.partition(bytes([self._PLUS]))
        return min(first, second) + bytes([self._PLUS]) + max(first, second)

    def family(self, key: bytes) -> tuple[Any, int]:
        """Return the numbers of digits, and the number of unordered pairs of such numbers."""
        first, second = sorted(map(len, key.split(bytes([self._PLUS]))))
        if first == second:
            return (first, second), self.variety(first)
        return (first, second), min(_numbers(first) * _numbers(second), MOST_COUNTED)

    def variety(self, length: int) -> int:
        """Return the number of unordered pairs of numbers of so many digits."""
        count = _numbers(length)
        return min(count * (count + 1) // 2, MOST_COUNTED)

    def draw(self, count: int, rng: np.random.Generator, length: int | None = None) -> Drawn:
        """Return K sums; at a given length both numbers have so many digits."""
        shape = (2, count)
        if length is None:
            first, second = rng.integers(self.shortest, self.longest + 1, shape)
        else:
            first, second = np.full(shape, length)
        return self._sums(first, second, rng)

    def _sums(self, first_lengths: Lengths, second_lengths: Lengths, rng: np.random.Generator) -> Drawn:
        """Return sums of numbers of so many digits, (K,) each."""
        width = int(max(first_lengths.max(), second_lengths.max()))
        first, has_first = _random_numbers(first_lengths, width, rng)  # (K, D) each
        second, has_second = _random_numbers(second_lengths, width, rng)
        plus = np.full((len(first), 1), self._PLUS, np.uint8)
        table = np.concatenate([first + self._ZERO, plus, second + self._ZERO], axis=1)  # (K, 2 D + 1)
        is_token = np.concatenate([has_first, np.ones_like(plus, bool), has_second], axis=1)
        sums = _sums_of_digits(first, second)  # (K, D + 1)
        has_digit = np.maximum.accumulate(sums > 0, axis=1)
        has_digit[:, -1] = True  # the number 0 has a digit, too
        return Drawn(
            table[is_token],
            first_lengths + 1 + second_lengths,
            sums[has_digit] + np.uint8(self._TARGET_ZERO),
            has_digit.sum(axis=1),
        )


def _power(base: int, exponent: int) -> int:
    power: int = base ** min(exponent, 64)
    return min(power, MOST_COUNTED)


@cache
def _strings_of_brackets(length: int) -> int:
    """Return the number of beginnings of strings of brackets, counted by the number of open brackets."""
    counts = Counter({0: 1})
    for _ in range(length):
        longer = Counter[int]()
        for depth, count in counts.items():
            longer[depth + 1] += 2 * count  # either kind opens
            if depth:
                longer[depth - 1] += count
        counts = longer
    return min(counts.total(), MOST_COUNTED)


def _numbers(digits: int) -> int:
    """Return the number of numbers of so many digits; 0 is a number of one digit."""
    return 10 if digits == 1 else min(9 * _power(10, digits - 1), MOST_COUNTED)


def _random_numbers(
    lengths: Lengths, width: int, rng: np.random.Generator
) -> tuple[Codes, NDArray[np.bool_]]:
    """Return random numbers, (K, D) digits with zeros before them, and where the digits of a number stand."""
    digits = rng.integers(0, 10, (len(lengths), width), np.uint8)
    leading = rng.integers(1, 10, len(lengths), np.uint8)  # (K,)
    begin = width - lengths  # (K,)
    rows = np.flatnonzero(lengths > 1)
    digits[rows, begin[rows]] = leading[rows]
    is_digit = np.arange(width)[None] >= begin[:, None]  # (K, D)
    return digits * is_digit, is_digit


def _sums_of_digits(first: Codes, second: Codes) -> Codes:
    """Return the digits of sums, (K, D + 1), of the digits of both numbers, (K, D), by the school method."""
    count, width = first.shape
    sums, carry = np.zeros((count, width + 1), np.uint8), np.zeros(count, np.uint8)
    for place in range(width - 1, -1, -1):
        column = first[:, place] + second[:, place] + carry  # (K,)
        sums[:, place + 1], carry = column % 10, column // 10
    sums[:, 0] = carry
    return sums
