"""What a checkpoint holds beside arrays: where a training stands, and of what it is."""

import hashlib
import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError

from rnnlab.config.dataset import SOURCES, FilesSplit
from rnnlab.config.reading import MAY_CHANGE
from rnnlab.config.schema import Experiment

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
