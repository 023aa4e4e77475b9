"""Tokens per second that PyTorch generates: `python -m benchmarks.peers.pytorch_generation CASE SECONDS`.

PyTorch is eager and generates one token at a time. The weights are random. The batch of the case is the
number of samples, and its steps are the length of each sample.
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
        """Generate the samples of the case, one token at a time; return the number of tokens."""
        ids, state = torch.ones(case.batch, dtype=torch.long), None
        for _ in range(case.steps):
            hidden, state = recurrent(nn.functional.one_hot(ids, VOCABULARY).float()[None], state)
            ids = torch.multinomial(head(hidden[0]).softmax(-1), 1)[:, 0]
        return case.tokens

    print_rate(write, seconds=float(sys.argv[2]))
