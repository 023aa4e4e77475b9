"""Tokens per second of PyTorch on pairs: `python -m benchmarks.peers.pytorch_pairs CASE SECONDS`.

An encoder and a decoder of `nn.LSTM`, on batches that are padded to their own longest example. The case says
whether a batch is one of rnnlab's, with examples of similar length, or has any examples. All batches are
made before the time is measured.
"""

import sys
from itertools import cycle
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.cases import CLIPNORM, LEARNING_RATE
from benchmarks.pairs import PairCase, mean_tokens, pair_case_from, pair_data
from benchmarks.timing import print_rate
from rnnlab.datasets.buckets import MOST_BUCKETS, BucketBatches, bucket_shapes
from rnnlab.datasets.examples import Examples, Sequences

IGNORED = -100
"""The target of a padded step, which `cross_entropy` leaves out."""

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""Sources (T, N), where they are padded (N, T), inputs of the decoder (U, N), and its targets (U · N,)."""


class Network(nn.Module):
    """An encoder and a decoder of one LSTM layer each."""

    def __init__(self, case: PairCase, sources: int, targets: int) -> None:
        super().__init__()
        self.source, self.before = (
            nn.Embedding(sources, case.embedding),
            nn.Embedding(targets, case.embedding),
        )
        self.encoder = nn.LSTM(case.embedding, case.units)
        self.decoder = nn.LSTM(case.embedding, case.units)
        self.attention = nn.Linear(2 * case.units, case.units) if case.attention == "dot" else None
        self.head = nn.Linear(case.units, targets)

    def forward(self, sources: torch.Tensor, padded: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Return the logits of the target tokens, (U, N, V)."""
        memory, state = self.encoder(self.source(sources))  # (T, N, H)
        hidden, _ = self.decoder(self.before(before), state)  # (U, N, H)
        if self.attention is not None:
            scores = torch.einsum("unh,tnh->nut", hidden, memory)
            shares = scores.masked_fill(padded[:, None], -1e9).softmax(-1)  # (N, U, T)
            context = torch.einsum("nut,tnh->unh", shares, memory)
            hidden = torch.tanh(self.attention(torch.cat([context, hidden], dim=-1)))
        logits: torch.Tensor = self.head(hidden)
        return logits


class Trainer:
    """A network, its optimizer and its batches."""

    def __init__(self, case: PairCase) -> None:
        examples = pair_data(case).examples
        batches = batches_of(examples, case.batch, by_length=case.by_length)
        self.tokens = mean_tokens(examples, len(batches))
        self.batches = cycle(batches)
        self.network = Network(case, len(examples.inputs.tokens), len(examples.targets.tokens))
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, fused=True)

    def step(self) -> float:
        """Take one step; return the mean number of tokens of a batch."""
        sources, padded, before, targets = next(self.batches)
        logits = self.network(sources, padded, before).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, targets, ignore_index=IGNORED)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIPNORM)
        self.optimizer.step()
        return self.tokens


def batches_of(examples: Examples, size: int, *, by_length: bool) -> list[Batch]:
    """Return the batches of one epoch: those of rnnlab's first epoch, or random ones."""
    numbers = examples.parts["train"]
    lengths = examples.inputs.lengths[numbers], examples.targets.lengths[numbers]
    shapes = bucket_shapes(*lengths, most=MOST_BUCKETS if by_length else 1)
    order = BucketBatches(lambda _: lengths, numbers, shapes, lanes=size, random_seed=0)
    (lanes,) = order.epoch(0, 0, order.steps)  # (B, N), numbers from 1
    return [batch_of(examples, each[each > 0] - 1) for each in lanes]


def batch_of(examples: Examples, numbers: Any) -> Batch:
    """Return the padded batch of examples: sources are padded at the left, targets at the right."""
    sources = columns(examples.inputs, numbers, at_left=True)
    targets = columns(examples.targets, numbers, at_left=False)
    end = np.zeros((1, len(numbers)), np.int64)  # the id of END, before the first token and after the last
    before = np.concatenate([end, np.maximum(targets, 0)])
    after = np.concatenate([targets, end + IGNORED])
    lengths = examples.targets.lengths[numbers]
    after[lengths, np.arange(len(numbers))] = 0
    return (
        torch.from_numpy(np.maximum(sources, 0)),
        torch.from_numpy(sources.T < 0),
        torch.from_numpy(before),
        torch.from_numpy(after.reshape(-1)),
    )


def columns(sequences: Sequences, numbers: Any, *, at_left: bool) -> Any:
    """Return sequences as columns of ids, (T, N), padded with `IGNORED`."""
    longest = int(sequences.lengths[numbers].max())
    padded = np.full((longest, len(numbers)), IGNORED, np.int64)
    for lane, number in enumerate(numbers.tolist()):
        ids = sequences[number]
        place = slice(longest - len(ids), None) if at_left else slice(len(ids))
        padded[place, lane] = ids
    return padded


if __name__ == "__main__":
    print_rate(Trainer(pair_case_from(sys.argv[1])).step, seconds=float(sys.argv[2]))
