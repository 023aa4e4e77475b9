"""Tokens per second that PyTorch generates: `python -m benchmarks.peers.pytorch_generation CASE SECONDS`.

Eagerly, one token at a time. The weights are random, the case's batch is the number of samples, and its
steps are the length of each.
"""

import sys

import torch
from torch import nn

from benchmarks.cases import VOCABULARY, case_from
from benchmarks.timing import print_rate

if __name__ == "__main__":
    case = case_from(sys.argv[1])
    recurrent, head = nn.LSTM(VOCABULARY, case.units, case.layers), nn.Linear(case.units, VOCABULARY)

    @torch.inference_mode()
    def write() -> int:
        """As many samples as the case has, one token at a time."""
        ids, state = torch.ones(case.batch, dtype=torch.long), None
        for _ in range(case.steps):
            hidden, state = recurrent(nn.functional.one_hot(ids, VOCABULARY).float()[None], state)
            ids = torch.multinomial(head(hidden[0]).softmax(-1), 1)[:, 0]
        return case.tokens

    print_rate(write, seconds=float(sys.argv[2]))
