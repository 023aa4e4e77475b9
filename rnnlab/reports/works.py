"""What a model wrote: pieces to look at and hear, or text with its surprise."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rnnlab.config.schema import NotesDataset
from rnnlab.errors import count_of
from rnnlab.evaluation.free_running import FreeRunning
from rnnlab.generation.writing import Writing, Written
from rnnlab.music.meter import parse_meter
from rnnlab.reports.confusion import legend, surprise_text
from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.music import piece, seconds_of

_SAMPLE_RATES = (22_050, 16_000, 11_025, 8_000)
_SOUND_BYTES = 1_000_000


@dataclass(frozen=True)
class PlayedPiece:
    """Notes with a title; `wrong` are the indices of those that are not as in the data."""

    title: str
    tokens: tuple[str, ...]
    wrong: tuple[int, ...] = ()
    remark: str = ""


def works(contents: Contents) -> list[Markup]:
    """An article for each thing to read or to hear."""
    if contents.trained.experiment.dataset.kind == "notes":
        return played(pieces(contents), contents)
    texts = [*_passage(contents), *_texts(contents)]
    return [legend(), *texts] if texts else []


def pieces(contents: Contents) -> list[PlayedPiece]:
    """The song of the training data, the free run, and the samples; what is the same only once."""
    found = _song(contents)
    heard = {each.tokens for each in found}
    for number, sample in enumerate(_samples(contents), start=1):
        tokens = _notes(contents, _all_tokens(contents, sample))
        if tokens and tokens not in heard:
            heard.add(tokens)
            found.append(PlayedPiece(f"Sample {number}", tokens, remark=_how(contents)))
    return found


def played(found: list[PlayedPiece], contents: Contents) -> list[Markup]:
    """Each piece with its score and its sound, so good and so long that all together are not too large.

    Args:
        found: the pieces.
        contents: of the report, whose data has the metre of the scores.
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


def _song(contents: Contents) -> list[PlayedPiece]:
    """What was learnt, and what the model makes of it when it hears only itself."""
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
    begun = f"after its first {'note' if heard == 1 else f'{heard:,} notes'}, the model hearing only itself"
    if running.exact:
        remark = f"The free run is the same, all {count_of(running.length, noun)} of it {begun}."
        return [PlayedPiece("The training song, and the free run", song, remark=remark)]
    remark = (
        f"{running.correct:,} of {count_of(running.length, noun)} right {begun}; the first wrong one is"
        f" generated {noun} {running.first_divergence}. Wrong notes are red and ringed."
    )
    wrong = _wrong_notes(contents, seed, running)
    return [PlayedPiece("The training song", song), PlayedPiece("The free run", free, wrong, remark)]


def _wrong_notes(contents: Contents, seed: Sequence[str], running: FreeRunning) -> tuple[int, ...]:
    """Which notes of the seed and the free run after it are wrong, from 0; boundaries are not counted."""
    first = len(_notes(contents, seed))
    wrong, boundary = set(running.wrong), contents.vocabulary.boundary
    notes = [place for place, token in enumerate(running.sequence) if token != boundary]
    return tuple(first + number for number, place in enumerate(notes) if place in wrong)


def _passage(contents: Contents) -> Iterator[Markup]:
    """The beginning of what was measured, as the model read it."""
    if not isinstance(contents.measured, Measured) or not contents.measured.passage.costs:
        return
    corpus, passage = contents.measured.corpus, contents.measured.passage
    costs = passage.costs
    places = range(passage.begin, max(costs) + 1)
    tokens = corpus.vocabulary.decode(corpus.ids[passage.begin : max(costs) + 1])
    text = surprise_text(tokens, [costs.get(place) for place in places])
    part = contents.measured.evaluation.split
    title = tag("h3", f"The {part} part, from its beginning, as the model read it")
    yield tag("article", title, text)


def _texts(contents: Contents) -> Iterator[Markup]:
    """Each sample, with how surprised the model was by itself."""
    for number, sample in enumerate(_samples(contents), start=1):
        tokens = _all_tokens(contents, sample)
        costs = [-likely for likely in sample.log_probabilities]
        known: list[float | None] = [*[None] * (len(tokens) - len(costs)), *costs]
        title = tag("h3", f"Sample {number}")
        yield tag("article", title, tag("p", _how(contents)), surprise_text(tokens, known))


def _samples(contents: Contents) -> tuple[Written, ...]:
    return contents.writing.samples if isinstance(contents.writing, Writing) else ()


def _all_tokens(contents: Contents, sample: Written) -> list[str]:
    """The tokens of a sample with those of its seed."""
    vocabulary = contents.vocabulary
    return vocabulary.decode(vocabulary.parse(sample.text, name="sample")) if sample.text else []


def _notes(contents: Contents, tokens: Sequence[str]) -> tuple[str, ...]:
    """Without what only separates tunes."""
    return tuple(token for token in tokens if token != contents.vocabulary.boundary)


def _how(contents: Contents) -> str:
    """How the samples were drawn."""
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
