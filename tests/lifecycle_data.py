"""The section `dataset` of a random configuration: what is read, how it is cut, and what is held out."""

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.drawing import flag, number, optional, random_seed, size
from tests.material import NOTES, TEXTS, Source, note_sources

Section = dict[str, Any]

MOST_LANES, MOST_WINDOW = 70, 64

FOLDER = "file:///FOLDER"
"""Stands in a drawn page for the folder that the material is written to."""


@dataclass(frozen=True)
class Cut:
    """How the data are cut into batches.

    Attributes:
        window: T.
        lanes: N.
        steps: about so many batches an epoch.
    """

    window: int
    lanes: int
    steps: int


def drawn_dataset(rng: Random, kind: str, source: Source) -> Section:
    """What is read, and how it is encoded."""
    is_text = kind == "text"
    unit = rng.choice(("character" if is_text else "note", "line", "document"))
    encodings = ("one_hot", "scalar", "embedding", *(() if is_text else ("pitch_duration",)))
    dataset: Section = {"kind": kind, "unit": unit, **_where(rng, source)}
    dataset |= optional(rng, 0.8, encoding=lambda: rng.choice(encodings))
    if dataset.get("encoding") == "embedding":
        dataset |= optional(rng, 0.6, embedding_size=lambda: size(rng, 40))
    if source.paths == ("song.mid",):
        dataset |= optional(rng, 0.6, reading=lambda: _reading(rng))
    elif not is_text:
        dataset |= optional(rng, 0.1, reading=lambda: {"meter": rng.choice(("2/4", "3/4", "12/8"))})
    if not is_text:
        dataset |= optional(rng, 0.2, transpose=lambda: rng.choice((-12, -3, 0, 5, "c", "fis", "bes")))
        dataset |= optional(rng, 0.2, augment=lambda: _augmentation(rng))
    if not dataset.keys() & {"transpose", "augment"}:
        dataset |= optional(rng, 0.3, vocabulary=lambda: _vocabulary(rng, source, is_text=is_text))
    if is_text and "vocabulary" not in dataset:
        dataset |= optional(rng, 0.2, normalize=lambda: rng.choice(("NFC", "NFD", "NFKC", "NFKD")))
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
        meter=lambda: rng.choice(("3/4", "6/8")),
    ) | optional(rng, 0.1, voice=lambda: rng.choice((1, "1")))  # which MIDI has not


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


def drawn_cut(rng: Random, source: Source, unit: str, regime: str) -> Cut:
    """Lanes and windows; one page in twenty may ask for more than there is."""
    tokens, sequences = len(source.tokens), source.sequences.get(unit, len(source.paths))
    room = tokens // 2  # what is held out, and what a gap leaves out
    window = rng.choice((size(rng, MOST_WINDOW), rng.randint(1, 12), rng.randint(1, MOST_WINDOW)))
    lanes = rng.choice((size(rng, MOST_LANES), rng.randint(1, MOST_LANES)))
    if rng.random() < 0.95:
        window = min(window, max(1, tokens // sequences // (3 if regime == "stream" else 8)))
        lanes = min(lanes, max(1, room // window if regime == "stream" else room - window * sequences))
    steps = tokens // (window * lanes) if regime == "stream" else tokens // lanes
    return Cut(window, lanes, max(steps, 1))


def drawn_split(rng: Random, dataset: Section, source: Source, regime: str) -> Section:
    """What is held out; of few sequences none are, since too little would be left."""
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
        return (
            split
            | optional(
                rng,
                0.7,
                validation=lambda: number(rng, 0.2, 0.6),
                splits=lambda: splits,
                use=lambda: rng.randrange(splits),
                random_seed=lambda: random_seed(rng),
            )
            | optional(rng, 0.9, allow_overlap=lambda: rng.random() < 0.95)
        )
    split |= optional(
        rng, 0.8, validation=lambda: rng.choice((0, share, share)), test=lambda: number(rng, 0.1, 0.3)
    )
    if kind == "contiguous":
        return split | optional(rng, 0.4, gap=lambda: rng.randrange(20))
    return split | optional(
        rng, 0.5, shuffle=lambda: flag(rng), random_seed=lambda: random_seed(rng), unique=lambda: flag(rng)
    )


def vocab_size(dataset: Section) -> int:
    """How many tokens a declared vocabulary has, with the boundary; 0 where none is declared."""
    tokens = set(dataset.get("vocabulary", ()))
    boundary = {"line": "\n", "document": "\x03"}.get(dataset["unit"])
    return len(tokens | {boundary} if boundary else tokens) if tokens else 0
