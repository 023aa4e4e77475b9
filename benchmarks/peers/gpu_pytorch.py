"""Tokens per second of PyTorch's layers, on a GPU those of cuDNN: `python -m benchmarks.peers.gpu_pytorch`.

With `CASE` it answers as `benchmarks.workers` says; without it, it prints what it computes on. The text is on
the device. The matrix products of a GPU use TF32, as TensorFlow's and cuDNN's do unless they are told not to.
"""

import json
import sys
from typing import Any

import torch
from torch import nn

from benchmarks.cases import CLIPNORM, LEARNING_RATE, VOCABULARY, Case, case_from
from benchmarks.peers.gpu_text import TOKENS, text_ids
from benchmarks.workers import serve

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU}
STEPS_PER_CALL = 32


class Program:
    """A network, its optimizer, and the next batch of the text. The state is carried within an epoch."""

    def __init__(self, case: Case, *, device: str, tokens: int = TOKENS) -> None:
        ids = torch.tensor(text_ids(case, tokens=tokens), device=device)
        self.steps, self.per_batch, self.device = case.steps, case.tokens, device
        # Each lane reads a part of the text of its own.
        self.inputs = ids[:-1].reshape(case.batch, -1).T  # (S / N, N)
        self.targets = ids[1:].reshape(case.batch, -1).T  # (S / N, N)
        self.recurrent = LAYERS[case.cell](VOCABULARY, case.units, case.layers, device=device)
        self.head = nn.Linear(case.units, VOCABULARY, device=device)
        self.parameters = [*self.recurrent.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=LEARNING_RATE, fused=True)
        self.place = 0
        self.state: Any = None

    def step(self) -> torch.Tensor:
        """Take one step; return its loss, on the device."""
        rows = slice(self.place, self.place + self.steps)
        inputs = nn.functional.one_hot(self.inputs[rows], VOCABULARY).float()  # (T, N, V)
        hidden, state = self.recurrent(inputs, self.state)  # (T, N, H)
        logits = self.head(hidden).flatten(0, 1)  # (T·N, V)
        loss = nn.functional.cross_entropy(logits, self.targets[rows].flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIPNORM)
        self.optimizer.step()
        self._advance(state)
        return loss.detach()

    def _advance(self, state: Any) -> None:
        """Go to the next batch; an epoch begins with a zero state."""
        self.place += self.steps
        if self.place == len(self.inputs):
            self.place, self.state = 0, None
        else:
            self.state = (
                tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()
            )

    def call(self) -> float:
        """Take some steps, and read their losses; return the number of tokens."""
        torch.stack([self.step() for _ in range(STEPS_PER_CALL)]).tolist()
        return float(STEPS_PER_CALL * self.per_batch)

    def memory(self) -> float:
        """Return the largest amount of GPU memory that tensors took so far, in bytes."""
        return float(torch.cuda.max_memory_allocated()) if self.device == "cuda" else 0.0


def facts() -> dict[str, Any]:
    """Return whether there is a GPU, and the versions."""
    return {
        "gpu": torch.cuda.is_available(),
        "versions": f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}",
    }


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(json.dumps(facts()))
    else:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        serve(Program(case_from(sys.argv[1]), device="cuda" if torch.cuda.is_available() else "cpu"))
