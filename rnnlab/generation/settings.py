"""The settings of generation: options in place of configured values, and their meaning for the decoder."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from pydantic import ValidationError

from rnnlab.config.generation import Constraints, Dry
from rnnlab.config.problems import findings
from rnnlab.config.schema import Generation, Regime
from rnnlab.errors import UsageError
from rnnlab.generation.constraints.demands import without_files
from rnnlab.generation.decoding import Decoding
from rnnlab.generation.repetition import Penalty
from rnnlab.generation.sampling import Sampling

DRY_BASE = {"text": 1.15, "notes": 1.1}

REPEATED = {"text": 12, "notes": 48}
"""Growth of the penalty of DRY, and the number of tokens that a text or notes repeat freely.

With the usual base of 1.75, which is meant for subwords, held-out Shakespeare had a loss of 62 nats instead
of 1.389; with 1.15 it has 1.402. Chorales of sixteenths had 0.80 instead of 0.68 (1.34 with 32 tokens). The
numbers were chosen on these two and on the documentation of rnnlab.
"""

ENDING = ("template", "match", "bars", "rhythm", "rhythm_of", "pitches", "pitches_of", "vary")
"""The constraints that say where a sample ends."""

_FROM_FILES = {"rhythm": "rhythm_of", "pitches": "pitches_of", "original": "of"}

_CONSTRAINTS = set(Constraints.model_fields) - {"length"}


class Steers(TypedDict, total=False):
    """The keyword arguments that steer generation; see docs/configuration.md for each."""

    top_k: int | None
    top_p: float | None
    stop: str | None
    template: str | None
    must: str | Sequence[str]
    avoid: str | Sequence[str]
    end_on: str | None
    match: str | None
    key: str | None
    range: str | None
    bars: int | None
    meter: str | None
    rhythm: str | None
    rhythm_of: str | None
    pitches: str | None
    pitches_of: str | None
    vary: float | None
    original: str | None
    of: str | None
    max_copy: int | None
    max_copy_intervals: int | None
    particles: int | None
    beam: int | None
    length_normalization: float | None
    min_p: float | None
    dry: float | None
    dry_base: float | None
    dry_allowed_length: int | None


def generation_settings(configured: Generation, options: Mapping[str, Any]) -> Generation:
    """Return the configured settings, with the options that are given in place of the configured values.

    Args:
        configured: the settings of the model.
        options: values by the name of a setting of `generation` or of `generation.constraints`, or as
            `dry` (the multiplier), `dry_base` and `dry_allowed_length`; None, () and [] are not given.
            `length` may be a range such as `10..20`.

    Raises:
        UsageError: an option has a value that the schema refuses; the message names the first such option.
    """
    given = {name: value for name, value in options.items() if value not in (None, (), [])}
    settings, constraints = configured.model_dump(), configured.constraints.model_dump()
    constraints |= {name: value for name, value in given.items() if name in _CONSTRAINTS}
    for inline, file in _FROM_FILES.items():  # what is given takes the place of both forms
        if inline in given or file in given:
            constraints[file if inline in given else inline] = None
    if isinstance(given.get("length"), str):
        constraints["length"] = given.pop("length")
    penalty = {name.removeprefix("dry_"): value for name, value in given.items() if name.startswith("dry_")}
    if "dry" in given:
        penalty["multiplier"] = given.pop("dry")
    if penalty:
        settings["dry"] = {**(settings["dry"] or {}), **penalty}
    settings |= {name: value for name, value in given.items() if name in Generation.model_fields}
    settings["constraints"] = constraints
    try:
        return Generation.model_validate(settings)
    except ValidationError as error:
        first = findings(error.errors(include_url=False), settings)[0]
        raise UsageError(f"generate: {'.'.join(map(str, first.path))}: {first.message}") from None


def wished_length(
    configured: Generation, options: Mapping[str, Any], length: int | str | None
) -> int | str | None:
    """Return a length that the user asks for; beside a constraint that ends a sample, as an exact range.

    Args:
        configured: the settings of the model.
        options: the other options; see `generation_settings`.
        length: the length, or a range such as `10..20`; None if the user asks for none.
    """
    ends = any(options.get(name) or getattr(configured.constraints, name) for name in ENDING)
    return f"{length}..{length}" if isinstance(length, int) and ends else length


def is_steered(settings: Generation) -> bool:
    """Return whether the settings have constraints or a beam search."""
    return settings.constraints.are_set or settings.beam is not None


def with_content(settings: Generation, *, kind: str, boundary: str | None = None) -> Generation:
    """Return the settings with the content of the files of their constraints in place of the files.

    Args:
        settings: the settings.
        kind: what the model writes, `notes` or `text`.
        boundary: the token between two sequences; None if there is none.

    Raises:
        UsageError: a file is no music, or empty.
        DataError: a file cannot be read.
    """
    if not settings.constraints.name_files:
        return settings
    constraints = without_files(settings.constraints, kind=kind, boundary=boundary)
    return settings.model_copy(update={"constraints": constraints})


def decoding_of(
    settings: Generation, configured: Generation, *, regime: Regime, window: int, stop: int | None, kind: str
) -> Decoding:
    """Return how tokens are chosen.

    Args:
        settings: the settings.
        configured: the settings of the model, whose temperature is used where `settings` has none.
        regime: the regime that the model was trained in.
        window: time steps of its windows.
        stop: id of the token that ends a sample; None for no such token.
        kind: `notes` or `text`, for the allowed length of a repetition.
    """
    temperature = configured.temperature if settings.temperature is None else settings.temperature
    dry = settings.dry
    return Decoding(
        regime=regime,
        window=window,
        length=settings.length,
        sampling=Sampling(temperature or 0.0, settings.top_k, settings.top_p, settings.min_p),
        samples=settings.samples,
        random_seed=settings.random_seed,
        stop=stop,
        dry=None if dry is None else penalty_of(dry, kind=kind),
    )


def unused_settings(settings: Generation) -> list[str]:
    """Return a sentence on the settings that a beam search does not use, if any is given."""
    given = [name for name in ("top_k", "top_p", "min_p", "dry") if getattr(settings, name) is not None]
    if settings.beam is None or not given:
        return []
    return [f"a beam search looks for what the model itself finds most probable, without {', '.join(given)}"]


def penalty_of(dry: Dry, *, kind: str) -> Penalty:
    """Return the penalty on repetition of `notes` or `text`, with the defaults of this kind."""
    return Penalty(dry.multiplier, dry.base or DRY_BASE[kind], dry.allowed_length or REPEATED[kind])
