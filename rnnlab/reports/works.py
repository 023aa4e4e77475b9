"""The works in a report: music with score, player, MIDI file and notes, or text shaded by surprise."""

import math
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

from rnnlab.config.schema import NotesDataset
from rnnlab.errors import DataError, count_of
from rnnlab.evaluation.free_running import FreeRunning
from rnnlab.generation.writing import Writing, Written
from rnnlab.music.meter import Meter, parse_meter
from rnnlab.music.midi import write_midi
from rnnlab.music.notation import Note, parse_token
from rnnlab.music.sound import wav_of
from rnnlab.music.tune import Tune
from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.markup import Markup, data_uri, tag, together
from rnnlab.reports.scores import scores

_SAMPLE_RATES = (22_050, 16_000, 11_025, 8_000)
_SOUND_BYTES = 1_000_000
BOUNDS = (1.0, 2.0, 3.0, 5.0, 8.0)
"""Surprise in bits at which each shade begins."""
MOST_NOTES = 200
"""Largest number of notes of a piece that are drawn and played; the MIDI file has all notes."""
_NOTHING = Markup()


@dataclass(frozen=True)
class PlayedPiece:
    """A piece of music for the report.

    Attributes:
        title: the heading.
        tokens: the notes.
        wrong: indices of the notes that differ from the data.
        remark: a sentence below the heading; empty if there is none.
        mark: what stands before the heading; empty for nothing.
    """

    title: str
    tokens: tuple[str, ...]
    wrong: tuple[int, ...] = ()
    remark: str = ""
    mark: Markup = _NOTHING


def works(contents: Contents) -> list[Markup]:
    """Return an article for each piece of music, or a legend of the shades and an article for each text.

    The list is empty if there is no piece or no text.
    """
    if contents.trained.experiment.dataset.kind == "notes":
        return played(pieces(contents), contents)
    texts = [*_passage(contents), *_texts(contents)]
    return [legend(), *texts] if texts else []


def pieces(contents: Contents) -> list[PlayedPiece]:
    """Return the song of the data, the free run and the samples, without equal pieces; see `_song`."""
    found = _song(contents)
    heard = {each.tokens for each in found}
    for number, sample in enumerate(_samples(contents), start=1):
        tokens = _notes(contents, _all_tokens(contents, sample))
        if tokens and tokens not in heard:
            heard.add(tokens)
            found.append(PlayedPiece(f"Sample {number}", tokens, remark=_how(contents)))
    return found


def played(
    found: Sequence[PlayedPiece], contents: Contents, *, widths: Sequence[str] = ("wide", "narrow")
) -> list[Markup]:
    """Return an article for each piece, with score and sound; see `played_together`.

    Args:
        found: the pieces.
        contents: the contents of the report; the configuration in it may have the metre of the scores.
        widths: classes of the scores, as in `piece`.
    """
    dataset = contents.trained.experiment.dataset
    said = dataset.reading.meter if isinstance(dataset, NotesDataset) else None
    return played_together(found, meter=said, name=contents.run.path.name, widths=widths)


def played_together(
    found: Sequence[PlayedPiece],
    *,
    meter: str | None,
    name: str,
    widths: Sequence[str] = ("wide", "narrow"),
) -> list[Markup]:
    """Return an article for each piece, with score and sound.

    The longer the pieces are together, the lower is the sample rate. If the pieces are too long together for
    the lowest rate, each sound is cut to at most an equal share of the possible duration.

    Args:
        found: the pieces.
        meter: metre of the scores; None for 4/4.
        name: name of the run or the comparison, for the names of the MIDI files.
        widths: classes of the scores, as in `piece`.
    """
    seconds = sum(seconds_of(each.tokens) for each in found)
    lowest = _SAMPLE_RATES[-1]
    rate = next((rate for rate in _SAMPLE_RATES if 2 * seconds * rate <= _SOUND_BYTES), lowest)
    room = _SOUND_BYTES / (2 * lowest)  # seconds of all pieces together
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    return [
        piece(
            each.title,
            each.tokens,
            name=f"{plain}-{number}",
            wrong=each.wrong,
            remark=each.remark,
            mark=each.mark,
            meter=None if meter is None else parse_meter(meter),
            sample_rate=rate,
            most_seconds=math.inf if seconds <= room else room / len(found),
            widths=widths,
        )
        for number, each in enumerate(found, start=1)
    ]


def surprise_text(tokens: Sequence[str], costs: Sequence[float | None]) -> Markup:
    """Return a text in which each character is shaded by the surprise of the model.

    Args:
        tokens: the characters.
        costs: −ln of the probability of each character, in nats; None if the model did not predict it.
    """
    return tag("p", *_shaded(tokens, costs), class_="written", dir="auto")


def _shaded(tokens: Sequence[str], costs: Sequence[float | None]) -> Iterator[Markup]:
    """Yield the text of neighbours with the same shade."""
    for level, run in groupby(zip(tokens, costs, strict=True), key=lambda pair: level_of(pair[1])):
        text = "".join(_seen(token, level) for token, _ in run)
        yield tag("span", text, class_=f"bits-{level}") if level else together(text)


def level_of(cost: float | None) -> int:
    """Return the shade of a cost in nats: the number of `BOUNDS` that the cost reaches; 0 if it is None."""
    return 0 if cost is None else bisect_right(BOUNDS, cost / math.log(2))


def legend() -> Markup:
    """Return the legend of `surprise_text`: each shade with its range of surprise, in bits."""
    bounds = [*BOUNDS, math.inf]
    entries = [tag("span", f"under {BOUNDS[0]:g}", class_="shade")]
    for level, (low, high) in enumerate(pairwise(bounds), start=1):
        name = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} and more"
        entries.append(tag("span", name, class_=f"shade bits-{level}"))
    note = "3 bits: the model gave the character a probability of 1/8"
    return tag("p", "Surprise in bits: ", *entries, f" ({note}).", class_="legend")


def piece(
    title: str,
    tokens: Sequence[str],
    *,
    name: str,
    wrong: Collection[int] = (),
    remark: str = "",
    mark: Markup = _NOTHING,
    meter: Meter | None = None,
    sample_rate: int = 16_000,
    most_seconds: float = math.inf,
    widths: Sequence[str] = ("wide", "narrow"),
) -> Markup:
    """Return a piece of music with its heading, score, player and text.

    Args:
        title: the heading.
        tokens: the notes.
        name: name of the MIDI file and part of the ids, in ASCII letters, digits and hyphens.
        wrong: indices of the wrong notes.
        remark: a sentence below the heading.
        mark: what stands before the heading.
        meter: metre of the score; None for 4/4.
        sample_rate: sample rate of the sound, in hertz.
        most_seconds: longest duration of the sound.
        widths: classes of the scores: `wide` for a desk, `narrow` for a phone; a page shows one of them.
    """
    tune = Tune(title, tuple(map(parse_token, tokens)), meter=meter)
    shown = replace(tune, notes=tune.notes[:MOST_NOTES])
    cut = f"The first {MOST_NOTES} of {len(tokens):,} notes. " if len(tokens) > MOST_NOTES else ""
    wrong_shown = [place for place in wrong if place < MOST_NOTES]
    score, is_drawn = scores(shown, wrong_shown, name, widths)
    said = together(cut, remark)
    return tag(
        "article",
        tag("h3", mark, title),
        *([tag("p", said)] if said else []),
        *score,
        _player(_begin_of(shown, most_seconds), tune, name, sample_rate),
        _as_text(tokens, wrong, is_open=not is_drawn),
        class_="piece",
    )


def seconds_of(tokens: Sequence[str]) -> float:
    """Return the duration of the drawn notes of a piece at 120 quarter notes a minute, in seconds."""
    return sum(_seconds(parse_token(token)) for token in tokens[:MOST_NOTES])


def _song(contents: Contents) -> list[PlayedPiece]:
    """Return the training song, and the free run if it has a mistake.

    If there is no free run, return the first sequence of the data. If the data was not read, return no piece.
    """
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
    return free_run_pieces(contents, running)


def free_run_pieces(contents: Contents, running: FreeRunning) -> list[PlayedPiece]:
    """Return the training song, and the free run if it has a mistake.

    Args:
        contents: the contents of the report, of which the vocabulary is used.
        running: the free run.
    """
    vocabulary = contents.vocabulary
    seed = vocabulary.decode(vocabulary.parse(running.seed, name="generation.seed"))
    song, free = (_notes(contents, [*seed, *rest]) for rest in (running.truth, running.sequence))
    noun = "note" if vocabulary.boundary is None else "token"  # a boundary token is generated too
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
    """Return the indices of the wrong notes in the notes of the seed and the free run, without boundaries."""
    first = len(_notes(contents, seed))
    wrong, boundary = set(running.wrong), contents.vocabulary.boundary
    notes = [place for place, token in enumerate(running.sequence) if token != boundary]
    return tuple(first + number for number, place in enumerate(notes) if place in wrong)


def _passage(contents: Contents) -> Iterator[Markup]:
    """Yield the beginning of the measured part, shaded by surprise; nothing if it was not measured."""
    if not isinstance(contents.measured, Measured) or not contents.measured.passage.costs:
        return
    corpus, passage = contents.measured.corpus, contents.measured.passage
    costs = passage.costs
    places = range(passage.begin, max(costs) + 1)
    tokens = corpus.vocabulary.decode(corpus.ids[passage.begin : max(costs) + 1])
    known = [costs.get(place) for place in places]
    boundary = corpus.vocabulary.boundary if has_lines(contents) else None
    text = surprise_text(tokens, known) if boundary is None else _in_lines(tokens, known, boundary)
    part = contents.measured.evaluation.split
    title = tag("h3", f"The beginning of the {part} part")
    yield tag("article", title, text)


def _texts(contents: Contents) -> Iterator[Markup]:
    """Yield each sample, shaded by the surprise of the model at each generated character.

    Samples that are lines stand together in columns, in one article.
    """
    samples = _samples(contents)
    if has_lines(contents):
        yield from _lines(contents, samples)
        return
    for number, sample in enumerate(samples, start=1):
        title = tag("h3", f"Sample {number}")
        yield tag("article", title, tag("p", _how(contents)), surprise_text(*_costs(contents, sample)))


def has_lines(contents: Contents) -> bool:
    """Whether the sequences of the data are lines of text, such as names."""
    dataset = contents.trained.experiment.dataset
    return dataset.kind == "text" and dataset.unit == "line"


def _in_lines(tokens: Sequence[str], costs: Sequence[float | None], boundary: str) -> Markup:
    """Return a shaded text as lines in columns, cut at the boundary tokens, which are not shown."""
    lines, begin = [], 0
    for end in [*(place for place, token in enumerate(tokens) if token == boundary), len(tokens)]:
        if end > begin:
            lines.append(tag("li", *_shaded(tokens[begin:end], costs[begin:end])))
        begin = end + 1
    return tag("ul", *lines, class_="lines", dir="auto")


def _lines(contents: Contents, samples: Sequence[Written]) -> Iterator[Markup]:
    """Yield an article with all samples as lines in columns; nothing if there is no sample."""
    if not samples:
        return
    title = tag("h3", count_of(len(samples), "sample"))
    lines = [tag("li", *_shaded(*_costs(contents, sample))) for sample in samples]
    yield tag("article", title, tag("p", _how(contents)), tag("ol", *lines, class_="lines", dir="auto"))


def _costs(contents: Contents, sample: Written) -> tuple[list[str], list[float | None]]:
    """Return the tokens of a sample, and the cost of each, None for those of the seed."""
    tokens = _all_tokens(contents, sample)
    costs = [-likely for likely in sample.log_probabilities][: len(sample.sequence)]
    return tokens, [*[None] * (len(tokens) - len(costs)), *costs]


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
    """Return the settings of the samples as a sentence; empty if there are no samples."""
    return how_written(contents.writing) if isinstance(contents.writing, Writing) else ""


def how_written(writing: Writing) -> str:
    """Return the settings of samples as a sentence."""
    settings = writing.settings
    begun = f"After {settings.seed!r}" if settings.seed else "Without a seed"
    if not settings.temperature:
        return f"{begun}, always the most probable token."
    chosen = [f"temperature {settings.temperature:g}"]
    chosen += [f"top-k {settings.top_k}"] if settings.top_k else []
    chosen += [f"top-p {settings.top_p:g}"] if settings.top_p else []
    return f"{begun}, {', '.join(chosen)}, random seed {settings.random_seed}."


def _seen(token: str, level: int) -> str:
    """Return the token; a shaded line break gets the sign ↵ before it, on which the shade is visible."""
    return "↵\n" if token == "\n" and level else token


def _begin_of(tune: Tune, most_seconds: float) -> Tune:
    """Return the first notes of a tune that last at most `most_seconds` together, but at least one note."""
    ends = accumulate(map(_seconds, tune.notes))
    count = sum(end <= most_seconds for end in ends)
    return replace(tune, notes=tune.notes[: max(count, 1)])


def _seconds(note: Note) -> float:
    return float(2 * note.duration)


def _player(heard: Tune, whole: Tune, name: str, sample_rate: int) -> Markup:
    """Return the player of `heard` and a link to the MIDI file of `whole`, or a message in place of each."""
    try:
        sound = data_uri(wav_of(heard, sample_rate=sample_rate), "audio/wav")
        player = tag("audio", controls="", preload="metadata", src=sound, aria_label=f"Sound of {whole.name}")
    except DataError as error:
        player = tag("span", f"No sound: {error}. ", class_="remark")
    try:
        midi = data_uri(write_midi(whole), "audio/midi")
        link = tag("a", "MIDI file", href=midi, download=f"{name}.mid")
    except DataError as error:
        link = tag("span", f"No MIDI: {error}.", class_="remark")
    part = (
        f"The player plays the first {len(heard.notes)} notes." if len(heard.notes) < len(whole.notes) else ""
    )
    return tag("p", player, " ", link, *([tag("span", part)] if part else []), class_="player")


def _as_text(tokens: Sequence[str], wrong: Collection[int], *, is_open: bool) -> Markup:
    """Return the notes as note text, in which wrong notes are marked."""
    pieces = []
    for place, token in enumerate(tokens):
        pieces += [tag("mark", "✗", token) if place in wrong else together(token), together(" ")]
    count = count_of(len(tokens), "note")
    summary = tag("summary", f"The {count} as text" if len(tokens) > 1 else "The note as text")
    text = tag("p", tag("code", *pieces), class_="notes")
    return tag("details", summary, text, open="" if is_open else None)
