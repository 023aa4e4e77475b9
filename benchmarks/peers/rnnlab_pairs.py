"""Tokens per second of rnnlab's program on pairs: `python -m benchmarks.peers.rnnlab_pairs CASE SECONDS`."""

import sys
import time

from benchmarks.pairs import PairCase, mean_tokens, pair_case_from, pair_data
from benchmarks.timing import print_rate
from rnnlab.training.chunks import ChunkLength, ChunkPlanner
from rnnlab.training.example_problem import ExampleProblem
from rnnlab.training.trainer import Trainer


class Program:
    """The compiled program of a case."""

    def __init__(self, case: PairCase) -> None:
        data = pair_data(case)
        self.trainer = Trainer(ExampleProblem(data.experiment, data.examples))
        self.planner = ChunkPlanner(self.trainer.batches, epochs=10**6)
        self.length = ChunkLength(self.trainer.program.room)
        self.tokens = mean_tokens(data.examples, self.trainer.batches.steps)
        for _ in range(self.trainer.batches.steps):  # every bucket has been compiled after an epoch
            self.chunk()
            if self.planner.position[0]:
                break

    def chunk(self) -> float:
        """Take as many steps as `rnnlab train` takes in one call; return the mean number of their tokens."""
        begun = time.perf_counter()
        chunk, _ = self.planner.take(self.length.steps, stop_after=1)
        records = self.trainer.run_chunk(chunk, 0)
        self.length.learn(len(records.losses), time.perf_counter() - begun)
        return len(records.losses) * self.tokens


if __name__ == "__main__":
    print_rate(Program(pair_case_from(sys.argv[1])).chunk, seconds=float(sys.argv[2]))
