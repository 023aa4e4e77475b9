"""The decoder of a network for examples in NumPy: recurrent layers, attention and head.

Arrays of the layers have features first, (K, U, N), with the N lanes last; logits are (N, U, V).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Logits, State
from rnnlab.engines.numpy.equation import Floats
from rnnlab.engines.numpy.network import Dense
from rnnlab.engines.numpy.stack import NumpyStack
from rnnlab.models.model_file import Weights
from rnnlab.models.task_architecture import Stack, TaskArchitecture


@dataclass(frozen=True, eq=False)
class Beginning:
    """What the decoder knows of N examples before its first step.

    Attributes:
        ids: the first input of each lane, (N,).
        state: the state before the first step, (N, H) each.
        memory: the encoder's outputs, (N, T, H); None without attention.
        valid: whether the memory counts, (N, T); None without attention.
        labels: rows of the decoder's table that are added to every input but the first, (N,); None for none.
    """

    ids: Ids
    state: State
    memory: Floats | None = None
    valid: NDArray[np.bool_] | None = None
    labels: Ids | None = None

    def of(self, lanes: NDArray[np.int64]) -> "Beginning":
        """Return what the decoder knows of some of the lanes, without their state."""
        return Beginning(
            self.ids[lanes],
            (),
            None if self.memory is None else self.memory[lanes],
            None if self.valid is None else self.valid[lanes],
            None if self.labels is None else self.labels[lanes],
        )


class NumpyDecoder:
    """The recurrent layers that write a target, the attention and the head.

    Args:
        architecture: the layers.
        decoder: the recurrent layers.
        weights: the model's weights, by their names in a model file.
    """

    def __init__(self, architecture: TaskArchitecture, decoder: Stack, weights: Weights) -> None:
        if architecture.decoder_encoding is None:
            raise ValueError("a decoder needs an encoding of the tokens that it writes")
        self.stack = NumpyStack(decoder, weights, architecture.decoder_encoding)
        self._attention = Dense(architecture.attention, weights) if architecture.attention else None
        self._head = Dense(architecture.head, weights)

    def outputs(
        self, before: Ids, state: State, labels: Ids | None = None, *, begins: bool
    ) -> tuple[Floats, State]:
        """Return the outputs of the recurrent layers, (H, U, N), and the last state, (N, H) each.

        Args:
            before: the input of each step, (U, N).
            state: the state before the first of these steps, (N, H) each.
            labels: rows that are added to every input but the first of the target, (N,); None for none.
            begins: whether the first of these steps is the first of the target.
        """
        x = self.stack.inputs(before)  # (G·H, U, N)
        if labels is not None:
            x[0][:, 1 if begins else 0 :] += self.stack.added(labels)[:, None]
        return self.stack.run(x, None, state)

    def attended(self, hidden: Floats, beginning: Beginning) -> Floats:
        """Return what the head reads, (N, U, H), of the outputs (H, U, N) of the recurrent layers."""
        asked = hidden.transpose(2, 1, 0)  # (N, U, H)
        if self._attention is None or beginning.memory is None:
            return asked
        context = self.alignment(hidden, beginning) @ beginning.memory  # (N, U, T) (N, T, H) = (N, U, H)
        both = np.concatenate([context, asked], axis=2).reshape(-1, 2 * len(hidden))  # (N·U, 2·H)
        return np.tanh(self._attention(both)).reshape(asked.shape)

    @staticmethod
    def alignment(hidden: Floats, beginning: Beginning) -> Floats:
        """Return the weight of each step of the memory for outputs (H, U, N), (N, U, T).

        They are the softmax of the products of memory and outputs: Luong et al. (2015), the score `dot`.
        """
        if beginning.memory is None or beginning.valid is None:
            raise ValueError("the network has no attention")
        asked = np.ascontiguousarray(hidden.transpose(2, 1, 0))  # (N, U, H)
        scores: Floats = asked @ beginning.memory.transpose(0, 2, 1)  # (N, U, T)
        scores += np.where(beginning.valid, np.float32(0), np.float32(-1e9))[:, None]
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, scores)
        scores /= scores.sum(axis=2, keepdims=True)
        return scores

    def logits(self, read: Floats) -> Logits:
        """Return the logits (…, V) of what the head reads, (…, H)."""
        logits = self._head(np.ascontiguousarray(read).reshape(-1, read.shape[-1]))
        return logits.reshape(*read.shape[:-1], -1)
