"""Random configurations over every key of the schema, for the whole life of a run.

`draw(random_seed)` gives a page of YAML that names the data of `tests.material`. Most of what is drawn can be
trained in about a second. A few pages do not fit their data: every command must refuse them alike.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rnnlab.config.reading import parse_experiment
from rnnlab.errors import ConfigError
from tests.drawing import flag, fraction, number, optional, random_seed, size
from tests.lifecycle_training import training
from tests.material import NOTES, TEXTS, Source, note_sources, text_sources

Section = dict[str, Any]

MOST_LANES, MOST_WINDOW, MOST_UNITS = 70, 64, 41
STEP_COSTS = 20_000
"""Time steps of one layer in a whole training: so many take about a second."""

FOLDER = "file:///FOLDER"
"""Stands in a drawn page for the folder that the material is written to."""


@dataclass(frozen=True)
class Cut:
    """How the data are cut into batches.

    Attributes:
        regime: `windows`, `stateful` or `stream`.
        window: T.
        lanes: N.
        steps: about so many batches an epoch.
    """

    regime: str
    window: int
    lanes: int
    steps: int


def draw(seed: int) -> str:
    """A page of YAML that the schema allows; the same for the same random seed."""
    rng = Random(seed)
    while True:
        page = "".join(f"{name}: {_flow(section)}\n" for name, section in _sections(rng).items())
        try:
            parse_experiment(page, name="page.yaml", folder=Path.cwd())
        except ConfigError:
            continue  # it says two things that cannot stand together
        return page


def page_in(folder: Path, page: str) -> str:
    """A drawn page with the place of its material."""
    return page.replace(FOLDER, folder.resolve().as_uri())


def _flow(section: Section) -> str:
    """A section as JSON, which is YAML."""
    return json.dumps(section, ensure_ascii=False)


def _sections(rng: Random) -> dict[str, Section]:
    kind = rng.choice(("text", "notes"))
    source = rng.choice(text_sources() if kind == "text" else note_sources())
    dataset = _dataset(rng, kind, source)
    model_kind = rng.choice(("simple_rnn", "lstm", "lstm", "gru", "gru", "mlp"))
    regime = "windows" if model_kind == "mlp" else rng.choice(("windows", "stateful", "stream", "stream"))
    cut = _cut(rng, source, dataset["unit"], regime)
    target = "next" if model_kind == "mlp" or (regime != "stream" and flag(rng)) else "shifted"
    dataset |= optional(rng, 0.9 if regime == "stream" else 0.99, window=lambda: cut.window)
    if target == "next" or flag(rng):
        dataset["target"] = target
    dataset |= optional(rng, 0.75, split=lambda: _split(rng, dataset, source, regime))
    model = _model(rng, model_kind, dataset, regime=regime)
    layers = len(model["units"]) if isinstance(model["units"], list) else 1
    epochs = min(max(1, STEP_COSTS // (cut.steps * cut.window * layers)), 80)
    sections = {
        "dataset": dataset,
        "model": model,
        "training": training(
            rng, cut.regime, lanes=cut.lanes, epochs=epochs, seeds=_seeds(rng, dataset, source)
        ),
        "evaluation": _evaluation(rng, dataset.get("split", {})),
        "generation": _generation(rng, dataset, source),
    }
    return {name: section for name, section in sections.items() if section or name in {"dataset", "model"}}


def _dataset(rng: Random, kind: str, source: Source) -> Section:
    is_text = kind == "text"
    unit = rng.choice(("character" if is_text else "note", "line", "document"))
    encodings = ("one_hot", "scalar", "embedding", *(() if is_text else ("pitch_duration",)))
    dataset: Section = {"kind": kind, "unit": unit, **_where(rng, source)}
    dataset |= optional(rng, 0.8, encoding=lambda: rng.choice(encodings))
    if dataset.get("encoding") == "embedding":
        dataset |= optional(rng, 0.6, embedding_size=lambda: size(rng, 40))
    if source.paths == ("song.mid",):
        dataset |= optional(rng, 0.6, reading=lambda: _reading(rng))
    if not is_text:
        dataset |= optional(rng, 0.2, transpose=lambda: rng.choice((-12, -3, 0, 5, "c", "fis", "bes")))
        dataset |= optional(rng, 0.2, augment=lambda: _augmentation(rng))
    if not dataset.keys() & {"transpose", "augment"}:
        dataset |= optional(rng, 0.3, vocabulary=lambda: _vocabulary(rng, source, is_text=is_text))
    return dataset


def _where(rng: Random, source: Source) -> Section:
    """Where the data is: a path or several, a text in the page, or an address."""
    name = source.paths[0]
    text = {**TEXTS, **NOTES}.get(name)
    way = rng.choice(("path", "path", "inline", "url")) if text and len(source.paths) == 1 else "path"
    if text and way == "inline":
        return {"inline": text}
    if text and way == "url":
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"url": f"{FOLDER}/{name}", "sha256": rng.choice((digest, digest.upper()))}
    return {"path": name if len(source.paths) == 1 and flag(rng) else list(source.paths)}


def _reading(rng: Random) -> Section:
    return optional(
        rng,
        0.5,
        track=lambda: 1,
        channel=lambda: 1,
        polyphony=lambda: rng.choice(("highest", "refuse", "chords")),
        grid=lambda: rng.choice(("1/16", "exact", "1/16,1/24", ["1/8", "1/12"], "1/384")),
    )


def _augmentation(rng: Random) -> Section:
    semitones = rng.choice(("-2..2", "0..1", "-5..6", [-2, 2], [7], [], [0]))
    return optional(rng, 0.8, semitones=lambda: semitones)


def _vocabulary(rng: Random, source: Source, *, is_text: bool) -> str | list[str]:
    """The tokens of all files in any order, and some that do not occur."""
    files = TEXTS if is_text else {}
    seen = {*source.tokens, *"".join(files.values()), *(_note_tokens() if not is_text else ())}
    tokens = sorted(seen | set(rng.sample(("Ü", "€", "☃", "#") if is_text else ("c1", "r1", "<c e>1"), 2)))
    rng.shuffle(tokens)
    if is_text:
        return "".join(tokens) if flag(rng) else tokens
    return tokens


def _note_tokens() -> set[str]:
    return {token for source in note_sources() for token in source.tokens}


def _cut(rng: Random, source: Source, unit: str, regime: str) -> Cut:
    """Lanes and windows; one page in twenty may ask for more than there is."""
    tokens, sequences = len(source.tokens), source.sequences.get(unit, len(source.paths))
    room = tokens // 2  # what is held out, and what a gap leaves out
    window, lanes = size(rng, MOST_WINDOW), size(rng, MOST_LANES)
    if flag(rng):
        window, lanes = rng.randint(1, 12), rng.randint(1, MOST_LANES)
    if rng.random() < 0.95:
        window = min(window, max(1, tokens // sequences // (3 if regime == "stream" else 8)))
        lanes = min(lanes, max(1, room // window if regime == "stream" else room - window * sequences))
    steps = tokens // (window * lanes) if regime == "stream" else tokens // lanes
    return Cut(regime, window, lanes, max(steps, 1))


def _split(rng: Random, dataset: Section, source: Source, regime: str) -> Section:
    share = number(rng, 0.1, 0.3)
    sequences = source.sequences.get(dataset["unit"], len(source.paths))
    kinds = ["none"]
    kinds += ["contiguous"] * 2 * (sequences > 20 or dataset["unit"] in {"character", "note"})
    kinds += ["sequences"] * 2 * (sequences > 20)
    kinds += ["files"] * 2 * ("path" in dataset)
    kinds += ["stratified_shuffle"] * 2 * (regime == "windows")
    kind = rng.choice(kinds)
    split: Section = {"kind": kind}
    if kind == "none":
        return split | optional(rng, 0.5, allow_overlap=lambda: flag(rng))
    if kind == "files":
        end = ".txt" if dataset["kind"] == "text" else ".notes"
        validation = optional(rng, 0.8, validation=lambda: rng.choice((f"later{end}", [f"later{end}"])))
        return split | validation | optional(rng, 0.6, test=lambda: f"last{end}")
    if kind == "stratified_shuffle":
        splits = rng.randint(1, 5)
        return split | optional(
            rng,
            0.7,
            validation=lambda: number(rng, 0.2, 0.6),
            splits=lambda: splits,
            use=lambda: rng.randrange(splits),
            random_seed=lambda: random_seed(rng),
            allow_overlap=lambda: rng.random() < 0.95,
        )
    split |= optional(
        rng, 0.8, validation=lambda: rng.choice((0, share, share)), test=lambda: number(rng, 0.1, 0.3)
    )
    if kind == "contiguous":
        return split | optional(rng, 0.4, gap=lambda: rng.randrange(20))
    return split | optional(rng, 0.5, shuffle=lambda: flag(rng), random_seed=lambda: random_seed(rng))


def _model(rng: Random, kind: str, dataset: Section, *, regime: str) -> Section:
    layers = rng.choice((1, 1, 1, 2, 2, 3))
    units = [size(rng, MOST_UNITS) for _ in range(layers)]
    switches: dict[str, Any] = {}
    if kind != "mlp":
        switches |= optional(rng, 0.25, recurrent_dropout=lambda: fraction(rng, 0.5))
        switches |= optional(rng, 0.2, variational_dropout=lambda: flag(rng), tie_weights=lambda: flag(rng))
        switches |= optional(
            rng, 0.25, layer_norm=lambda: flag(rng), head=lambda: rng.choice(("dense", "none"))
        )
        switches |= optional(rng, 0.5 * (layers > 1), residual=lambda: flag(rng))
    own = {"lstm": ("peephole", "coupled_gates"), "gru": ("reset_after",)}.get(kind, ())
    switches |= optional(rng, 0.35, **{name: lambda: flag(rng) for name in own})
    switches |= optional(
        rng, 0.3, dropout=lambda: fraction(rng, 0.6), input_dropout=lambda: fraction(rng, 0.6)
    )
    if kind == "mlp":
        switches |= optional(rng, 0.7, activation=lambda: rng.choice(("relu", "tanh", "sigmoid", "elu")))
    elif regime == "stateful" or rng.random() < 0.1:
        switches["stateful"] = regime == "stateful" or flag(rng)
    if switches.get("residual"):
        units = units[:1] * layers
    if switches.get("tie_weights") and "embedding_size" in dataset:
        units[-1] = dataset["embedding_size"]
    if switches.get("head") == "none":
        units[-1] = _vocab_size(dataset) or units[-1]
    return {"kind": kind, "units": units[0] if layers == 1 and flag(rng) else units, **switches}


def _vocab_size(dataset: Section) -> int:
    """How many tokens a declared vocabulary has, with the boundary; 0 where none is declared."""
    tokens = set(dataset.get("vocabulary", ()))
    boundary = {"line": "\n", "document": "\x03"}.get(dataset["unit"])
    return len(tokens | {boundary} if boundary else tokens) if tokens else 0


def _evaluation(rng: Random, split: Section) -> Section:
    parts = ["train", *(part for part in ("validation", "test") if split.get(part))]
    return optional(
        rng, 0.3, every=lambda: size(rng, 4), split=lambda: rng.choice(parts), seeds=lambda: size(rng, 6)
    )


def _seeds(rng: Random, dataset: Section, source: Source) -> list[str]:
    """Beginnings that a model of the data knows."""
    if "transpose" in dataset:
        return []
    separator = "" if dataset["kind"] == "text" else " "
    starts = [rng.randrange(len(source.tokens) - 8) for _ in range(2)]
    return [separator.join(source.tokens[start : start + size(rng, 8)]) for start in starts]


def _generation(rng: Random, dataset: Section, source: Source) -> Section:
    found = optional(
        rng,
        0.4,
        length=lambda: size(rng, 90),
        temperature=lambda: rng.choice((0, 1, number(rng, 0.05, 5), number(rng, 1e-300, 1000))),
        top_k=lambda: size(rng, 60),
        top_p=lambda: rng.choice((1, number(rng, 0.01, 1), 1e-300)),
        samples=lambda: size(rng, 5),
        random_seed=lambda: random_seed(rng),
    )
    if seeds := _seeds(rng, dataset, source):
        found |= optional(rng, 0.7, seed=lambda: seeds[0])
        found |= optional(rng, 0.15, stop=lambda: rng.choice(source.tokens))
    return found
