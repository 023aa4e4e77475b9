"""The training data of a model, if it may be opened: what `generate` and `trace` compare with."""

from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.errors import RnnlabError

if TYPE_CHECKING:
    from rnnlab.evaluation.selection import Selection
    from rnnlab.models.model_file import TrainedModel

MOST_BYTES = 20_000_000
"""Largest data that a command reads which only compares with it: about a second."""


def own_training_data(trained: "TrainedModel", path: Path) -> "Selection | None":
    """Return the training part of a model's own data.

    None if the data may not be opened, cannot be read, has changed, is at a URL, or has more than
    `MOST_BYTES`.

    Args:
        trained: the model.
        path: its run or its file.
    """
    from rnnlab.evaluation.selection import HAS_CHANGED, select
    from rnnlab.runs.data import opened_model
    from rnnlab.runs.folder import RunFolder

    try:
        located = opened_model(trained, RunFolder(path) if path.is_dir() else None, path, remedy="")
        if located.experiment.dataset.url or _bytes_of(located) > MOST_BYTES:
            return None
        selection = select(located, split="train")
    except (RnnlabError, OSError):
        return None
    return None if HAS_CHANGED in selection.notes else selection


def _bytes_of(trained: "TrainedModel") -> int:
    """Return the size of all files that the dataset names."""
    from rnnlab.datasets.source import files_of

    named = (path for paths in trained.experiment.dataset.files.values() for path in paths)
    return sum(file.stat().st_size for path in named for file in files_of(path))
