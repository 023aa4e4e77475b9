"""The works in a report: music with score and player, or text shaded by the surprise of each character."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rnnlab.config.schema import NotesDataset
from rnnlab.errors import count_of
from rnnlab.evaluation.free_running import FreeRunning
from rnnlab.generation.writing import Writing, Written
from rnnlab.music.meter import parse_meter
from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.music import piece, seconds_of

_SAMPLE_RATES = (22_050, 16_000, 11_025, 8_000)
_SOUND_BYTES = 1_000_000
BOUNDS = (1.0, 2.0, 3.0, 5.0, 8.0)
"""Surprise, in bits, at which each next shade begins."""


@dataclass(frozen=True)
class PlayedPiece:
    """Notes with a title; `wrong` are the indices of the notes that differ from the data."""

    title: str
    tokens: tuple[str, ...]
    wrong: tuple[int, ...] = ()
    remark: str = ""


def works(contents: Contents) -> list[Markup]:
    """Return an article for each piece of music, or for each text below a legend of the shades."""
    if contents.trained.experiment.dataset.kind == "notes":
        return played(pieces(contents), contents)
    texts = [*_passage(contents), *_texts(contents)]
    return [legend(), *texts] if texts else []


def pieces(contents: Contents) -> list[PlayedPiece]:
    """Return the song of the training data, the free run and the samples, without repetitions."""
    found = _song(contents)
    heard = {each.tokens for each in found}
    for number, sample in enumerate(_samples(contents), start=1):
        tokens = _notes(contents, _all_tokens(contents, sample))
        if tokens and tokens not in heard:
            heard.add(tokens)
            found.append(PlayedPiece(f"Sample {number}", tokens, remark=_how(contents)))
    return found


def played(found: list[PlayedPiece], contents: Contents) -> list[Markup]:
    """Return each piece with its score and its sound.

    The more seconds the pieces have, the lower the sample rate; the sounds of very long pieces are cut.

    Args:
        found: the pieces.
        contents: of the report; its data has the metre of the scores.
    """
    dataset = contents.trained.experiment.dataset
    said = dataset.reading.meter if isinstance(dataset, NotesDataset) else None
    meter = None if said is None else parse_meter(said)
    seconds = sum(seconds_of(each.tokens) for each in found)
    lowest = _SAMPLE_RATES[-1]
    rate = next((rate for rate in _SAMPLE_RATES if 2 * seconds * rate <= _SOUND_BYTES), lowest)
    room = _SOUND_BYTES / (2 * lowest)  # seconds of all pieces together
    name = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in contents.run.path.name
    )
    return [
        piece(
            each.title,
            each.tokens,
            name=f"{name}-{number}",
            wrong=each.wrong,
            remark=each.remark,
            meter=meter,
            sample_rate=rate,
            most_seconds=math.inf if seconds <= room else room / len(found),
        )
        for number, each in enumerate(found, start=1)
    ]


def surprise_text(tokens: Sequence[str], costs: Sequence[float | None]) -> Markup:
    """Return a text in which the shade of a character is the surprise of the model.

    Args:
        tokens: the characters.
        costs: −ln of the probability of each character, in nats; None if the model did not predict it.
    """
    pieces = []
    for level, run in groupby(zip(tokens, costs, strict=True), key=lambda pair: level_of(pair[1])):
        text = "".join(_seen(token, level) for token, _ in run)
        pieces.append(tag("span", text, class_=f"bits-{level}") if level else together(text))
    return tag("p", *pieces, class_="written", dir="auto")


def level_of(cost: float | None) -> int:
    """Return the shade of a cost in nats: the number of bounds that it reaches, 0 without a cost."""
    return 0 if cost is None else bisect_right(BOUNDS, cost / math.log(2))


def legend() -> Markup:
    """Return the legend of the shades."""
    bounds = [*BOUNDS, math.inf]
    entries = [tag("span", f"under {BOUNDS[0]:g}", class_="shade")]
    for level, (low, high) in enumerate(pairwise(bounds), start=1):
        name = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and more"
        entries.append(tag("span", name, class_=f"shade bits-{level}"))
    note = "3 bits: the model gave the character a probability of 1/8"
    return tag("p", "Surprise in bits: ", *entries, f" ({note}).", class_="legend")


def _song(contents: Contents) -> list[PlayedPiece]:
    """Return the training song, and the free run if it differs; without a free run, the training data."""
    if not isinstance(contents.measured, Measured):
        return []
    running = contents.measured.evaluation.free_running
    if running is None:
        corpus = contents.measured.corpus
        first = corpus.ids[corpus.starts[0] : corpus.ends[0]]
        return [
            PlayedPiece(
                "The training data, from its beginning", _notes(contents, corpus.vocabulary.decode(first))
            )
        ]
    vocabulary = contents.vocabulary
    seed = vocabulary.decode(vocabulary.parse(running.seed, name="generation.seed"))
    song, free = (_notes(contents, [*seed, *rest]) for rest in (running.truth, running.sequence))
    noun = "note" if vocabulary.boundary is None else "token"  # a boundary is measured too, and is no note
    heard = len(_notes(contents, seed))
    seed_notes = "note" if heard == 1 else f"{heard:,} notes"
    begun = f"after its first {seed_notes}, when the model reads only its own notes"
    if running.exact:
        remark = f"The free run is the same: all {count_of(running.length, noun)} are right {begun}."
        return [PlayedPiece("The training song, and the free run", song, remark=remark)]
    remark = (
        f"{running.correct:,} of {count_of(running.length, noun)} are right {begun}. The first mistake is"
        f" generated {noun} {running.first_divergence}. Wrong notes are red and ringed."
    )
    wrong = _wrong_notes(contents, seed, running)
    return [PlayedPiece("The training song", song), PlayedPiece("The free run", free, wrong, remark)]


def _wrong_notes(contents: Contents, seed: Sequence[str], running: FreeRunning) -> tuple[int, ...]:
    """Return the indices of the wrong notes in the seed and the free run after it, without boundaries."""
    first = len(_notes(contents, seed))
    wrong, boundary = set(running.wrong), contents.vocabulary.boundary
    notes = [place for place, token in enumerate(running.sequence) if token != boundary]
    return tuple(first + number for number, place in enumerate(notes) if place in wrong)


def _passage(contents: Contents) -> Iterator[Markup]:
    """Yield the beginning of the measured part, shaded by surprise."""
    if not isinstance(contents.measured, Measured) or not contents.measured.passage.costs:
        return
    corpus, passage = contents.measured.corpus, contents.measured.passage
    costs = passage.costs
    places = range(passage.begin, max(costs) + 1)
    tokens = corpus.vocabulary.decode(corpus.ids[passage.begin : max(costs) + 1])
    text = surprise_text(tokens, [costs.get(place) for place in places])
    part = contents.measured.evaluation.split
    title = tag("h3", f"The beginning of the {part} part")
    yield tag("article", title, text)


def _texts(contents: Contents) -> Iterator[Markup]:
    """Yield each sample, shaded by the surprise of the model at its own text."""
    for number, sample in enumerate(_samples(contents), start=1):
        tokens = _all_tokens(contents, sample)
        costs = [-likely for likely in sample.log_probabilities]
        known: list[float | None] = [*[None] * (len(tokens) - len(costs)), *costs]
        title = tag("h3", f"Sample {number}")
        yield tag("article", title, tag("p", _how(contents)), surprise_text(tokens, known))


def _samples(contents: Contents) -> tuple[Written, ...]:
    return contents.writing.samples if isinstance(contents.writing, Writing) else ()


def _all_tokens(contents: Contents, sample: Written) -> list[str]:
    """Return the tokens of a sample, beginning with those of its seed."""
    vocabulary = contents.vocabulary
    return vocabulary.decode(vocabulary.parse(sample.text, name="sample")) if sample.text else []


def _notes(contents: Contents, tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens without the boundaries between tunes."""
    return tuple(token for token in tokens if token != contents.vocabulary.boundary)


def _how(contents: Contents) -> str:
    """Return the settings of the samples as a sentence."""
    if not isinstance(contents.writing, Writing):
        return ""
    settings = contents.writing.settings
    begun = f"After {settings.seed!r}" if settings.seed else "Without a seed"
    if not settings.temperature:
        return f"{begun}, always the most probable token."
    chosen = [f"temperature {settings.temperature:g}"]
    chosen += [f"top-k {settings.top_k}"] if settings.top_k else []
    chosen += [f"top-p {settings.top_p:g}"] if settings.top_p else []
    return f"{begun}, {', '.join(chosen)}, random seed {settings.random_seed}."


def _seen(token: str, level: int) -> str:
    """Return the token; a shaded line break gets a sign, since its shade would be invisible."""
    return "↵\n" if token == "\n" and level else token
