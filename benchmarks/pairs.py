"""Pairs to time: an encoder and a decoder on generated examples, the same for each program."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.cases import CLIPNORM, LEARNING_RATE
from rnnlab.config.reading import parse_any
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.examples import Examples, TaskData
from rnnlab.datasets.task_loading import load_task_data

CONFIG = """
dataset: {{kind: generated, name: {data}, examples: 20000, fresh: false, embedding_size: {embedding}}}
model: {{kind: lstm, units: {units}, attention: {attention}}}
training:
  batch_size: {batch}
  epochs: 1000000
  optimizer: {{name: adam, learning_rate: {rate}, global_clipnorm: {clipnorm}}}
  schedule: {{kind: constant}}
"""


@dataclass(frozen=True)
class PairCase:
    """An encoder and a decoder, one LSTM layer each, and their batches.

    Attributes:
        data: the name of the generated examples.
        units: H of the encoder and of the decoder.
        attention: none or dot.
        batch: pairs of a batch, N.
        embedding: size of the vector of a token, D.
        by_length: for PyTorch, whether the examples of a batch have similar lengths, as in rnnlab, or come in
            random order.
    """

    data: str
    units: int
    attention: str
    batch: int
    embedding: int = 32
    by_length: bool = True

    @property
    def name(self) -> str:
        """A short name of the case."""
        return f"{self.data}, lstm {self.units}, attention {self.attention}, {self.batch}"

    def to_json(self) -> str:
        """Return the case as JSON, for the command line of another process."""
        return json.dumps(asdict(self))


def pair_case_from(text: str) -> PairCase:
    """Return the case that `PairCase.to_json` wrote."""
    return PairCase(**json.loads(text))


def pair_data(case: PairCase) -> TaskData:
    """Return the examples of a case."""
    settings = {**asdict(case), "rate": LEARNING_RATE, "clipnorm": CLIPNORM}
    experiment = parse_any(CONFIG.format(**settings), name="case", folder=Path())
    assert isinstance(experiment, TaskExperiment)
    return load_task_data(experiment)


def mean_tokens(examples: Examples, steps: int) -> float:
    """Return the mean number of tokens of a batch: those of sources and targets, with the ends of targets.

    Args:
        examples: the examples.
        steps: number of batches of an epoch.
    """
    numbers = examples.parts["train"]
    sources, targets = examples.inputs.lengths[numbers], examples.targets.lengths[numbers]
    return float((sources + targets + 1).sum()) / steps
