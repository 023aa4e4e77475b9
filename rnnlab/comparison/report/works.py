"""What a network of each configuration plays, writes or predicts, side by side on the same data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rnnlab.comparison.contenders import Entry
from rnnlab.comparison.same_data import part_to_measure
from rnnlab.config.schema import NotesDataset
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import RnnlabError
from rnnlab.evaluation.example_selection import select_examples
from rnnlab.evaluation.free_running import FreeRunning, run_freely
from rnnlab.evaluation.selection import Selection, select
from rnnlab.files import Report
from rnnlab.generation.label_writing import write_for_label
from rnnlab.generation.prediction import predict
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.writing import Writing, write_samples
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.runs.kept_tokens import kept_tokens

MOST_SHOWN = 12
"""Largest number of configurations whose works are shown."""

MOST_CHARACTERS, MOST_NOTES = 300, 100
"""Largest number of generated tokens of a sample, in text and in notes."""

MOST_EXAMPLES, MOST_PREDICTED = 8, 64
"""Largest number of examples that are shown, and of those that they are chosen from."""

LONGEST_EXAMPLE = 80
"""Largest number of characters of an input, and of a target, that is shown."""

_SEED_TOKENS = 20


@dataclass(frozen=True)
class FreePiece:
    """What a network plays after the seed, compared with the song.

    Attributes:
        random_seed: random seed of the training of the network.
        tokens: the notes of the seed and of the free run, without the boundaries between tunes.
        song: the notes of the data at the same places.
        wrong: indices of the wrong notes among `tokens`.
        running: the free run.
    """

    random_seed: int
    tokens: tuple[str, ...]
    song: tuple[str, ...]
    wrong: tuple[int, ...]
    running: FreeRunning


@dataclass(frozen=True)
class SampleOf:
    """A sample of a network.

    Attributes:
        random_seed: random seed of the training of the network.
        tokens: the tokens of the seed and of the sample.
        costs: −ln of the probability of each token, in nats; None for those of the seed.
        writing: the sample with its settings.
        is_music: whether the tokens are notes.
    """

    random_seed: int
    tokens: tuple[str, ...]
    costs: tuple[float | None, ...]
    writing: Writing
    is_music: bool


@dataclass(frozen=True)
class Answers:
    """What the networks answer on the same examples, or write for the same labels.

    Attributes:
        rows: input, target and the answer of each network; the target is empty for labels.
        part: the part of the data that the examples are of; empty for labels.
        considered: number of examples that the rows were chosen from.
        networks: the configuration and the random seed of the training of each network, in the order of the
            answers in a row.
    """

    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    part: str
    considered: int
    networks: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class Works:
    """The works of the networks of a comparison.

    Attributes:
        each: by the name of the configuration, what its network plays or writes, or a sentence on why not;
            empty for tasks with examples.
        answers: for tasks with examples, the answers side by side, or a sentence on why there are none; None
            for other tasks.
        meter: metre of the scores, as the configuration names it; None for 4/4, and for text.
        left_out: number of configurations that are not shown.
    """

    each: Mapping[str, FreePiece | SampleOf | str]
    answers: Answers | str | None = None
    meter: str | None = None
    left_out: int = 0


def works_of(entries: Mapping[str, Entry], *, refusal: str | None, report: Report) -> Works:
    """Return what the network of each configuration plays, writes or predicts.

    Args:
        entries: a trained model of each configuration, by its name.
        refusal: why the data may not be opened; None if it may.
        report: is called with the progress of reading the data.
    """
    shown = dict(list(entries.items())[:MOST_SHOWN])
    left_out = len(entries) - len(shown)
    tasks = {name: each.trained for name, each in shown.items() if isinstance(each.trained, TrainedTask)}
    if tasks:
        return Works({}, _answers(tasks, shown, refusal, report), left_out=left_out)
    found = {
        name: _work(entry, entry.trained, refusal, report)
        for name, entry in shown.items()
        if isinstance(entry.trained, TrainedModel)
    }
    dataset = next(iter(shown.values())).trained.experiment.dataset
    meter = dataset.reading.meter if isinstance(dataset, NotesDataset) else None
    return Works(found, meter=meter, left_out=left_out)


def _work(
    entry: Entry, trained: TrainedModel, refusal: str | None, report: Report
) -> FreePiece | SampleOf | str:
    """Return the free run of a model of notes; if there is none, and for text, a sample; else the reason."""
    try:
        selection = None if refusal else select(trained, report=report)
        if selection and trained.experiment.dataset.kind == "notes":
            running = run_freely(numpy_model(trained), selection.corpus, selection.experiment)
            if isinstance(running, FreeRunning):
                return _played_freely(trained, running)
        return _sample(entry, trained, selection)
    except RnnlabError as error:
        return str(error)


def _played_freely(trained: TrainedModel, running: FreeRunning) -> FreePiece:
    vocabulary = Vocabulary.of(trained.tokens, trained.experiment.dataset)
    boundary = vocabulary.boundary

    def notes(tokens: Sequence[str]) -> tuple[str, ...]:
        return tuple(token for token in tokens if token != boundary)

    seed = notes(vocabulary.decode(vocabulary.parse(running.seed, name="generation.seed")))
    places = [place for place, token in enumerate(running.sequence) if token != boundary]
    wrong = set(running.wrong)
    return FreePiece(
        random_seed=trained.experiment.training.random_seed,
        tokens=(*seed, *notes(running.sequence)),
        song=(*seed, *notes(running.truth)),
        wrong=tuple(len(seed) + number for number, place in enumerate(places) if place in wrong),
        running=running,
    )


def _sample(entry: Entry, trained: TrainedModel, selection: Selection | None) -> SampleOf:
    """Return a short sample, after the seed of the configuration or after the beginning of the data.

    Raises:
        RnnlabError: the model cannot write a sample.
    """
    configured = trained.experiment.generation
    is_music = trained.experiment.dataset.kind == "notes"
    few = {
        "length": min(configured.length, MOST_NOTES if is_music else MOST_CHARACTERS),
        "samples": 1,
        "seed": configured.seed or (_begin_of_part(selection) if selection else None),
    }
    training = partial(kept_tokens, trained, entry.run, entry.path)
    writing = write_samples(trained, generation_settings(configured, few), training)
    (sample,) = writing.samples
    vocabulary = Vocabulary.of(trained.tokens, trained.experiment.dataset)
    tokens = vocabulary.decode(vocabulary.parse(sample.text, name="sample")) if sample.text else []
    costs = [-likely for likely in sample.log_probabilities][-len(tokens) :] if tokens else []
    return SampleOf(
        random_seed=trained.experiment.training.random_seed,
        tokens=tuple(tokens),
        costs=(*[None] * (len(tokens) - len(costs)), *costs),
        writing=writing,
        is_music=is_music,
    )


def _begin_of_part(selection: Selection) -> str | None:
    """Return the first tokens of the measured part as text; None if the data has boundaries."""
    vocabulary, part = selection.corpus.vocabulary, selection.part
    if vocabulary.boundary is not None:
        return None
    count = min(selection.experiment.dataset.window, _SEED_TOKENS)
    windows = selection.experiment.regime != "stream" and len(part.runs)
    begin = int(part.runs[0, 0]) if windows else part.begin
    return vocabulary.join(selection.corpus.ids[begin : begin + count])


def _answers(
    models: Mapping[str, TrainedTask], entries: Mapping[str, Entry], refusal: str | None, report: Report
) -> Answers | str:
    """Return the answers of models of one task on the same examples, or a sentence on why there are none.

    Models and entries are by the name of the configuration.
    """
    try:
        if next(iter(models.values())).experiment.task == "from_label":
            return _written_for_labels(models, entries)
        return refusal if refusal else _predicted(models, report)
    except RnnlabError as error:
        return str(error)


def _predicted(models: Mapping[str, TrainedTask], report: Report) -> Answers:
    """Return the answers on examples; first those on which the models do not agree."""
    first = next(iter(models.values()))
    split = part_to_measure(first.experiment)
    selected = select_examples(first, split=split, data=None, may_open=True, report=report)
    texts = [
        both
        for both in selected.examples.texts[: 8 * MOST_PREDICTED]
        if both[0].strip() and max(map(len, both)) <= LONGEST_EXAMPLE
    ][:MOST_PREDICTED]
    inputs = [source for source, _ in texts]
    columns = [[each.text for each in predict(model, inputs)] for model in models.values()] if inputs else []
    rows = [(source, target, answers) for (source, target), *answers in zip(texts, *columns, strict=True)]
    chosen = sorted(range(len(rows)), key=lambda place: (len(set(rows[place][2])) == 1, place))[
        :MOST_EXAMPLES
    ]
    kept = tuple((rows[place][0], rows[place][1], tuple(rows[place][2])) for place in sorted(chosen))
    return Answers(kept, selected.name, len(rows), _networks(models))


def _written_for_labels(models: Mapping[str, TrainedTask], entries: Mapping[str, Entry]) -> Answers:
    """Return a sequence that each model writes for each of the first labels that all models know."""
    first = next(iter(models.values()))
    labels = [each for each in first.tokens if all(each in model.tokens for model in models.values())]
    rows = []
    for label in labels[:MOST_EXAMPLES]:
        written = []
        for name, model in models.items():
            entry = entries[name]
            settings = generation_settings(
                model.experiment.generation, {"length": LONGEST_EXAMPLE, "samples": 1}
            )
            training = partial(kept_tokens, model, entry.run, Path(entry.path))
            written.append(write_for_label(model, label, settings, training).samples[0].text)
        rows.append((label, "", tuple(written)))
    return Answers(tuple(rows), "", len(labels), _networks(models))


def _networks(models: Mapping[str, TrainedTask]) -> tuple[tuple[str, int], ...]:
    """Return the configuration and the random seed of each model."""
    return tuple((name, model.experiment.training.random_seed) for name, model in models.items())
