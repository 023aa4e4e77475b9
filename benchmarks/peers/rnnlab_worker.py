"""Tokens per second of a worker of `rnnlab train`: `python -m benchmarks.peers.rnnlab_worker CASE SECONDS`.

TF_CONFIG names the workers; without it, the worker trains alone. Only worker 0 prints the rate, which is that
of all workers together.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import rnnlab
from benchmarks.cases import CLIPNORM, LEARNING_RATE, VOCABULARY, Case, case_from
from rnnlab.errors import Interrupted
from rnnlab.runs.progress import Progress

CONFIG = """
dataset:
  {{kind: text, inline: {text}, window: {steps}, target: shifted, encoding: one_hot, split: {{kind: none}}}}
model: {{kind: {cell}, units: {units}}}
training:
  batching: stream
  batch_size: {batch}
  epochs: 1000000
  optimizer: {{name: adam, learning_rate: {rate}, global_clipnorm: {clipnorm}}}
  checkpoint: {{every_seconds: 1000000}}
  distribute: {{strategy: multi_worker}}
"""
STEPS_PER_EPOCH = 8


class Rate:
    """Measures a training for some seconds, after a warm-up of a third of this, and then ends it."""

    def __init__(self, case: Case, seconds: float) -> None:
        self._tokens, self._seconds = case.tokens, seconds
        self._seen: list[tuple[float, int]] = []

    def note(self, progress: Progress) -> None:
        """Note the progress after a chunk."""
        now = time.perf_counter()
        self._seen.append((now, progress.step))
        if now - self._seen[0][0] > self._seconds * 4 / 3:
            os.kill(os.getpid(), signal.SIGTERM)

    @property
    def per_second(self) -> float:
        """Tokens per second after the warm-up."""
        warm = self._seen[0][0] + self._seconds / 3
        (begun, first), *_, (ended, last) = [each for each in self._seen if each[0] >= warm]
        return (last - first) * self._tokens / (ended - begun)


def main() -> None:
    """Train, and print the rate."""
    case = case_from(sys.argv[1])
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + VOCABULARY)]
    text = "".join(np.random.default_rng(0).choice(letters, case.tokens * STEPS_PER_EPOCH + case.batch))
    page = CONFIG.format(
        text="".join(letters) + text,
        steps=case.steps,
        batch=case.batch,
        rate=LEARNING_RATE,
        clipnorm=CLIPNORM,
        cell=case.cell,
        units=[case.units] * case.layers,
    )
    is_first = '"index": 0' in os.environ.get("TF_CONFIG", '"index": 0')
    rate = Rate(case, float(sys.argv[2]))
    with tempfile.TemporaryDirectory() as folder:
        try:
            rnnlab.train(page, run_dir=Path(folder) / "run", progress=rate.note if is_first else None)
        except Interrupted:
            if is_first:
                print(rate.per_second)


if __name__ == "__main__":
    main()
