"""Random configurations over every key of the schema, for the whole life of a run.

`draw(random_seed)` gives a page of YAML that names the data of `tests.material`. Most of what is drawn can be
trained in about a second. A few pages do not fit their data: every command must refuse them alike.
"""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from rnnlab.config.reading import parse_experiment
from rnnlab.errors import ConfigError
from tests.drawing import flag, fraction, number, optional, random_seed, size
from tests.lifecycle_data import FOLDER, drawn_cut, drawn_dataset, drawn_split, vocab_size
from tests.lifecycle_training import drawn_training
from tests.material import Source, note_sources, text_sources

Section = dict[str, Any]

MOST_UNITS = 41
STEP_COSTS = 20_000
"""Time steps of one layer in a whole training: so many take about a second."""


def draw(seed: int) -> str:
    """A page of YAML that the schema allows; the same for the same random seed."""
    rng = Random(seed)
    while True:
        page = "".join(f"{name}: {_flow(section)}\n" for name, section in drawn_sections(rng).items())
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


def drawn_sections(rng: Random) -> dict[str, Section]:
    """The sections of a page; now and then they say two things that cannot stand together."""
    kind = rng.choice(("text", "notes"))
    source = rng.choice(text_sources() if kind == "text" else note_sources())
    dataset = drawn_dataset(rng, kind, source)
    model_kind = rng.choice(("simple_rnn", "lstm", "lstm", "gru", "gru", "mlp"))
    regime = "windows" if model_kind == "mlp" else rng.choice(("windows", "stateful", "stream", "stream"))
    cut = drawn_cut(rng, source, dataset["unit"], regime)
    dataset |= optional(rng, 0.9 if regime == "stream" else 0.99, window=lambda: cut.window)
    if model_kind == "mlp" or (regime != "stream" and flag(rng)):
        dataset["target"] = "next"
    else:
        dataset |= optional(rng, 0.5, target=lambda: "shifted")
    dataset |= optional(rng, 0.75, split=lambda: drawn_split(rng, dataset, source, regime))
    model = _model(rng, model_kind, dataset, regime=regime)
    layers = len(model["units"]) if isinstance(model["units"], list) else 1
    epochs = min(max(1, STEP_COSTS // (cut.steps * cut.window * layers)), 80)
    seeds = _seeds(rng, dataset, source)
    sections = {
        "dataset": dataset,
        "model": model,
        "training": drawn_training(rng, regime, lanes=cut.lanes, epochs=epochs, seeds=seeds),
        "evaluation": _evaluation(rng, dataset.get("split", {})),
        "generation": _generation(rng, dataset, source),
    }
    own = Random(repr(sections))
    dataset |= optional(rng, 0.1, task=lambda: "next_token")
    dataset |= optional(own, 0.2, keep=lambda: flag(own))
    return {name: section for name, section in sections.items() if section or name in {"dataset", "model"}}


def _model(rng: Random, kind: str, dataset: Section, *, regime: str) -> Section:
    layers = rng.choice((1, 1, 1, 2, 2, 3))
    units = [size(rng, MOST_UNITS) for _ in range(layers)]
    heads = ("dense", "none") if vocab_size(dataset) or rng.random() < 0.1 else ("dense",)
    switches: dict[str, Any] = {}
    if kind != "mlp":
        switches |= optional(rng, 0.25, recurrent_dropout=lambda: fraction(rng, 0.5))
        switches |= optional(rng, 0.2, variational_dropout=lambda: flag(rng), tie_weights=lambda: flag(rng))
        switches |= optional(rng, 0.25, layer_norm=lambda: flag(rng), head=lambda: rng.choice(heads))
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
        units[-1] = vocab_size(dataset) or units[-1]  # which is refused, mostly
    return {"kind": kind, "units": units[0] if layers == 1 and flag(rng) else units, **switches}


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
    # a generator of its own, so that what was drawn before steering was there is drawn again
    return found | _steering(Random(repr(found) + repr(dataset)), dataset, source)


def _steering(rng: Random, dataset: Section, source: Source) -> Section:
    """What steers generation, in one of five pages; perhaps nothing satisfies the constraints."""
    if rng.random() < 0.8:
        return {}
    found = optional(
        rng,
        0.3,
        min_p=lambda: fraction(rng, 1),
        beam=lambda: size(rng, 6),
        length_normalization=lambda: number(rng, 0.01, 2),
        particles=lambda: size(rng, 20),
        dry=lambda: optional(
            rng,
            0.7,
            multiplier=lambda: number(rng, 0.01, 3),
            base=lambda: number(rng, 1, 2),
            allowed_length=lambda: size(rng, 20),
        ),
    )
    if rng.random() < 0.7:
        found["constraints"] = _constraints(rng, dataset, source)
    return found


def _constraints(rng: Random, dataset: Section, source: Source) -> Section:
    """One or two constraints, of those for text or for notes, and sometimes one for the other kind."""
    separator = "" if dataset["kind"] == "text" else " "

    def passage(most: int) -> str:
        return separator.join(rng.choices(source.tokens, k=size(rng, most)))

    for_both: dict[str, Callable[[], Any]] = {
        "template": lambda: separator.join([passage(2), rng.choice(("_", "_*")), passage(2)]),
        "must": lambda: passage(3),
        "avoid": lambda: [passage(3), passage(2)],
        "end_on": lambda: rng.choice(source.tokens),
        "length": lambda: f"{rng.randrange(5)}..{rng.randrange(5, 40)}",
        "vary": lambda: number(rng, 0.01, 1),
        "original": lambda: passage(30),
        "of": lambda: rng.choice(("of.txt", "of.notes")),
        "max_copy": lambda: size(rng, 20),
    }
    for_text: dict[str, Callable[[], Any]] = {"match": lambda: rng.choice((".*", "[a-z ]+", "(ab|c)*d"))}
    for_notes: dict[str, Callable[[], Any]] = {
        "key": lambda: rng.choice(("c", "a:minor", "d:dorian", "fis:major")),
        "range": lambda: rng.choice(("c..c''", "g,..g'", "c,,..c''''")),
        "bars": lambda: size(rng, 8),
        "meter": lambda: rng.choice(("3/4", "4/4", "6/8")),
        "rhythm": lambda: rng.choice(("8 8 4", "4 4 | r4 4.", "2")),
        "rhythm_of": lambda: rng.choice(("rhythm.mid", "rhythm.notes")),
        "pitches": lambda: rng.choice(("g4 e4 c4", "c4 <c e>4")),
        "pitches_of": lambda: rng.choice(("tune.abc", "tune.notes")),
        "max_copy_intervals": lambda: size(rng, 20),
    }
    own = for_text if dataset["kind"] == "text" else for_notes
    makers = {**for_both, **(own if rng.random() < 0.9 else {**for_text, **for_notes})}
    return {name: makers[name]() for name in sorted(rng.sample(sorted(makers), k=rng.randint(1, 2)))}
