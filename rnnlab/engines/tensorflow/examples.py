"""The examples on the device, and the batches that are gathered from them.

A batch has N examples whose inputs have at most T tokens and whose targets have at most U tokens. Inputs are
aligned at the right: the last token of every lane is at time step T − 1, so the state after the last step is
that after the last token. Targets of a decoder are aligned at the left. What fills a lane up never counts.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ragged, Spellings
from rnnlab.engines.tensorflow.start import tf

Tensor = Any

END_ID = 0
"""The id of `END` in the vocabulary of a decoder."""


@dataclass(frozen=True)
class Lanes:
    """One batch on the device.

    Attributes:
        inputs: token ids, (T, N), aligned at the right; for from_label the label of each lane, (1, N).
        valid: 1 where there is a token, else 0, (T, N).
        before: ids of the decoder's inputs, (U + 1, N): of pairs `END` first, then the target; of from_label
            the label's row first. None without a decoder.
        targets: ids of the targets, (1, N), (T, N) or (U + 1, N).
        counted: whether each target counts, 1 or 0, in the shape of `targets`.
        characters: ids of the characters of each token, (C, T, N), aligned at the right; None unless the
            model reads them.
        spelled: 1 where there is a character, else 0, (C, T, N); None as above.
    """

    inputs: Tensor
    valid: Tensor
    before: Tensor
    targets: Tensor
    counted: Tensor
    characters: Tensor = None
    spelled: Tensor = None


class InputsAndTargets(Protocol):
    """K inputs with their targets; with `words`, the inputs are numbers of distinct words."""

    @property
    def inputs(self) -> Ragged: ...
    @property
    def targets(self) -> Ragged: ...
    @property
    def words(self) -> Spellings | None: ...


class ExampleData:
    """All examples on the device, from which batches are gathered by number.

    The arrays are variables: `replace` puts other examples in their place, such as those of another epoch.

    Args:
        examples: the examples.
        task: label, tags, pairs or from_label.
        label_row: for from_label, the row of the first label in the decoder's table: the number of tokens.
        capacity: number of examples, input tokens and target tokens for which there is room; None for as many
            as `examples` has.

    Attributes:
        epoch: the epoch, from 0, whose examples they are, if each epoch has its own.
    """

    def __init__(
        self,
        examples: InputsAndTargets,
        task: str,
        *,
        label_row: int = 0,
        capacity: tuple[int, int, int] | None = None,
    ) -> None:
        self.task, self._label_row, self.epoch = task, label_row, 0
        sizes = (len(examples.inputs.offsets) - 1, len(examples.inputs.ids), len(examples.targets.ids))
        count, inputs, targets = capacity or sizes
        self._rooms = (inputs, count + 1, targets, count + 1)
        self._held = [tf.Variable(array, trainable=False) for array in self._arrays(examples)]
        self._words = _Words(examples.words) if examples.words else None

    def replace(self, examples: InputsAndTargets, epoch: int) -> None:
        """Put the examples of an epoch in the place of all.

        Raises:
            ValueError: they do not fit into the capacity.
        """
        for variable, array in zip(self._held, self._arrays(examples), strict=True):
            variable.assign(array)
        self.epoch = epoch

    def batch(self, numbers: Tensor, inputs: int, targets: int) -> Lanes:
        """Return N examples.

        Args:
            numbers: the number of the example of each lane, from 1; 0 for no example, (N,).
            inputs: T.
            targets: U.
        """
        input_ids, input_offsets, target_ids, target_offsets = (held.read_value() for held in self._held)
        is_read = tf.cast(numbers > 0, tf.float32)  # (N,)
        number = tf.maximum(numbers - 1, 0)  # (N,)
        begin, end = tf.gather(input_offsets, number), tf.gather(input_offsets, number + 1)  # (N,)
        places = end[None] - inputs + tf.range(inputs, dtype=end.dtype)[:, None]  # (T, N)
        is_token = places >= begin[None]  # (T, N)
        valid = tf.cast(is_token, tf.float32) * is_read  # (T, N)
        taken = tf.where(is_token, places, 0)  # (T, N)
        found = tf.gather(input_ids, taken)  # (T, N): token ids, or numbers of words
        characters = spelled = None
        if self._words:
            characters, spelled = self._words.spelled(found)
            found = tf.gather(self._words.ids, found)
        first, last = tf.gather(target_offsets, number), tf.gather(target_offsets, number + 1)  # (N,)
        if self.task == "tags":
            tags = tf.gather(target_ids, tf.where(is_token, places - begin + first, 0))  # (T, N)
            return Lanes(found, valid, None, tags, valid, characters, spelled)
        if self.task == "label":
            return Lanes(found, valid, None, tf.gather(target_ids, first)[None], is_read[None])
        steps = tf.range(targets + 1, dtype=end.dtype)[:, None]  # (U + 1, 1)
        length = (last - first)[None]  # (1, N)
        inside = steps < length  # (U + 1, N)
        ids = tf.gather(target_ids, tf.where(inside, first + steps, 0))  # (U + 1, N)
        wanted = tf.where(inside, ids, END_ID)  # (U + 1, N): the target, then END
        counted = tf.cast(steps <= length, tf.float32) * is_read  # (U + 1, N)
        start = tf.fill((1, numbers.shape[0]), END_ID)
        if self.task == "from_label":
            start = found[-1:] + self._label_row
        before = tf.concat([start, wanted[:-1]], axis=0)  # (U + 1, N)
        return Lanes(found, valid, before, wanted, counted)

    def _arrays(self, examples: InputsAndTargets) -> list[NDArray[np.int32]]:
        """Return the ids and the offsets of inputs and targets, filled up to the capacity."""
        arrays = (
            examples.inputs.ids,
            examples.inputs.offsets,
            examples.targets.ids,
            examples.targets.offsets,
        )
        filled = []
        for array, room in zip(arrays, self._rooms, strict=True):
            if len(array) > room:
                raise ValueError(f"expected at most {room} ids or offsets, received {len(array)}")
            whole = np.zeros(max(room, 1), np.int32)
            whole[: len(array)] = array
            filled.append(whole)
        return filled


class _Words:
    """The distinct words of the inputs on the device.

    Attributes:
        ids: the token id of each word, (W,).
    """

    def __init__(self, words: Spellings) -> None:
        self.ids = tf.constant(np.asarray(words.ids, np.int32))
        self._characters = tf.constant(np.asarray(words.spelled.ids, np.int32))
        self._offsets = tf.constant(np.asarray(words.spelled.offsets, np.int32))
        self._longest = int(np.diff(words.spelled.offsets).max(initial=1))

    def spelled(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Return the characters of words (T, N), and whether there is one, 1 or 0: (C, T, N) each."""
        begin, end = tf.gather(self._offsets, words), tf.gather(self._offsets, words + 1)  # (T, N)
        steps = tf.range(self._longest)[:, None, None]  # (C, 1, 1)
        places = end[None] - self._longest + steps  # (C, T, N)
        is_character = places >= begin[None]
        characters = tf.gather(self._characters, tf.where(is_character, places, 0))
        return characters, tf.cast(is_character, tf.float32)
