"""Trained models of every kind that has a form outside of rnnlab, by the overrides that make them."""

from pathlib import Path

from rnnlab.models.model_file import TrainedModel
from tests.trained import SENTENCE, SONG, STREAM, trained

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


def variant(name: str) -> TrainedModel:
    """The model of a name, with random weights."""
    text, overrides = {**VARIANTS, **PEEPHOLES}[name]
    return trained(text, Path.cwd(), *overrides)
