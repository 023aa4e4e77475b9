"""Small experiments of every task with examples, which tests train and measure."""

from pathlib import Path

from rnnlab.config.reading import parse_any
from rnnlab.config.tasks import TaskExperiment

_TRAINING = """
training: {batch_size: 4, epochs: 3}
"""

LABEL = (
    """
dataset:
  kind: text
  task: label
  inline: "en\\tone two\\nen\\tthree\\nen\\tfour\\nen\\tfive six\\nen\\tseven\\nen\\tnine and ten\\n\
de\\teins\\n\
de\\tzwei\\nde\\tdrei vier\\nde\\tacht\\nde\\tneun und zehn\\nde\\tsieben sechs\\nde\\telf\\nen\\televen\\n"
  split: {kind: stratified, validation: 0.2}
model: {kind: lstm, units: 6, bidirectional: true}
"""
    + _TRAINING
)

TAGS = (
    """
dataset:
  kind: text
  task: tags
  inline: "the\\tD\\ndog\\tN\\nruns\\tV\\n\\na\\tD\\ncat\\tN\\n\\ndogs\\tN\\nrun\\tV\\n\\nthe\\tD\\n\
old\\tA\\ncat\\tN\\nsees\\tV\\na\\tD\\ndog\\tN\\n\\nsee\\tV\\n\\nthe\\tD\\ncats\\tN\\nsee\\tV\\nthe\\tD\\n\
old\\tA\\ndogs\\tN\\n\\nold\\tA\\ndogs\\tN\\n"
  split: {kind: sequences, validation: 0.2}
model: {kind: gru, units: 6, characters: true}
"""
    + _TRAINING
)

PAIRS = (
    """
dataset:
  kind: text
  task: pairs
  inline: "ab\\tba\\nabc\\tcba\\nb\\tb\\nbca\\tacb\\ncabbage\\tegabbac\\na\\ta\\n\
cab\\tbac\\nbb\\tbb\\nacac\\tcaca\\n"
  split: {kind: sequences, validation: 0.2}
model: {kind: lstm, units: 6, attention: dot, reverse_source: true}
"""
    + _TRAINING
)

FROM_LABEL = LABEL.replace("task: label", "task: from_label").replace(
    "bidirectional: true", "label_input: every"
)

GENERATED = (
    """
dataset: {kind: generated, name: copy, longest: 6, examples: 20, held_out: 9}
model: {kind: gru, units: 6}
"""
    + _TRAINING
)

EXPERIMENTS = {
    "label": LABEL,
    "tags": TAGS,
    "pairs": PAIRS,
    "from_label": FROM_LABEL,
    "generated": GENERATED,
}


def task_experiment(text: str, *overrides: str) -> TaskExperiment:
    """The experiment of a YAML text, with overrides such as `training.epochs=5`."""
    experiment = parse_any(text, name="test.yaml", folder=Path.cwd(), overrides=overrides)
    assert isinstance(experiment, TaskExperiment)
    return experiment
