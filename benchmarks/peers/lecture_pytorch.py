"""The lecture's stateful LSTM on the butterfly song, in eager PyTorch.

`python -m benchmarks.peers.lecture_pytorch EPOCHS` trains and prints one JSON object: seconds of the "first"
epoch, seconds of all "others" together, and the "loss" of the last epoch.
"""

import json
import sys
import time

import torch
from torch import nn

from benchmarks.cases import CODES, SONG


def train(epochs: int) -> dict[str, float]:
    """Train on 50 windows of 4 notes an epoch, one at a time, with the state carried on and Keras' Adam."""
    ids = [CODES.index(code) for code in SONG]
    windows = torch.tensor([ids[start : start + 5] for start in range(len(ids) - 4)])
    inputs, targets = (windows[:, :4] / 13.0)[:, :, None, None], windows[:, 4:]
    recurrent, head = nn.LSTM(1, 128), nn.Linear(128, max(ids) + 1)
    parameters = [*recurrent.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, eps=1e-7, fused=True)

    ends, total = [time.perf_counter()], 0.0
    for _ in range(epochs):
        state, total = None, 0.0
        for window, target in zip(inputs, targets, strict=True):
            hidden, state = recurrent(window, state)
            state = tuple(part.detach() for part in state)
            loss = nn.functional.cross_entropy(head(hidden[-1]), target)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item()
        ends.append(time.perf_counter())
    return {"first": ends[1] - ends[0], "others": ends[-1] - ends[1], "loss": total / len(windows)}


if __name__ == "__main__":
    print(json.dumps(train(int(sys.argv[1]))))
