"""Small experiments that tests train, measure and describe."""

from pathlib import Path

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment

SONG = """
dataset:
  kind: notes
  inline: "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4"
  encoding: scalar
  window: 4
  target: next
model: {kind: lstm, units: 16, stateful: true}
training:
  batching: windows
  batch_size: 1
  epochs: 3
  optimizer: {name: adam, learning_rate: 0.01}
generation: {seed: "g8 e8 e4 f8", length: 9}
"""

SENTENCE = """
dataset: {kind: text, inline: "if you want to build a ship, don't drum up people", window: 5, target: shifted}
model: {kind: gru, units: [8, 8]}
training:
  batching: windows
  batch_size: 8
  shuffle: true
  epochs: 3
  optimizer: {name: adam, learning_rate: 0.01}
"""

STREAM = """
dataset:
  kind: text
  inline: "the quick brown fox jumps over the lazy dog and the quick brown dog over the lazy fox, and again"
  window: 5
  split: {kind: contiguous, validation: 0.2}
model: {kind: lstm, units: 8, dropout: 0.2}
training:
  batch_size: 3
  epochs: 3
  optimizer: {name: adam, learning_rate: 0.01}
"""


def experiment(text: str, *overrides: str) -> Experiment:
    """The experiment of a YAML text, with overrides such as `training.epochs=5`."""
    return parse_experiment(text, name="test.yaml", folder=Path.cwd(), overrides=overrides)
