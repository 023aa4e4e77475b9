"""Tokens per second that rnnlab generates: `python -m benchmarks.peers.rnnlab_generation CASE SECONDS`.

The weights are random. The batch of the case is the number of samples, and its steps are the length of each
sample.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks.cases import VOCABULARY, Case, case_from
from benchmarks.timing import print_rate
from rnnlab.config.reading import parse_experiment
from rnnlab.engines import Stepper
from rnnlab.engines.numpy import numpy_model
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel

CONFIG = """
dataset: {{kind: text, inline: {letters}}}
model: {{kind: {cell}, units: {units}}}
training: {{batching: stream, batch_size: 1}}
"""


def model_of(case: Case) -> Stepper:
    """Return a model with random weights."""
    letters = [chr(0x4E00 + place) for place in range(VOCABULARY)]
    page = CONFIG.format(letters="".join(letters) * 3, cell=case.cell, units=[case.units] * case.layers)
    experiment = parse_experiment(page, name="case", folder=Path())
    rng = np.random.default_rng(0)
    weights = {
        f"{layer.name}/{name}": (rng.normal(size=shape) / max(shape[0], 1) ** 0.5).astype(np.float32)
        for layer in architecture_of(experiment, VOCABULARY).layers
        for name, shape in layer.weights.items()
    }
    return numpy_model(TrainedModel(experiment, tuple(letters), weights, "0" * 64))


if __name__ == "__main__":
    case = case_from(sys.argv[1])
    model = model_of(case)
    how = Decoding("stream", 64, case.steps, Sampling(temperature=1.0), samples=case.batch)

    def write() -> int:
        """Generate the samples of the case; return the number of tokens."""
        return sum(len(sample.ids) for sample in decode(model, np.array([1, 2, 3]), how))

    print_rate(write, seconds=float(sys.argv[2]))
