"""The facts in a checkpoint: the state of a training without arrays, and the values that it must match.

`Facts` is stored as JSON in the header of the checkpoint. `Expectation` compares the facts and the shapes of
the arrays with the training that is resumed: a checkpoint of other data or other settings is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError

from rnnlab.config.dataset import SOURCES, FilesSplit
from rnnlab.config.reading import MAY_CHANGE, AnyExperiment
from rnnlab.models.tensor_file import Layout, Stored
from rnnlab.training.history import FIGURES

Count = Annotated[StrictInt, Field(ge=0, lt=1 << 48)]

_LONGEST_SETTING = 100
"""Most characters of a setting that is stored as it is; a longer one is stored as its digest."""

_ELSEWHERE = (*MAY_CHANGE, *(f"dataset.{source}" for source in SOURCES), "dataset.sha256", "generation")
"""Settings that may differ from the checkpoint: the data has a digest of its own, and the others change no
step that was taken.
"""


class BestEpoch(BaseModel):
    """The epoch with the lowest validation loss so far, from 1, and this loss in nats per token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: Count
    loss: StrictFloat


class Facts(BaseModel):
    """The state of a training between two steps, without its arrays.

    Attributes:
        step: number of steps taken.
        position: the next step: its epoch, from 0, and its number in that epoch, from 0.
        sums: loss, correct targets and counted targets, summed over the steps of the current epoch.
        skipped: number of skipped steps, and how many of the last steps in a row were skipped.
        validation_loss: the last measured validation loss, nats per token; None before the first.
        best_validation: the best epoch by the validation loss; None before the first finite validation loss.
        callbacks: the plain values that each callback remembers, by name; the history is the first.
        data_sha256: digest of the corpus.
        settings: settings of the training, by dotted names, as `fixed_settings` returns them.
        stopped_of: `training.epochs` if a callback has stopped the training; else 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: Count
    position: tuple[Count, Count]
    sums: tuple[StrictFloat, StrictFloat, StrictFloat]
    skipped: tuple[Count, Count]
    validation_loss: StrictFloat | None
    best_validation: BestEpoch | None
    callbacks: list[dict[str, Any]]
    data_sha256: StrictStr
    settings: dict[str, Any]
    stopped_of: Count = 0


def write_facts(facts: Facts) -> str:
    """Return facts as JSON."""
    return json.dumps(facts.model_dump(), sort_keys=True)


def read_facts(text: str) -> Facts:
    """Return the facts in a JSON text; the text is checked, since the file may come from a stranger.

    Raises:
        ValueError: the text is not JSON, or a fact is missing or wrong; the message names the fact.
    """
    try:
        return Facts.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"its facts are not what was written: {place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its facts are not what was written: {error}") from None


def fixed_settings(experiment: AnyExperiment) -> dict[str, Any]:
    """Return the settings that must stay the same when training is resumed, by dotted names.

    A long setting is replaced by its digest, and the paths of `dataset.split` by the names of its parts.
    """
    sections = experiment.model_dump(mode="json")
    if isinstance(getattr(experiment.dataset, "split", None), FilesSplit):
        sections["dataset"]["split"] = list(experiment.dataset.files)
    return dict(_flat(sections, ""))


@dataclass(frozen=True)
class Expectation:
    """The values that every checkpoint of a training must match.

    Attributes:
        data_sha256: digest of the corpus.
        settings: settings of the training, as `fixed_settings` returns them.
        epoch_steps: steps of an epoch.
        callbacks: number of callbacks, including the history, which is the first.
        program: type and shape of each array of the program's snapshot.
        weights: type and shape of each weight of the network.
    """

    data_sha256: str
    settings: dict[str, Any]
    epoch_steps: int
    callbacks: int
    program: Layout
    weights: Layout

    def mismatch(self, facts: Facts, layout: Layout) -> str | None:
        """Return why this training cannot have written a checkpoint; None if it can."""
        if facts.data_sha256 != self.data_sha256:
            return "the data has changed since it was written; restore the files that the run reads"
        for name, value in facts.settings.items():
            if name not in self.settings or self.settings[name] != value:
                return (
                    f"it belongs to another training: {name} is {_shown(value)} in it and"
                    f" {_shown(self.settings.get(name))} in config.yaml"
                )
        epoch, place = facts.position
        if place >= self.epoch_steps or facts.step != epoch * self.epoch_steps + place:
            return f"step {facts.step:,} is not step {place:,} of epoch {epoch + 1:,}"
        if len(facts.callbacks) != self.callbacks:
            return "it was written with other callbacks"
        return self._misfit(facts, layout)

    def _misfit(self, facts: Facts, layout: Layout) -> str | None:
        """Return why an array does not fit, or None; of the callbacks, only the history is checked."""
        expected = {f"program/{name}": stored for name, stored in self.program.items()}
        if facts.best_validation:
            expected |= {f"best_validation/{name}": stored for name, stored in self.weights.items()}
        expected |= {f"callbacks/0/{name}": stored for name, stored in _history(facts, layout).items()}
        theirs = tuple(f"callbacks/{number}/" for number in range(1, self.callbacks))
        for name in sorted(expected.keys() | layout.keys()):
            if expected.get(name) != layout.get(name) and not name.startswith(theirs):
                return f"its arrays do not fit the configuration of the run: {name!r}"
        return None


def expectation_of(
    experiment: AnyExperiment,
    *,
    data_sha256: str,
    epoch_steps: int,
    callbacks: int,
    program: Mapping[str, NDArray[Any]],
    weights: Mapping[str, NDArray[Any]],
) -> Expectation:
    """Return the values that every checkpoint of a training must match.

    Args:
        experiment: the configuration.
        data_sha256: digest of the corpus.
        epoch_steps: steps of an epoch.
        callbacks: number of callbacks, including the history, which is the first.
        program: a snapshot of the program.
        weights: the weights of the network, by name.
    """
    return Expectation(
        data_sha256=data_sha256,
        settings=fixed_settings(experiment),
        epoch_steps=epoch_steps,
        callbacks=callbacks,
        program=_layout(program),
        weights=_layout(weights),
    )


def _flat(tree: dict[str, Any], above: str) -> list[tuple[str, Any]]:
    """Return (dotted name, value) of each setting of a tree of sections, without those of `_ELSEWHERE`."""
    leaves: list[tuple[str, Any]] = []
    for key, value in tree.items():
        name = f"{above}{key}"
        if name in _ELSEWHERE:
            continue
        leaves += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, _short(value))]
    return leaves


def _short(value: Any) -> Any:
    """Return a setting, or its digest if it has more than `_LONGEST_SETTING` characters as JSON."""
    text = json.dumps(value)
    return value if len(text) <= _LONGEST_SETTING else f"sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def _history(facts: Facts, layout: Layout) -> Layout:
    """Return type and shape of the arrays of the history: figures of each step, and a row for each epoch.

    Checkpoints of an earlier rnnlab have no learning rates.
    """
    epochs = facts.position[0]
    has_rates = "callbacks/0/rates" in layout
    rates = {"rates": Stored(np.dtype(np.float64), (epochs,))} if has_rates else {}
    return {
        **rates,
        "losses": Stored(np.dtype(np.float32), (facts.step,)),
        "accuracies": Stored(np.dtype(np.float32), (facts.step,)),
        "ends": Stored(np.dtype(np.int64), (epochs,)),
        "epochs": Stored(np.dtype(np.float64), (epochs, FIGURES)),
    }


def _layout(arrays: Mapping[str, NDArray[Any]]) -> Layout:
    return {name: Stored(array.dtype, array.shape) for name, array in arrays.items()}


def _shown(value: Any) -> str:
    """Return a setting as text of at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
