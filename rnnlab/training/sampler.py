"""`samples.txt`: samples that the network writes while it is trained."""

from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.generation import Constraints, Generation
from rnnlab.config.training import Samples
from rnnlab.errors import ConfigError, ModelFileError, UsageError, VocabularyError
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.writing import write_samples
from rnnlab.models.model_file import next_token_model
from rnnlab.training.callbacks import Arrays, Remembering
from rnnlab.training.trainer import Trainer

MOST_SEEDS = 2**31
"""Random seeds are less than this number."""


class Sampler(Remembering):
    """Writes samples with the current weights, at the end of every N-th epoch.

    The NumPy engine runs a copy of the weights, so the training is not changed. The random seed of an epoch
    is the configured seed plus the number of the epoch, modulo 2³¹; with this seed, the same settings and the
    same weights, `rnnlab generate` writes the same.

    Args:
        trainer: the trainer of the network.
        settings: the section `training.samples`.

    Attributes:
        text: all samples so far, in the order of the epochs.

    Raises:
        ConfigError: there is no seed, the vocabulary lacks a token of the seed, or the setting `stop` is not
            one token of the vocabulary.
    """

    def __init__(self, trainer: Trainer, settings: Samples) -> None:
        super().__init__()
        self._trainer, self._every = trainer, settings.every_epochs
        given = settings.model_dump(exclude={"every_epochs", "count"}) | {"samples": settings.count}
        wished = generation_settings(trainer.experiment.generation, given)
        # Constraints and a beam search would take longer than the training.
        self._settings = wished.model_copy(update={"constraints": Constraints(), "beam": None})
        self.text, self._seen = "", 0
        try:
            self._written(self._settings.model_copy(update={"length": 1}))
        except (UsageError, VocabularyError) as error:
            raise ConfigError(f"training.samples: {error}") from None

    def snapshot(self) -> tuple[Arrays, dict[str, Any]]:
        """Return all samples so far, as bytes."""
        return {"text": np.frombuffer(self.text.encode(), np.uint8)}, {}

    def restore(self, arrays: Arrays, facts: dict[str, Any]) -> None:
        """Set the samples so far to a snapshot."""
        self.text = arrays["text"].tobytes().decode()

    def take_new(self) -> bool:
        """Whether there are new samples since the last call."""
        is_new, self._seen = len(self.text) != self._seen, len(self.text)
        return is_new

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add samples to `text`, if they are due."""
        number, figures = epoch + 1, logs or {}
        if number % self._every:
            return
        random_seed = (self._settings.random_seed + number) % MOST_SEEDS
        held_out = f", validation loss {figures['val_loss']:.4g}" if "val_loss" in figures else ""
        head = (
            f"=== epoch {number}, step {number * self._trainer.batches.steps},"
            f" training loss {figures['loss']:.4g}{held_out}, random seed {random_seed} ==="
        )
        written = self._written(self._settings.model_copy(update={"random_seed": random_seed}))
        self.text += f"{head}\n\n{written}\n\n"

    def _written(self, settings: Generation) -> str:
        """Return the samples; or, if the weights are not finite, the error in parentheses."""
        model = next_token_model(self._trainer.current_model(), Path("training.samples"))
        between = "\n" if model.experiment.dataset.unit == "line" else "\n\n"
        try:
            with np.errstate(all="ignore"):
                samples = write_samples(model, settings).samples
        except ModelFileError as error:
            return f"({error})"
        return between.join(sample.text for sample in samples)
