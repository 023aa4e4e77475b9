"""What the checkpoints of a training are like: one that anyone may have written is held against it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.models.tensor_file import Layout, Stored
from rnnlab.training.facts import Facts, settings_of
from rnnlab.training.history import FIGURES

if TYPE_CHECKING:
    from rnnlab.training.trainer import Trainer


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


def expectation_of(trainer: "Trainer", *, callbacks: int) -> Expectation:
    """What the checkpoints of a training are like.

    Args:
        trainer: the training.
        callbacks: how many callbacks it has.
    """
    return Expectation(
        data_sha256=trainer.corpus.sha256,
        settings=settings_of(trainer.experiment),
        epoch_steps=trainer.batches.steps,
        callbacks=callbacks,
        program=_layout(trainer.program.snapshot()),
        weights=_layout(trainer.program.weights()),
    )


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


def _layout(arrays: dict[str, Any]) -> Layout:
    return {name: Stored(array.dtype, array.shape) for name, array in arrays.items()}


def _shown(value: Any) -> str:
    """A setting in a few characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
