"""What a program needs to know beside a model's weights: its vocabulary, and what goes in and comes out."""

import json
from typing import Any

from rnnlab import __version__
from rnnlab.exports.standard import Network
from rnnlab.models.model_file import TrainedModel


def card_of(trained: TrainedModel, network: Network, *, state: bool) -> dict[str, Any]:
    """The facts by name, as JSON has them; nothing of the data's place is in them."""
    dataset = trained.experiment.dataset
    return {
        "rnnlab_version": __version__,
        "model_sha256": trained.sha256,
        "kind": dataset.kind,
        "vocabulary": list(trained.tokens),
        "boundary": dataset.boundary,
        "window": dataset.window,
        "logits": "last step" if network.last_only else "each step",
        "state": list(network.state_names) if state else [],
        "regime": trained.experiment.regime,
    }


def card_text(card: dict[str, Any]) -> str:
    """The facts as a JSON file."""
    return json.dumps(card, ensure_ascii=False, indent=2) + "\n"


def card_strings(card: dict[str, Any]) -> dict[str, str]:
    """The facts as ONNX has metadata: text is itself, anything else JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in card.items()
    }
