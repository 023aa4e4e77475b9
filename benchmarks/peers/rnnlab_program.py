"""Tokens per second of rnnlab's program: `python -m benchmarks.peers.rnnlab_program CASE SECONDS`."""

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.cases import CLIPNORM, LEARNING_RATE, VOCABULARY, Case, case_from
from benchmarks.timing import print_rate
from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.loading import load_data
from rnnlab.training.chunks import ChunkLength, ChunkPlanner
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer

CELLS = {"peephole": "lstm, peephole: true", "coupled": "lstm, coupled_gates: true"}
CONFIG = """
dataset: {{kind: text, inline: {text}, window: {steps}, target: shifted, encoding: one_hot}}
model: {{kind: {cell}, units: {units}}}
training:
  batching: stream
  batch_size: {batch}
  epochs: 1000000
  optimizer: {{name: adam, learning_rate: {rate}, global_clipnorm: {clipnorm}}}
"""
STEPS_PER_EPOCH = 8


class Program:
    """The compiled program of a case, on random characters."""

    def __init__(self, case: Case) -> None:
        letters = [chr(code) for code in range(0x4E00, 0x4E00 + VOCABULARY)]
        text = "".join(np.random.default_rng(0).choice(letters, case.tokens * STEPS_PER_EPOCH + case.batch))
        page = CONFIG.format(
            text="".join(letters) + text,
            steps=case.steps,
            batch=case.batch,
            rate=LEARNING_RATE,
            clipnorm=CLIPNORM,
            cell=CELLS.get(case.cell, case.cell),
            units=[case.units] * case.layers,
        )
        experiment = parse_experiment(page, name="case", folder=Path())
        data = load_data(experiment)
        self.trainer = Trainer(TokenProblem(data.experiment, data.corpus, data.splits))
        self.planner = ChunkPlanner(self.trainer.batches, epochs=10**6)
        self.length = ChunkLength(self.trainer.program.room)
        self.tokens = case.tokens

    def chunk(self) -> int:
        """Take as many steps as `rnnlab train` takes in one call; return the number of tokens."""
        begun = time.perf_counter()
        chunk, _ = self.planner.take(self.length.steps, stop_after=0)
        records = self.trainer.run_chunk(chunk, 0)
        self.length.learn(len(records.losses), time.perf_counter() - begun)
        return len(records.losses) * self.tokens


if __name__ == "__main__":
    print_rate(Program(case_from(sys.argv[1])).chunk, seconds=float(sys.argv[2]))
