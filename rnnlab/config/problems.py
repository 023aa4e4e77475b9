"""What pydantic finds wrong, said in a line that a user can act on."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic_core import ErrorDetails

from rnnlab.config import dataset, model, optimizer, schema
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Path
from rnnlab.errors import near

Finding = tuple[Path, str]
"""A place in the YAML, and what is wrong there and what to do."""

Kinds = dict[str, type[Section]]

UNIONS: dict[Path, tuple[str, Kinds]] = {
    ("dataset",): ("kind", {"text": dataset.TextDataset, "notes": dataset.NotesDataset}),
    ("dataset", "split"): (
        "kind",
        {
            "none": dataset.NoSplit,
            "contiguous": dataset.ContiguousSplit,
            "stratified_shuffle": dataset.StratifiedShuffleSplit,
        },
    ),
    ("model",): (
        "kind",
        {
            "simple_rnn": model.SimpleRnnModel,
            "lstm": model.LstmModel,
            "gru": model.GruModel,
            "mlp": model.MlpModel,
        },
    ),
    ("training", "optimizer"): (
        "name",
        {
            "sgd": optimizer.Sgd,
            "rmsprop": optimizer.RmsProp,
            "adam": optimizer.Adam,
            "adamw": optimizer.AdamW,
            "nadam": optimizer.Nadam,
            "adamax": optimizer.Adamax,
            "adagrad": optimizer.Adagrad,
            "adadelta": optimizer.Adadelta,
            "lion": optimizer.Lion,
        },
    ),
    ("training", "schedule"): (
        "kind",
        {
            "constant": optimizer.ConstantSchedule,
            "linear": optimizer.LinearSchedule,
            "cosine": optimizer.CosineSchedule,
            "exponential": optimizer.ExponentialSchedule,
        },
    ),
}
"""The sections of which there are several kinds: the key that tells them apart, and the kinds."""

PLAIN: Kinds = {
    "training": schema.Training,
    "evaluation": schema.Evaluation,
    "generation": schema.Generation,
}

_OWN = ("token", "clip")
"""Errors of our own validators."""

_TYPES = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "path_type": "a path",
    "model_type": "a section (keys and values)",
    "model_attributes_type": "a section (keys and values)",
    "dict_type": "a section (keys and values)",
    "finite_number": "a finite number",
}


def findings(errors: Iterable[ErrorDetails], data: Any) -> list[Finding]:
    """Everything that is wrong, each once: a key that is spelled wrong is not also missing."""
    found = [finding for error in errors for finding in _sentences(error, _path_of(error, data), data)]
    misspelled = {(*path[:-1], meant) for path, message in found if (meant := _meant(message))}
    return [
        (path, message)
        for path, message in found
        if not (path in misspelled and message.startswith("missing;"))
    ]


def _path_of(error: ErrorDetails, data: Any) -> Path:
    """Where an error belongs, as the keys of the YAML.

    Pydantic also names the kind of each section, and numbers the items of what was one value in the YAML.
    """
    path: list[str | int] = []
    location = list(error["loc"])
    while location:
        path.append(location.pop(0))
        if tuple(path) in UNIONS and location and location[0] in UNIONS[tuple(path)][1]:
            location.pop(0)
    if path and isinstance(path[-1], int) and not isinstance(_at(data, tuple(path[:-1])), list):
        path.pop()
    return tuple(path)


def _sentences(error: ErrorDetails, path: Path, data: Any) -> Iterator[Finding]:
    """What an error says, which may stand for several contradictions."""
    if error["type"] == "contradictions":
        for dotted, message in error["ctx"]["found"]:
            yield tuple(dotted.split(".")), message
    elif error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        yield _wrong_kind(path, data)
    elif error["type"] == "extra_forbidden":
        yield path, _unknown_key(path, data)
    elif error["type"] == "missing":
        yield path, "missing; " + _meaning(path, data)
    elif error["type"] == "literal_error":
        yield path, _wrong_choice(error, path)
    elif error["type"] != "too_short" or len(error["input"]) < error["ctx"]["min_length"]:
        yield path, _refusal(error)  # pydantic also calls a list too short when its items are wrong


def _wrong_kind(path: Path, data: Any) -> Finding:
    """A section of several kinds that names none of them."""
    key, kinds = UNIONS[path]
    section = _at(data, path)
    expected = f"expected one of {', '.join(kinds)}"
    if not isinstance(section, dict) or key not in section:
        return (*path, key), f"missing; {expected}"
    received = section[key]
    return (*path, key), f"{expected}, received {_shown(received)}{_did_you_mean(str(received), kinds)}"


def _wrong_choice(error: ErrorDetails, path: Path) -> str:
    """A word that is none of those that its key may have, or only in another kind of the section."""
    expected, received = error["ctx"]["expected"], error["input"]
    tag, kinds = UNIONS.get(path[:-1], ("", {}))
    fields = ((name, kind.model_fields.get(str(path[-1]))) for name, kind in kinds.items())
    having = [name for name, field in fields if field and received in get_args(field.annotation)]
    hint = (
        f"; that is for {tag}: {', '.join(having)}"
        if having
        else _did_you_mean(str(received), re.findall("'(.*?)'", expected))
    )
    return f"expected {expected}, received {_shown(received)}{hint}"


def _unknown_key(path: Path, data: Any) -> str:
    """A key that its section lacks: what it may have been, or the kind that has it."""
    *parent, key = path
    found = _section(tuple(parent), data)
    known = list(found.model_fields) if found else list(schema.Experiment.model_fields)
    tag, kinds = UNIONS.get(tuple(parent), ("", {}))
    if having := [name for name, other in kinds.items() if key in other.model_fields]:
        verb = "has" if len(having) == 1 else "have"
        return f"only {tag}: {', '.join(having)} {verb} this key; leave it out, or change the {tag}"
    return f"unknown key{_did_you_mean(str(key), known) or '; there are ' + ', '.join(known)}"


def _section(path: Path, data: Any) -> type[Section] | None:
    """The class of the section at a path, by the kind that the data names."""
    if path in UNIONS:
        key, kinds = UNIONS[path]
        section = _at(data, path)
        kind = section.get(key) if isinstance(section, dict) else None
        return kinds.get(str(kind))
    return PLAIN.get(str(path[0])) if len(path) == 1 else None


def _meaning(path: Path, data: Any) -> str:
    """What a missing key is for."""
    found = _section(path[:-1], data) or schema.Experiment
    field = found.model_fields.get(str(path[-1]))
    return f"expected: {field.description}" if field and field.description else "expected a value"


def _refusal(error: ErrorDetails) -> str:
    """What was expected and what was received; our own validators say both themselves."""
    if error["type"] in _OWN:
        return error["msg"]
    return f"{_expected(error)}, received {_shown(error['input'])}"


def _expected(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _TYPES:
        return f"expected {_TYPES[kind]}"
    bounds = {
        "greater_than_equal": ("ge", "expected {} or more"),
        "less_than_equal": ("le", "expected at most {}"),
        "greater_than": ("gt", "expected more than {}"),
        "less_than": ("lt", "expected less than {}"),
        "string_too_short": ("min_length", "expected at least {} character"),
        "too_short": ("min_length", "expected at least {} in the list"),
        "too_long": ("max_length", "expected at most {} in the list"),
    }
    if kind in bounds:
        key, phrase = bounds[kind]
        bound = context[key]
        return phrase.format(f"{bound:,}" if isinstance(bound, int) else f"{bound:g}")
    if kind == "string_pattern_mismatch":
        return "expected package.module:Class"
    return error["msg"]


def _meant(message: str) -> str | None:
    """The key that an unknown one was probably meant to be."""
    found = re.fullmatch("unknown key; did you mean '(.*)'[?]", message)
    return found[1] if found else None


def _did_you_mean(word: str, known: Any) -> str:
    found = near(word, known, 1)
    return f"; did you mean '{found[0]}'?" if found else ""


def _shown(value: Any) -> str:
    """A value as YAML writes it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = (
        "a section" if isinstance(value, dict) else repr(list(value) if isinstance(value, tuple) else value)
    )
    return text if len(text) <= 60 else text[:57] + "…"


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
