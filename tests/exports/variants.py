"""Trained models of every kind that has a form outside of rnnlab, by the overrides that make them."""

from pathlib import Path
from typing import Any

from rnnlab.exports.probe import Probe, probe_of, task_probes
from rnnlab.exports.standard import Network, standard_network
from rnnlab.exports.standard_tasks import task_networks
from rnnlab.models.model_file import Trained, TrainedModel, TrainedTask
from tests.trained import SENTENCE, SONG, STREAM, trained
from tests.trained_tasks import FROM_LABEL, LABEL, PAIRS, TAGS, trained_task

VARIANTS = {
    "lstm": (SONG, ()),
    "lstm_scalar": (SONG, ("dataset.encoding=scalar",)),
    "lstm_pitch_duration": (SONG, ("dataset.encoding=pitch_duration",)),
    "coupled_lstm": (SONG, ("model.coupled_gates=true",)),
    "residual_lstm": (SONG, ("model.units=[6, 6, 6]", "model.residual=true")),
    "headless_lstm": (SONG, ("model.units=8", "model.head=none")),
    "gru": (SENTENCE, ()),
    "gru_reset_before": (SENTENCE, ("model.reset_after=false",)),
    "residual_gru": (SENTENCE, ("model.units=[5, 5]", "model.residual=true")),
    "simple_rnn": (STREAM, ()),
    "tied_simple_rnn": (
        STREAM,
        ("dataset.encoding=embedding", "dataset.embedding_size=8", "model.tie_weights=true"),
    ),
    "mlp": (SONG, ("model={kind: mlp, units: [7, 5], activation: elu}",)),
}
"""By name; the last is the only one without a state."""

PEEPHOLES = {
    "peephole_lstm": (SONG, ("model.peephole=true",)),
    "coupled_peephole_lstm": (SONG, ("model.peephole=true", "model.coupled_gates=true")),
}
"""Those that only ONNX has."""

_SMALL = "dataset.embedding_size=3"
_STACK = "units: [5, 5, 5], residual: true"

TASK_VARIANTS = {
    "label": (LABEL, ()),
    "label_both_ways": (LABEL, (_SMALL, f"model={{kind: lstm, {_STACK}, bidirectional: true}}")),
    "label_coupled": (LABEL, (f"model={{kind: lstm, {_STACK}, coupled_gates: true}}",)),
    "label_mean": (LABEL, ("model={kind: gru, units: 5, pooling: mean, bidirectional: true}",)),
    "label_max": (LABEL, ("dataset.encoding=one_hot", "model={kind: simple_rnn, units: 5, pooling: max}")),
    "tags": (TAGS, ("model={kind: gru, units: [5, 4], reset_after: false}",)),
    "tags_both_ways": (TAGS, (_SMALL, f"model={{kind: simple_rnn, {_STACK}, bidirectional: true}}")),
    "pairs": (PAIRS, ("dataset.encoding=one_hot", "model={kind: gru, units: [5, 4]}")),
    "pairs_reversed": (PAIRS, ("model={kind: lstm, units: 5, reverse_source: true}",)),
    "pairs_attention": (
        PAIRS,
        (_SMALL, f"model={{kind: lstm, {_STACK}, attention: dot, reverse_source: true}}"),
    ),
    "from_label": (FROM_LABEL, ("model={kind: lstm, units: [5, 4]}",)),
    "from_label_every": (FROM_LABEL, (_SMALL, f"model={{kind: gru, {_STACK}, label_input: every}}")),
    "from_label_one_hot": (
        FROM_LABEL,
        ("dataset.encoding=one_hot", "model={kind: simple_rnn, units: 5, label_input: every}"),
    ),
}
"""Networks for examples."""

WITH_STATE = [name for name in TASK_VARIANTS if name.startswith(("pairs", "from_label"))]
"""Those that can write token by token."""

TASK_PEEPHOLES = {"pairs_peephole": (PAIRS, ("model={kind: lstm, units: 4, peephole: true}",))}
"""Those that only ONNX has."""


def variant(name: str) -> TrainedModel:
    """The model of a name, with random weights."""
    text, overrides = {**VARIANTS, **PEEPHOLES}[name]
    return trained(text, Path.cwd(), *overrides)


def task_variant(name: str) -> TrainedTask:
    """The model for examples of a name, with random weights."""
    text, overrides = {**TASK_VARIANTS, **TASK_PEEPHOLES}[name]
    return trained_task(text, Path.cwd(), *overrides)


def pieces_of(model: Trained, target: str, *, state: bool) -> list[tuple[Network, Probe]]:
    """What is exported of a model, and what goes in and should come out of each."""
    settings: dict[str, Any] = {"target": target, "peepholes": target == "ONNX", "state": state}
    if isinstance(model, TrainedTask):
        networks = task_networks(model, **settings)
        return list(zip(networks, task_probes(model, networks), strict=True))
    network = standard_network(model, **settings)
    return [(network, probe_of(model, network))]
