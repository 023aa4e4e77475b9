"""What pydantic finds wrong, said in a line that a user can act on."""

from collections.abc import Iterator
from typing import Any

from pydantic_core import ErrorDetails

from rnnlab.config import dataset, model, optimizer, schema
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Path
from rnnlab.errors import near

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


def path_of(error: ErrorDetails) -> Path:
    """Where an error belongs, as the keys of the YAML: pydantic also names the kind of each section."""
    path: list[str | int] = []
    location = list(error["loc"])
    while location:
        path.append(location.pop(0))
        if tuple(path) in UNIONS and location and location[0] in UNIONS[tuple(path)][1]:
            location.pop(0)
    return tuple(path)


def sentences(error: ErrorDetails, path: Path, data: Any) -> Iterator[tuple[Path, str]]:
    """(path, what is wrong and what to do) for an error, which may stand for several contradictions."""
    if error["type"] == "contradictions":
        for dotted, message in error["ctx"]["found"]:
            yield tuple(dotted.split(".")), message
    elif error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        yield _wrong_kind(path, data)
    elif error["type"] == "extra_forbidden":
        yield path, _unknown_key(path, data)
    elif error["type"] == "missing":
        yield path, "missing; " + _meaning(path, data)
    else:
        yield path, f"{_expected(error)}, received {_shown(error['input'])}"


def _wrong_kind(path: Path, data: Any) -> tuple[Path, str]:
    """A section of several kinds that names none of them."""
    key, kinds = UNIONS[path]
    section = _at(data, path)
    expected = f"expected one of {', '.join(kinds)}"
    if not isinstance(section, dict) or key not in section:
        return (*path, key), f"missing; {expected}"
    return (
        *path,
        key,
    ), f"{expected}, received {_shown(section[key])}{_did_you_mean(str(section[key]), kinds)}"


def _unknown_key(path: Path, data: Any) -> str:
    """A key that its section lacks: what it may have been, or the kind that has it."""
    *parent, key = path
    found = _section(tuple(parent), data)
    known = list(found.model_fields) if found else list(schema.Experiment.model_fields)
    for name, other in UNIONS.get(tuple(parent), ("", {}))[1].items():
        if key in other.model_fields:
            return f"only {UNIONS[tuple(parent)][0]}: {name} has this key; leave it out, or change the kind"
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


def _expected(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _TYPES:
        return f"expected {_TYPES[kind]}"
    if kind == "literal_error":
        return f"expected {context['expected']}"
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
        return phrase.format(f"{context[key]:,}" if isinstance(context[key], int) else context[key])
    if kind == "string_pattern_mismatch":
        return "expected package.module:Class"
    return error["msg"]


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
