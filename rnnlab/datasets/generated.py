"""Examples of `kind: generated`: each epoch draws new ones, and none of them is a held-out example.

The validation and test examples are drawn first, and no example twice. What training draws is compared with
them, and drawn again if it is one of them. Training needs nearly all of few different examples, such as the
eight strings of three bits: so at most a tenth of the examples of one length is held out.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from rnnlab.config.task_data import GeneratedDataset
from rnnlab.datasets.corpus import reordered
from rnnlab.datasets.examples import Examples, Numbers, Sequences, TaskVocabularies, TokenSet
from rnnlab.datasets.exercises import (
    Adding,
    Addition,
    Brackets,
    Codes,
    Copy,
    Drawn,
    Exercise,
    Lengths,
    Parity,
    begins_of,
)
from rnnlab.datasets.written_dates import Dates
from rnnlab.errors import ConfigError

EXERCISES: dict[str, type[Exercise]] = {
    "parity": Parity,
    "adding": Adding,
    "brackets": Brackets,
    "copy": Copy,
    "addition": Addition,
    "dates": Dates,
}
"""The exercise of each `dataset.name`."""

HELD_OUT_SHARE = 10
"""At most one of so many examples of a length is held out."""

_TRAINING, _HELD_OUT, _OF_LENGTH = 1, 2, 3
"""The second number of the seeds: of an epoch, of validation and test, and of a test set of one length."""

_LEAST_ROUND, _MOST_ROUNDS, _MOST_EMPTY = 1000, 50, 2
"""Smallest number of examples of a round of draws, largest number of rounds, and largest number of rounds
without a new example: then there are hardly any more."""


class Generator:
    """The examples of a section `dataset` of `kind: generated`.

    Args:
        dataset: the section of the configuration.

    Attributes:
        vocabularies: the tokens.
        largest: most tokens of an input and of a target in training.

    Raises:
        ConfigError: there are too few different examples to hold out, or a length is too small for the task.
    """

    def __init__(self, dataset: GeneratedDataset) -> None:
        self.dataset = dataset
        self._exercise = EXERCISES[dataset.name](dataset.shortest, dataset.longest)
        self.vocabularies: TaskVocabularies = self._exercise.vocabularies
        self.largest = self._exercise.largest
        self._latest: tuple[int, Drawn] | None = None
        # the keys of all held-out examples of the training lengths, and the number of them by family
        self._keys, self._taken = set[bytes](), Counter[Any]()
        self._tests: dict[int, Drawn] = {}
        for length in dataset.test_lengths:
            self._check_length(length)
            if self._trains_on(length):
                self._tests[length] = self._test_of_length(length)
        self._held_out = self._drawn_apart()

    def training(self, epoch: int) -> Examples:
        """Return the examples of an epoch, from 0: always the same for one epoch and one `random_seed`.

        With `fresh: false` every epoch has the examples of epoch 0.
        """
        return self._examples({"train": self._epoch(epoch)})

    def held_out(self, part: str, length: int | None = None) -> Examples:
        """Return `dataset.held_out` different examples that training never has.

        Args:
            part: validation or test.
            length: for the test part, the length of all examples: one of `dataset.test_lengths`, or a length
                that is not trained on. If a length has few different examples, fewer are returned. None for
                examples of the training lengths.

        Raises:
            ConfigError: the task has no examples of this length.
        """
        if part not in self._held_out or (length is not None and part != "test"):
            raise ValueError(f"expected validation, or test with or without a length, received {part!r}")
        if length is None:
            return self._examples({part: self._held_out[part]})
        if length not in self._tests:
            if self._trains_on(length):
                raise ValueError(f"expected a length of dataset.test_lengths, received {length}")
            self._check_length(length)
            self._tests[length] = self._test_of_length(length)
        return self._examples({part: self._tests[length]})

    def examples(self) -> Examples:
        """Return the examples of the first epoch, of validation and of test, with their parts."""
        return self._examples({"train": self._epoch(0), **self._held_out})

    def _epoch(self, epoch: int) -> Drawn:
        """Return the examples of an epoch; those of the latest epoch are kept."""
        epoch = epoch if self.dataset.fresh else 0
        if self._latest is None or self._latest[0] != epoch:
            rng = np.random.default_rng([self.dataset.random_seed, _TRAINING, epoch])
            pieces, found = list[Drawn](), 0
            while found < self.dataset.examples:
                drawn = self._exercise.draw(self.dataset.examples - found, rng)
                free = [number for number, key in enumerate(self._keys_of(drawn)) if key not in self._keys]
                pieces.append(_chosen(drawn, free))
                found += len(free)
            self._latest = (epoch, _joined(pieces))
        return self._latest[1]

    def _trains_on(self, length: int) -> bool:
        return self._exercise.shortest <= length <= self._exercise.longest

    def _check_length(self, length: int) -> None:
        """Refuse a length that no example of the task has.

        Raises:
            ConfigError: the message gives the smallest length.
        """
        if length < self._exercise.least or not self._exercise.has_lengths:
            raise ConfigError(
                f"dataset.test_lengths: expected {self._exercise.least} or more for {self.dataset.name},"
                f" received {length}"
            )

    def _test_of_length(self, length: int) -> Drawn:
        """Return the test examples of a length; of a training length, they are held out.

        Raises:
            ConfigError: the length is trained on, and has too few different examples to hold one out.
        """
        is_trained = self._trains_on(length)
        rng = np.random.default_rng([self.dataset.random_seed, _OF_LENGTH, length])
        # validation and test need examples of a training length, too
        share = 2 * HELD_OUT_SHARE if is_trained else 1
        keys, taken = (self._keys, self._taken) if is_trained else (set[bytes](), Counter[Any]())
        found = self._different(self.dataset.held_out, rng, keys, taken, length=length, share=share)
        if not len(found.input_lengths):
            raise ConfigError(
                f"dataset.test_lengths: length {length} is trained on, and has too few different examples to"
                " hold one out; leave it out, or set dataset.shortest to a larger length"
            )
        return found

    def _drawn_apart(self) -> dict[str, Drawn]:
        """Return the examples of validation and test, of the training lengths.

        Raises:
            ConfigError: there are too few different examples.
        """
        wanted = self.dataset.held_out
        rng = np.random.default_rng([self.dataset.random_seed, _HELD_OUT])
        found = self._different(2 * wanted, rng, self._keys, self._taken)
        most = len(found.input_lengths) // 2
        if most < wanted:
            remedies = [f"set it to {most:,} or less"] * (most > 0)
            family = "of a length " if self._exercise.has_lengths else ""
            if self._exercise.has_lengths:
                remedies.append("set a larger dataset.longest")
            raise ConfigError(
                f"dataset.held_out: expected at most {most:,}, because a tenth of the different examples"
                f" {family}can be held out for validation and test, received {wanted:,};"
                f" {', or '.join(remedies)}"
            )
        return {
            "validation": _chosen(found, range(wanted)),
            "test": _chosen(found, range(wanted, 2 * wanted)),
        }

    def _different(
        self,
        wanted: int,
        rng: np.random.Generator,
        keys: set[bytes],
        taken: Counter[Any],
        *,
        length: int | None = None,
        share: int = HELD_OUT_SHARE,
    ) -> Drawn:
        """Return different examples, as many as wanted, or as can be found.

        Args:
            wanted: number of examples.
            rng: the random generator.
            keys: the keys of examples that are held out already; the new ones are added.
            taken: number of held-out examples by family; the new ones are added.
            length: the length of all examples; None for training lengths.
            share: at most one of so many examples of a family is held out.
        """
        pieces, found, empty = list[Drawn](), 0, 0
        while found < wanted and len(pieces) < _MOST_ROUNDS and empty < _MOST_EMPTY:
            drawn = self._exercise.draw(max(2 * (wanted - found), _LEAST_ROUND), rng, length)
            new = list[int]()
            for number, key in enumerate(self._keys_of(drawn)):
                if found + len(new) == wanted:
                    break
                family, variety = self._exercise.family(key)
                if key not in keys and taken[family] < variety // share:
                    keys.add(key)
                    taken[family] += 1
                    new.append(number)
            pieces.append(_chosen(drawn, new))
            found += len(new)
            empty += not new
        return _joined(pieces)

    def _keys_of(self, drawn: Drawn) -> Iterator[bytes]:
        """Yield the key of each example."""
        codes, ends = drawn.inputs.tobytes(), np.cumsum(drawn.input_lengths)
        begins = (ends - drawn.input_lengths).tolist()
        return (
            self._exercise.key(codes[begin:end]) for begin, end in zip(begins, ends.tolist(), strict=True)
        )

    def _examples(self, drawn: dict[str, Drawn]) -> Examples:
        """Return the examples of parts, one part after another."""
        whole = _joined([*drawn.values()])
        inputs = _sequences(whole.inputs, whole.input_lengths, self.vocabularies.inputs)
        targets = _sequences(whole.targets, whole.target_lengths, self.vocabularies.targets)
        digest = hashlib.sha256()
        for array in (whole.inputs, whole.input_lengths, whole.targets, whole.target_lengths):
            digest.update(np.ascontiguousarray(array).tobytes())
        parts: dict[str, Numbers] = {}
        begin = 0
        for part, each in drawn.items():
            end = begin + len(each.input_lengths)
            parts[part], begin = np.arange(begin, end), end
        name = f"generated {self.dataset.name}"
        return Examples(inputs, targets, _Texts(inputs, targets), (name,), digest.hexdigest(), parts)


class _Texts(Sequence[tuple[str, str]]):
    """The text of each input and each target, (K,), written when it is read."""

    def __init__(self, inputs: Sequences, targets: Sequences) -> None:
        self._inputs, self._targets = inputs, targets

    def __len__(self) -> int:
        return len(self._inputs)

    @overload
    def __getitem__(self, number: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, number: slice) -> list[tuple[str, str]]: ...
    def __getitem__(self, number: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        number = range(len(self))[
            number
        ]  # of a negative number, the number from 0; IndexError beyond the end
        return self._inputs.text(number), self._targets.text(number)


def _sequences(codes: Codes, lengths: Lengths, tokens: TokenSet) -> Sequences:
    return Sequences(codes.astype(np.int32), np.append(0, np.cumsum(lengths)), tokens)


def _chosen(drawn: Drawn, numbers: Sequence[int]) -> Drawn:
    """Return the examples with these numbers, in their order."""
    if len(numbers) == len(drawn.input_lengths):
        return drawn  # every number
    chosen = np.asarray(numbers, np.int64)
    inputs, _ = reordered(drawn.inputs, begins_of(drawn.input_lengths), chosen, closed=False)
    targets, _ = reordered(drawn.targets, begins_of(drawn.target_lengths), chosen, closed=False)
    return Drawn(inputs, drawn.input_lengths[chosen], targets, drawn.target_lengths[chosen])


def _joined(pieces: Sequence[Drawn]) -> Drawn:
    """Return the examples of all pieces, one piece after another."""
    if len(pieces) == 1:
        return pieces[0]
    fields = ("inputs", "input_lengths", "targets", "target_lengths")
    return Drawn(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in fields))
