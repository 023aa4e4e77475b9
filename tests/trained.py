"""Trained models without training: an experiment with random weights."""

from pathlib import Path

import numpy as np

from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.folder import RunFolder, create_run

SONG = """
dataset:
  kind: notes
  inline: g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4
  window: 4
  target: next
model: {kind: lstm, units: 6, stateful: true}
training: {batching: windows, batch_size: 1}
generation: {seed: g8 e8 e4 f8, length: 9}
"""

SENTENCE = """
dataset: {kind: text, inline: if you want to build a ship, window: 5, target: shifted}
model: {kind: gru, units: [5, 7]}
training: {batching: windows, batch_size: 8}
generation: {seed: if yo, length: 9}
"""

STREAM = """
dataset:
  kind: text
  inline: "the quick brown fox jumps over the lazy dog, and the lazy dog jumps over it"
  window: 5
  split: {kind: contiguous, validation: 0.2}
model: {kind: simple_rnn, units: 8}
training: {batch_size: 3}
generation: {length: 20}
"""


def trained(text: str, folder: Path, *overrides: str) -> TrainedModel:
    """The model of a YAML text whose data lies in a folder, with random weights."""
    experiment = parse_experiment(text, name="test.yaml", folder=folder, overrides=overrides)
    corpus = load_corpus(experiment.dataset)
    rng = np.random.default_rng(0)
    shapes = architecture_of(experiment, len(corpus.vocabulary)).weight_shapes()
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return TrainedModel(experiment, corpus.vocabulary.tokens, weights, corpus.sha256)


def run_of(text: str, *overrides: str, name: str = "song") -> RunFolder:
    """A run folder below the working folder, as training would leave it."""
    model = trained(text, Path.cwd(), *overrides)
    run = create_run(name, model.experiment)
    run.save_model(model)
    return run
