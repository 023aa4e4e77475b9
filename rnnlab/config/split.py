"""The section `dataset.split`: which part of the data is held out."""

from typing import Annotated, Literal

from pydantic import Field

from rnnlab.config.data_paths import Paths
from rnnlab.config.section import RandomSeed, Section, Share


class NoSplit(Section):
    """Everything is trained on."""

    kind: Literal["none"] = Field("none", description="No part of the data is held out.")
    allow_overlap: bool = Field(
        False,
        description="In `evaluate --folds`, keep training windows that share tokens with a held-out one.",
    )


class ContiguousSplit(Section):
    """Training first, then validation, then test, cut on a token."""

    kind: Literal["contiguous"] = Field(description="Hold out the end of the data.")
    validation: Share = Field(0.1, description="Share of the tokens held out for validation, 0 to 1.")
    test: Share = Field(0.0, description="Share of the tokens, after those, held out for testing, 0 to 1.")
    gap: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = Field(
        None,
        description="Tokens left out before each held-out part; left out, `window` of them. With lines and"
        " documents, which are not cut in two, none.",
    )


class StratifiedShuffleSplit(Section):
    """Windows drawn at random, each target token in proportion."""

    kind: Literal["stratified_shuffle"] = Field(description="Hold out windows drawn at random.")
    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.3, description="Share of the windows held out, 0 to 1."
    )
    splits: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="How many splits are drawn.")
    use: Annotated[int, Field(ge=0, le=999)] = Field(
        0, description="Number of the split that is used, from 0."
    )
    random_seed: RandomSeed = Field(0, description="The number that fixes which windows are drawn.")
    allow_overlap: bool = Field(
        False, description="Keep training windows that share tokens with a held-out one, as the lectures do."
    )


class SequencesSplit(Section):
    """Whole sequences (files, lines or documents), drawn at random."""

    kind: Literal["sequences"] = Field(description="Hold out whole sequences: files, lines or documents.")
    validation: Share = Field(0.1, description="Share of the sequences held out for validation, 0 to 1.")
    test: Share = Field(0.0, description="Share of the sequences held out for testing, 0 to 1.")
    shuffle: bool = Field(True, description="Draw them at random, or take the last of the data.")
    random_seed: RandomSeed = Field(0, description="The number that fixes which sequences are drawn.")
    unique: bool = Field(
        False,
        description="Keep equal sequences in one part, or in one fold, so that none that is held out is"
        " trained on.",
    )


class FilesSplit(Section):
    """Files of their own, beside `dataset.path`."""

    kind: Literal["files"] = Field(description="The held-out parts are files of their own.")
    validation: Paths | None = Field(None, description="File, or list of files, to validate on.")
    test: Paths | None = Field(None, description="File, or list of files, to test on.")


Split = Annotated[
    NoSplit | ContiguousSplit | SequencesSplit | FilesSplit | StratifiedShuffleSplit,
    Field(discriminator="kind"),
]
