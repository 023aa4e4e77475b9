"""All measures of one model on one part of its data or on a file: what `rnnlab evaluate` and reports show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Ceiling, Part, window_ceiling
from rnnlab.datasets.side_by_side import LANES_AT_ONCE
from rnnlab.engines import Stepper
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import VocabularyError
from rnnlab.evaluation.baselines import Baselines, best_baselines
from rnnlab.evaluation.free_running import FreeRunning, SeedRuns, run_freely, run_from_seeds
from rnnlab.evaluation.metrics import Metrics, Watch, measure, unwatched
from rnnlab.evaluation.scoring import Scores
from rnnlab.evaluation.selection import Selection, select, training_data
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class Evaluation:
    """The measures of a model on one part.

    Attributes:
        split: the part: train, validation, test or data (a file that the user named).
        metrics: loss and accuracy with teacher forcing, one step at a time.
        bits_per_character: cross-entropy of a text, bits per character; None for notes.
        baselines: the n-gram models on the same targets; None if the model was trained on the part or on some
            of it, or if the training data cannot be used (`notes` says why).
        ceiling: the highest accuracy possible for a model that sees single windows; None if the regime is not
            `windows`, or if the windows are too many to sort.
        free_running: the greedy continuation of `generation.seed`; None without a seed, or if it is not
            possible (`notes` says why).
        seed_runs: greedy continuations of windows of the part; None if none were requested, or if they are
            not possible (`notes` says why).
        reconstruction: the text joined from one-step predictions. None if the data is notes, the regime is
            not `windows` or the target is not `shifted`, or if `reconstruct` returns None.
        notes: remarks for the user, a sentence each.
        left_out: number of elements of the music files that are not in the data, by kind.
    """

    split: str
    metrics: Metrics
    bits_per_character: float | None
    baselines: Baselines | None
    ceiling: Ceiling | None
    free_running: FreeRunning | None
    seed_runs: SeedRuns | None
    reconstruction: str | None
    notes: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def evaluate(
    trained: TrainedModel,
    *,
    split: str | None = None,
    data: Path | None = None,
    seeds: int | None = None,
    may_open: bool = True,
    report: Report = unreported,
) -> Evaluation:
    """Measure a model on a part of its data, or on a file.

    Args:
        trained: the model.
        split: the part. None: the whole file if `data` is given; else `evaluation.split`, else validation if
            the data has this part, else train.
        data: a file to measure instead, of the same kind as the model's data; see `select`.
        seeds: largest number of windows to run freely from; 0 for no such runs. None: `evaluation.seeds`.
        may_open: whether the training data may be opened to count the baselines, and the files of the
            configuration to compare them with `data`.
        report: called with the progress of reading.

    Raises:
        DataError: the data cannot be found or read, or is too short.
        VocabularyError: the data has a token that is not in the vocabulary.
        UsageError: the data has no such part, or `data` is not this part of the model's data.
    """
    selection = select(trained, split=split, data=data, may_open=may_open, report=report)
    return evaluate_selection(trained, selection, seeds=seeds, may_open=may_open, report=report)


def evaluate_selection(
    trained: TrainedModel,
    selection: Selection,
    *,
    seeds: int | None = None,
    may_open: bool = True,
    report: Report = unreported,
    watch: Watch = unwatched,
) -> Evaluation:
    """Measure a model on the data of a selection; the other arguments are those of `evaluate`.

    Args:
        watch: called with the scores of each batch of targets.
    """
    experiment, corpus, part = selection.experiment, selection.corpus, selection.part
    model = numpy_model(trained)
    order = reading_order(part, corpus, experiment)
    metrics = measure(model, corpus, order, target=experiment.dataset.target, watch=watch)
    training = training_data(trained, selection, may_open=may_open, report=report)
    baselines = (
        best_baselines(*training, corpus, order, experiment) if isinstance(training, tuple) else training
    )
    free_running = _free_running(model, corpus, experiment)
    seeds = experiment.evaluation.seeds if seeds is None else seeds
    seed_runs = run_from_seeds(model, corpus, part, experiment, seeds=seeds) if seeds else None
    reasons = [free_running if experiment.generation.seed else None, seed_runs, baselines]
    return Evaluation(
        split=part.name,
        metrics=metrics,
        bits_per_character=metrics.bits_per_token if experiment.dataset.kind == "text" else None,
        baselines=None if isinstance(baselines, str) else baselines,
        ceiling=window_ceiling(corpus, part, experiment),
        free_running=None if isinstance(free_running, str) else free_running,
        seed_runs=None if isinstance(seed_runs, str) else seed_runs,
        reconstruction=_reconstruction(model, corpus, part, experiment),
        notes=selection.notes + tuple(reason for reason in reasons if isinstance(reason, str)),
        left_out=corpus.left_out,
    )


def _free_running(model: Stepper, corpus: Corpus, experiment: Experiment) -> FreeRunning | str:
    """Return the free run, or a sentence on why it is not possible, such as an unknown token in the seed."""
    try:
        return run_freely(model, corpus, experiment)
    except VocabularyError as error:
        return f"no free running: {error}"


def _reconstruction(model: Stepper, corpus: Corpus, part: Part, experiment: Experiment) -> str | None:
    dataset = experiment.dataset
    if dataset.kind != "text" or experiment.regime != "windows" or dataset.target != "shifted":
        return None
    return reconstruct(model, corpus, part, dataset.window)


MOST_WINDOWS = 100_000
"""Largest number of windows from which a text is reconstructed."""


def reconstruct(model: Stepper, corpus: Corpus, part: Part, window: int) -> str | None:
    """Return the text of T + W − 1 tokens that is joined from the predictions of W windows of T tokens.

    The text has all T predictions of the first window, then the last prediction of each later window. None if
    the part has no window or more than `MOST_WINDOWS`, or if a window does not begin one token after the
    window before it.
    """
    starts = part.window_starts
    if not 0 < len(starts) <= MOST_WINDOWS or (np.diff(starts) != 1).any():
        return None
    predicted: list[int] = []
    for begin in range(0, len(starts), LANES_AT_ONCE):
        lanes = starts[begin : begin + LANES_AT_ONCE]
        inputs = corpus.ids[lanes[:, None] + np.arange(window)]  # (N, T)
        logits, _ = model.forward(inputs, None, model.zero_state(len(lanes)))  # (N, T, V)
        best = logits.argmax(axis=-1)  # (N, T)
        predicted += best[0].tolist() if begin == 0 else [int(best[0, -1])]
        predicted += best[1:, -1].tolist()
    return corpus.vocabulary.join(predicted)


@dataclass
class Passage:
    """The cost of each target in a range of tokens, collected while a part is measured.

    Attributes:
        begin: index in the corpus of the first token of the range.
        end: index after the last token.
        costs: cross-entropy of each target in nats, by the index of the target. If several windows have the
            target, the window with the most tokens before the target counts.
    """

    begin: int
    end: int
    costs: dict[int, float] = field(default_factory=dict)
    _steps: dict[int, int] = field(default_factory=dict)

    def note(self, scores: Scores) -> None:
        """Store the costs of those targets of a batch that are in the range."""
        inside = (scores.places >= self.begin) & (scores.places < self.end)
        columns = (scores.places, scores.steps, scores.costs)
        for place, step, cost in zip(*(column[inside].tolist() for column in columns), strict=True):
            if step > self._steps.get(place, -1):
                self._steps[place], self.costs[place] = step, cost
