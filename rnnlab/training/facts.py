"""What a checkpoint holds beside arrays: where a training stands, and of what it is."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError

from rnnlab.config.dataset import SOURCES, FilesSplit
from rnnlab.config.reading import MAY_CHANGE
from rnnlab.config.schema import Experiment
from rnnlab.models.tensor_file import Layout, Stored
from rnnlab.training.history import FIGURES

Count = Annotated[StrictInt, Field(ge=0, lt=1 << 48)]

_LONGEST_SETTING = 100
"""Characters of a setting that is kept as it is; of a longer one, such as a vocabulary, the digest is."""

_ELSEWHERE = (*MAY_CHANGE, *(f"dataset.{source}" for source in SOURCES), "dataset.sha256", "generation")
"""What may differ: the data has a digest of its own, and what is generated later changes no training."""


class BestEpoch(BaseModel):
    """The epoch of the lowest validation loss so far, from 1, and that loss in nats per token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: Count
    loss: StrictFloat


class Facts(BaseModel):
    """All of a training between two steps that is no array.

    Attributes:
        step: how many steps have been taken.
        position: the epoch, from 0, and the step in it that come next.
        sums: of the epoch that is under way: of loss, of correct targets, and of targets that counted.
        skipped: how many steps were not finite, and how many of them are the last in a row.
        validation_loss: the last one measured, nats per token.
        best_validation: None where none has been measured.
        callbacks: what each callback remembers.
        data_sha256: digest of the corpus.
        settings: of the training, by dotted names, as `settings_of` gives them.
        stopped_of: `training.epochs` where a callback has stopped the training; 0 where none has.
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
    """Facts as JSON."""
    return json.dumps(facts.model_dump(), sort_keys=True)


def read_facts(text: str) -> Facts:
    """Facts from JSON that anyone may have written.

    Raises:
        ValueError: what is wrong, in a few words.
    """
    try:
        return Facts.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"its facts are not what was written: {place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its facts are not what was written: {error}") from None


def fixed_settings(experiment: Experiment) -> dict[str, Any]:
    """The settings that a training must go on with, by dotted names; a long one as its digest."""
    sections = experiment.model_dump(mode="json")
    if isinstance(experiment.dataset.split, FilesSplit):
        sections["dataset"]["split"] = list(experiment.dataset.files)
    return dict(_flat(sections, ""))


@dataclass(frozen=True)
class Expectation:
    """What every checkpoint of a training has in common.

    Attributes:
        data_sha256: digest of the corpus.
        settings: of the training, as `settings_of` gives them.
        epoch_steps: steps of an epoch.
        callbacks: how many there are; the first is the history.
        program: the arrays of the program's snapshot.
        weights: those of the network.
    """

    data_sha256: str
    settings: dict[str, Any]
    epoch_steps: int
    callbacks: int
    program: Layout
    weights: Layout

    def mismatch(self, facts: Facts, layout: Layout) -> str | None:
        """What of a checkpoint is not as it would be if this training had written it; None if all is."""
        if facts.data_sha256 != self.data_sha256:
            return "the data has changed since it was written; restore the files that the run reads"
        for name, value in facts.settings.items():
            if name not in self.settings or self.settings[name] != value:
                return (
                    f"it is of another training: {name} is {_shown(value)} in it and"
                    f" {_shown(self.settings.get(name))} in config.yaml"
                )
        epoch, place = facts.position
        if place >= self.epoch_steps or facts.step != epoch * self.epoch_steps + place:
            return f"step {facts.step:,} is not step {place:,} of epoch {epoch + 1:,}"
        if len(facts.callbacks) != self.callbacks:
            return "it is of other callbacks"
        return self._misfit(facts, layout)

    def _misfit(self, facts: Facts, layout: Layout) -> str | None:
        """The first array that is not as expected; what callbacks of the user's remember is theirs."""
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
    experiment: Experiment,
    *,
    data_sha256: str,
    epoch_steps: int,
    callbacks: int,
    program: Mapping[str, NDArray[Any]],
    weights: Mapping[str, NDArray[Any]],
) -> Expectation:
    """Return what every checkpoint of a training must match.

    Args:
        experiment: the configuration.
        data_sha256: digest of the corpus.
        epoch_steps: steps of an epoch.
        callbacks: number of callbacks, with the history, which is the first.
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
    """The leaves of a tree of settings by their dotted names."""
    leaves: list[tuple[str, Any]] = []
    for key, value in tree.items():
        name = f"{above}{key}"
        if name in _ELSEWHERE:
            continue
        leaves += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, _short(value))]
    return leaves


def _short(value: Any) -> Any:
    text = json.dumps(value)
    return value if len(text) <= _LONGEST_SETTING else f"sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def _history(facts: Facts, layout: Layout) -> Layout:
    """The arrays of the history, which has a figure for each step and a row for each epoch.

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
    """A setting in a few characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
