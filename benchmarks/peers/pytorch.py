"""Tokens per second of PyTorch's fused layers: `python -m benchmarks.peers.pytorch CASE SECONDS`."""

import sys
from typing import Any

import torch
from torch import nn

from benchmarks.cases import CLIPNORM, LEARNING_RATE, VOCABULARY, Case, case_from
from benchmarks.timing import print_rate

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "simple_rnn": nn.RNN}


class Trainer:
    """A network and its optimizer. The state is carried from batch to batch."""

    def __init__(self, case: Case) -> None:
        self.recurrent = LAYERS[case.cell](VOCABULARY, case.units, case.layers)
        self.head = nn.Linear(case.units, VOCABULARY)
        self.parameters = [*self.recurrent.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=LEARNING_RATE, fused=True)
        ids = torch.randint(VOCABULARY, (case.steps + 1, case.batch))
        self.inputs, self.targets = nn.functional.one_hot(ids[:-1], VOCABULARY).float(), ids[1:].flatten()
        self.state: Any = None
        self.tokens = case.tokens

    def step(self) -> int:
        """Take one step; return the number of its tokens."""
        hidden, state = self.recurrent(self.inputs, self.state)
        loss = nn.functional.cross_entropy(self.head(hidden).flatten(0, 1), self.targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIPNORM)
        self.optimizer.step()
        self.state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        return self.tokens


if __name__ == "__main__":
    case = case_from(sys.argv[1])
    print_rate(Trainer(case).step, seconds=float(sys.argv[2]))
