"""The recipe of a file of samples: everything from which `replay` makes the file again, byte for byte.

A recipe names the model by the SHA-256 of its content. The name of its run is only for messages and to look
there first; no path of the machine is in a recipe.
"""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator

from rnnlab import __version__
from rnnlab.config.report import shortened
from rnnlab.config.schema import Generation
from rnnlab.config.section import Section
from rnnlab.engines.numpy.blas import blas
from rnnlab.errors import DataError
from rnnlab.music.meter import parse_meter
from rnnlab.processes import processor

FORMAT = 1
"""Version of the format of recipes, as `Recipe.format`."""

LIBRARIES = {
    **dict.fromkeys((".mid", ".midi"), ("mido",)),
    ".svg": ("verovio",),
    ".png": ("verovio", "resvg_py"),
}
"""The libraries that write a format, whose versions can change its bytes."""

_Word = Annotated[str, Field(max_length=600)]


class Recipe(Section):
    """What makes a file of samples again.

    Attributes:
        format: version of this record.
        model: name of the run folder in `runs/`, or of another folder or file, without its path.
        model_sha256: SHA-256 of the model, as in its file.
        settings: the complete settings of the generation, with the random seed.
        label: the label of a model of task from_label; None for other models.
        meter: metre of the tunes; None for none.
        sample: number of the sample in the file, from 1; None if the file holds all samples.
        threads: number of threads that shared a matrix product; None if it is not known.
        environment: rnnlab, NumPy, its BLAS and the processor, on which the bits of a logit depend, and the
            libraries that write the format.
    """

    format: Literal[1] = 1
    model: _Word
    model_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    settings: Generation
    label: str | None = None
    meter: _Word | None = None
    sample: Annotated[int, Field(ge=1)] | None = None
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    environment: Annotated[dict[_Word, _Word], Field(max_length=20)]

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        if self.sample is not None and self.sample > self.settings.samples:
            raise ValueError(f"sample {self.sample} of {self.settings.samples}")
        if self.settings.constraints.name_files:
            raise ValueError("settings.constraints names a file")
        try:
            parse_meter(self.meter or "4/4")
        except DataError as error:
            raise ValueError(f"meter: {error}") from None
        return self

    @property
    def text(self) -> str:
        """The recipe as a JSON object on one line, with escapes for what a comment or XML cannot hold."""
        text = json.dumps(self.model_dump(mode="json"), separators=(",", ":"))
        for letter in "%<>&\x7f":
            text = text.replace(letter, f"\\u{ord(letter):04x}")
        return text

    def changes(self, suffix: str) -> str:
        """Return what differs in the present environment, as `name before → now, …`; empty if nothing does.

        Args:
            suffix: the format of the file.
        """
        now = environment_of(suffix)
        before = self.environment
        return ", ".join(
            f"{name} {before.get(name, 'unknown')} → {now.get(name, 'unknown')}"
            for name in {**before, **now}
            if before.get(name) != now.get(name)
        )


def parse_recipe(text: str) -> Recipe:
    """Return the recipe of a JSON object.

    Raises:
        DataError: the recipe has another format version, or a part that is missing, unknown or wrong.
    """
    damaged = DataError("the recipe is damaged (it is no JSON object); restore the file from a copy")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise damaged from None
    if not isinstance(found, dict):
        raise damaged
    if found.get("format") != FORMAT:
        number = found.get("format")
        received = shortened(repr(number)) if isinstance(number, int | str | None) else "something else"
        raise DataError(
            f"expected a recipe of format {FORMAT}, received {received}{_written_by(found)};"
            " update rnnlab to read it"
        )
    try:
        return Recipe.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"{step}." for step in first["loc"])[:-1]
        why = "unknown" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        fault = shortened(f"{place}: {why}" if place else why)
        raise DataError(
            f"the recipe cannot be read ({fault}){_written_by(found)}; this is rnnlab {__version__}"
        ) from None


def environment_of(suffix: str) -> dict[str, str]:
    """Return the facts on which the bytes of a file of samples depend, besides the recipe, by name.

    Args:
        suffix: the format of the file.
    """
    libraries = {name: _version(name) for name in LIBRARIES.get(suffix, ())}
    return {
        "rnnlab": __version__,
        "numpy": np.__version__,
        "blas": blas().name,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        **libraries,
    }


def _version(library: str) -> str:
    """Return the version of a library; empty if it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _written_by(recipe: dict[str, Any]) -> str:
    """Return which rnnlab wrote a recipe, as the end of a sentence; empty if the recipe does not say it."""
    environment = recipe.get("environment")
    writer = environment.get("rnnlab") if isinstance(environment, dict) else None
    return f", written by rnnlab {shortened(writer)}" if isinstance(writer, str) else ""
