"""The card of an export: what another program needs to know to use the model, without paths of data.

It is the file `vocabulary.json`, or the metadata of an ONNX file.
"""

import json
from collections.abc import Sequence
from typing import Any

from rnnlab import __version__
from rnnlab.datasets.examples import END, UNKNOWN
from rnnlab.datasets.task_loading import vocabularies_from
from rnnlab.exports.standard import Network
from rnnlab.models.model_file import TrainedModel, TrainedTask

_USAGE = {
    "label": "ids (N, T): places of tokens in inputs. logits (N, L): of the labels in targets.",
    "tags": "ids (N, T): places of tokens in inputs. logits (N, T, G): of the tags in targets, by token.",
    "pairs": "source (N, T): places of tokens in inputs. before (N, U): first_input, then places of tokens in"
    " targets. logits (N, U, V): of the next token after each of these; a target ends before end.",
    "from_label": "before (N, U): first_input plus the place of the label in inputs, then places of tokens"
    " in targets. logits (N, U, V): of the next token after each of these; a sequence ends before end.",
}
"""Inputs and outputs of each task, N sequences."""

_LENGTHS = "All sequences of an input have the same length, at least 1: there is no padding."
_UNKNOWN = "A token that inputs lacks is read as the token unknown."
_FIRST_STATE = {
    "pairs": "The encoder reads source; its outputs are the memory, for attention, and the first state of the"
    " decoder.",
    "from_label": "The first state is zeros.",
}
_NEXT_STATE = "Give the decoder the state that it returned, and in before only the tokens since then."
_LABEL = "label (N, 1): first_input plus the place of the label, in every call."


def card_of(trained: TrainedModel, network: Network) -> dict[str, Any]:
    """Return the card of a model for the next token: facts about the model by name, as JSON values."""
    dataset = trained.experiment.dataset
    return {
        "rnnlab_version": __version__,
        "model_sha256": trained.sha256,
        "kind": dataset.kind,
        "vocabulary": list(trained.tokens),
        "boundary": dataset.boundary,
        "window": dataset.window,
        "logits": "last step" if network.pooling == "last" else "each step",
        "state": list(network.gives_state),
        "regime": trained.experiment.regime,
    }


def task_card_of(trained: TrainedTask, networks: Sequence[Network]) -> dict[str, Any]:
    """Return the card of a model for examples: facts about the model by name, as JSON values.

    Args:
        trained: the model.
        networks: the networks that `standard_tasks.task_networks` returns for it; they share the card.
    """
    task, dataset, network = trained.experiment.task, trained.experiment.dataset, networks[-1]
    vocabularies = vocabularies_from(trained.experiment, trained.tokens, trained.targets, trained.characters)
    inputs, targets = vocabularies.inputs, vocabularies.targets
    end = targets.ids[END] if task in _FIRST_STATE else None
    return {
        "rnnlab_version": __version__,
        "model_sha256": trained.sha256,
        "task": task,
        "kind": dataset.kind,
        "inputs": list(trained.tokens),
        "input_token": inputs.kind,
        "normalize": getattr(dataset, "normalize", None),
        "unknown": UNKNOWN if inputs.unknown is not None else None,
        "targets": list(trained.targets),
        "target_token": targets.kind,
        "end": END if end is not None else None,
        "first_input": len(targets) if task == "from_label" else end,
        "logits": "each sequence" if task == "label" else "each step",
        "state": list(network.gives_state),
        "usage": _usage(task, network, has_unknown=inputs.unknown is not None),
    }


def card_text(card: dict[str, Any]) -> str:
    """Return the card as the text of a JSON file."""
    return json.dumps(card, ensure_ascii=False, indent=2) + "\n"


def card_strings(card: dict[str, Any]) -> dict[str, str]:
    """Return the card as ONNX metadata: strings unchanged, other values as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in card.items()
    }


def _usage(task: str, network: Network, *, has_unknown: bool) -> str:
    """Return how a program uses the model, in sentences."""
    sentences = [_USAGE[task], _LENGTHS, *([_UNKNOWN] if has_unknown else [])]
    if network.takes_state:
        sentences += [_FIRST_STATE[task], _NEXT_STATE, *([_LABEL] if network.takes_label else [])]
    return " ".join(sentences)
