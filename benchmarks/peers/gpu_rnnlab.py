"""Speed and losses of rnnlab's program on a GPU: `python -m benchmarks.peers.gpu_rnnlab [CASE [STEPS TF32]]`.

With `CASE` it answers as `benchmarks.workers` says. With `STEPS` it prints the losses of so many steps from
weights that are the same on every device; `TF32` is yes or no. Without a case it prints what it computes on.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import CLIPNORM, LEARNING_RATE, Case, case_from
from benchmarks.peers.gpu_text import TOKENS, text_ids
from benchmarks.workers import serve
from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.loading import load_data
from rnnlab.engines.tensorflow.start import device_name, tf
from rnnlab.models.network import named_weights
from rnnlab.training.chunks import ChunkLength, ChunkPlanner
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer

CONFIG = """
dataset: {{kind: text, path: text.txt, window: {steps}, target: shifted, encoding: one_hot}}
model: {{kind: {cell}, units: {units}}}
training:
  batching: stream
  batch_size: {batch}
  epochs: {epochs}
  optimizer: {{name: adam, learning_rate: {rate}, global_clipnorm: {clipnorm}}}
"""
EPOCHS = 10**5
FIRST_LETTER = ord("!")


class Program:
    """The compiled program of a case."""

    def __init__(self, case: Case, *, tokens: int = TOKENS) -> None:
        page = CONFIG.format(
            epochs=EPOCHS,
            steps=case.steps,
            batch=case.batch,
            rate=LEARNING_RATE,
            clipnorm=CLIPNORM,
            cell=case.cell,
            units=[case.units] * case.layers,
        )
        letters = (text_ids(case, tokens=tokens) + FIRST_LETTER).astype(np.uint8).tobytes()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "text.txt").write_bytes(letters)
            data = load_data(parse_experiment(page, name="case", folder=Path(folder)))
        self.corpus = data.corpus
        self.trainer = Trainer(TokenProblem(data.experiment, data.corpus, data.splits))
        self.planner = ChunkPlanner(self.trainer.batches, epochs=EPOCHS)
        self.length = ChunkLength(self.trainer.program.room)
        self.per_batch = case.tokens

    def call(self) -> float:
        """Take as many steps as `rnnlab train` takes in one call; return the number of tokens."""
        begun = time.perf_counter()
        losses = self.losses(self.length.steps)
        self.length.learn(len(losses), time.perf_counter() - begun)
        return float(len(losses) * self.per_batch)

    def losses(self, steps: int) -> list[float]:
        """Take some steps; return the loss of each, in nats per token."""
        chunk, _ = self.planner.take(steps, stop_after=0)
        return [float(loss) for loss in self.trainer.run_chunk(chunk, 0).losses]

    def memory(self) -> float:
        """Return the largest amount of GPU memory that tensors took so far, in bytes; 0 on a CPU."""
        if not tf.config.list_physical_devices("GPU"):
            return 0.0
        return float(tf.config.experimental.get_memory_info("GPU:0")["peak"])

    def set_weights(self) -> None:
        """Give the network weights from NumPy's random numbers: Keras' may depend on the device."""
        rng = np.random.default_rng(0)
        for _, variable in sorted(named_weights(self.trainer.network).items()):
            values = rng.normal(size=variable.shape) if len(variable.shape) > 1 else np.zeros(variable.shape)
            variable.assign((values / np.sqrt(variable.shape[0])).astype(np.float32))


def facts() -> dict[str, Any]:
    """Return what rnnlab computes on, and whether the memory of the GPU grows with the need."""
    gpus = tf.config.list_physical_devices("GPU")
    growth = [tf.config.experimental.get_memory_growth(gpu) for gpu in gpus]
    return {"gpu": bool(gpus), "device": device_name(), "memory_growth": bool(growth) and all(growth)}


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            print(json.dumps(facts()))
        case [text]:
            serve(Program(case_from(text)))
        case [text, steps, tf32]:
            tf.config.experimental.enable_tensor_float_32_execution(tf32 == "yes")
            program = Program(case_from(text))
            program.set_weights()
            print(json.dumps({"losses": program.losses(int(steps))}))
