"""Trained models measured on the same data, the tests of their differences, and the verdict in words."""

import hashlib
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Ceiling, Part, window_ceiling
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import UsageError, VocabularyError, count_of
from rnnlab.evaluation.free_running import FreeRunning, run_freely
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.evaluation.selection import select
from rnnlab.evaluation.significance import LEVEL, PairedTest, holm, paired_test, student_interval
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import TrainedModel

TESTS = {"sign_flip": "exact sign-flip test", "paired_t": "paired t-test"}
"""The statistical tests of a difference, by the names that `PairedTest.method` has."""


@dataclass(frozen=True)
class Trial:
    """The measures of one trained model.

    Attributes:
        run: path of the run folder or of the model file.
        random_seed: random seed of the training.
        parameters: number of trainable parameters.
        epochs: number of epochs of the training; None if it is not known, as for a model file.
        seconds: time of the training without compiling; None if it is not known.
        split: name of the part of the data that was measured.
        data: digest of the tokens of that part.
        metrics: loss and accuracy, one step at a time.
        ceiling: highest accuracy that a model of single windows can reach; see `window_ceiling`.
        free_running: continuation of `generation.seed`; None without a seed, or if it is not possible.
        left_out: number of elements of the music files that are not in the data, by kind.
    """

    run: str
    random_seed: int
    parameters: int
    epochs: int | None
    seconds: float | None
    split: str
    data: str
    metrics: Metrics
    ceiling: Ceiling | None
    free_running: FreeRunning | None
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """A configuration that was trained with R random seeds.

    Attributes:
        name: its name in tables and pictures.
        trials: (R,), each with another random seed.
    """

    name: str
    trials: tuple[Trial, ...]

    @property
    def losses(self) -> list[float]:
        """Loss of each trial in nats per token, (R,)."""
        return [trial.metrics.loss for trial in self.trials]

    @property
    def loss_interval(self) -> tuple[float, float] | None:
        """Student's 95 % interval of the mean loss; it begins at 0 or above, since no loss is negative.

        None for a single trial, or if a loss is not finite.
        """
        if len(self.trials) < 2 or not _finite(self.losses):
            return None
        low, high = student_interval(self.losses)
        return max(low, 0.0), high

    @property
    def accuracy(self) -> float:
        """Mean over the trials of the fraction of targets that were the most probable token, 0 to 1."""
        return statistics.fmean(trial.metrics.accuracy for trial in self.trials)

    @property
    def free_runs(self) -> list[FreeRunning]:
        """Free run of each trial, (R,); empty if a trial has none."""
        runs = [trial.free_running for trial in self.trials if trial.free_running]
        return runs if len(runs) == len(self.trials) else []


@dataclass(frozen=True)
class Difference:
    """The difference between the losses of two contenders.

    Attributes:
        first: index of the first contender.
        second: index of the second contender.
        test: paired test of the losses; None if fewer than two random seeds have a finite loss in both.
        p: p-value of the test after Holm's correction for all tested pairs; None without a test.
    """

    first: int
    second: int
    test: PairedTest | None
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether the corrected p-value is below the level of significance."""
        return self.p is not None and self.p < LEVEL


@dataclass(frozen=True)
class Comparison:
    """Contenders that are measured on the same data.

    Attributes:
        contenders: the contenders, in the order in which the user named them.
        notes: remarks for the user, a sentence each.
    """

    contenders: tuple[Contender, ...]
    notes: tuple[str, ...] = ()

    def differences(self) -> list[Difference]:
        """Return the difference of every pair of contenders, with p-values corrected by Holm (1979)."""
        pairs = list(combinations(range(len(self.contenders)), 2))
        values = [_shared(self.contenders[i], self.contenders[j]) for i, j in pairs]
        testable = [both for both in values if len(both[0]) > 1]
        tests = [paired_test(*both, tests=len(testable)) for both in testable]
        corrected = iter(zip(tests, holm([test.p for test in tests]), strict=True))
        return [
            Difference(i, j, *(next(corrected) if len(both[0]) > 1 else (None, None)))
            for (i, j), both in zip(pairs, values, strict=True)
        ]


def verdict(comparison: Comparison) -> list[str]:
    """Return the result in sentences: on the right tokens of the free runs, and on differences of losses."""
    return [*_of_free_runs(comparison.contenders), *_of_losses(comparison)]


def measure_trial(
    trained: TrainedModel,
    *,
    run: str,
    epochs: int | None = None,
    seconds: float | None = None,
    report: Report = unreported,
) -> tuple[Trial, tuple[str, ...]]:
    """Return the measures of a model on the part that `evaluate` measures by default, and notes for the user.

    Args:
        trained: the model.
        run: path of the model, its name in messages.
        epochs: number of epochs of the training of the model.
        seconds: time of this training.
        report: is called with the progress of reading the data.

    Raises:
        DataError: the data cannot be found or read, or is too short.
    """
    selection = select(trained, report=report)
    experiment, corpus, part = selection.experiment, selection.corpus, selection.part
    model, notes = numpy_model(trained), selection.notes
    order = reading_order(part, corpus, experiment)
    try:
        free = run_freely(model, corpus, experiment)
    except VocabularyError as error:
        free = str(error)
    trial = Trial(
        run=run,
        random_seed=experiment.training.random_seed,
        parameters=sum(array.size for array in trained.weights.values()),
        epochs=epochs,
        seconds=seconds,
        split=part.name,
        data=data_digest(corpus, part),
        metrics=measure(model, corpus, order, target=experiment.dataset.target),
        ceiling=window_ceiling(corpus, part, experiment),
        free_running=free if isinstance(free, FreeRunning) else None,
        left_out=corpus.left_out,
    )
    return trial, notes


def data_digest(corpus: Corpus, part: Part) -> str:
    """Return the SHA-256 of the tokens of a part, as hexadecimal digits, whatever the ids of the tokens are.

    If the part has several runs of windows, of one window each, as after a random draw, the positions of the
    windows are in the digest too.
    """
    used, places = np.unique(corpus.ids[part.begin : part.end], return_inverse=True)
    tokens = [corpus.vocabulary.tokens[number] for number in used]
    order = sorted(range(len(tokens)), key=tokens.__getitem__)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    found = hashlib.sha256("\n".join(sorted(tokens)).encode())
    found.update(ranks[places].tobytes())
    is_drawn = (part.runs[:, 1] - part.runs[:, 0] == 1).all() and len(part.runs) > 1
    if is_drawn:
        found.update(part.runs.tobytes())
    return found.hexdigest()


def check_same_data(contenders: Sequence[tuple[str, str, str]]) -> None:
    """Check that all contenders are measured on the same data; losses on different data do not compare.

    Args:
        contenders: (name, measured part, digest of the part) of each.

    Raises:
        UsageError: two contenders are measured on different data.
    """
    first, *others = contenders
    for other in others:
        if other[1:] != first[1:]:
            what = f"the {first[1]} part" if other[1] == first[1] else f"{first[1]} and {other[1]}"
            raise UsageError(
                f"{first[0]} and {other[0]}: measured on different data ({what}); expected the same dataset"
                " and the same split for all"
            )


def _shared(first: Contender, second: Contender) -> tuple[list[float], list[float]]:
    """Return the losses of two contenders, (S,) each, for the random seeds with a finite loss in both."""
    own = {trial.random_seed: trial.metrics.loss for trial in first.trials}
    theirs = {trial.random_seed: trial.metrics.loss for trial in second.trials}
    seeds = [seed for seed in own if seed in theirs and _finite([own[seed], theirs[seed]])]
    return [own[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))


def _of_free_runs(contenders: Sequence[Contender]) -> Iterator[str]:
    """Yield sentences on the right tokens of the free runs; none if a contender lacks a free run."""
    if not all(contender.free_runs for contender in contenders):
        return
    exact = [each for each in contenders if all(run.exact for run in each.free_runs)]
    sometimes = [each for each in contenders if _exact(each) and each not in exact]
    others = [each for each in contenders if not _exact(each)]
    lengths = {run.length for each in contenders for run in each.free_runs}
    each_token = f"each of {count_of(lengths.pop(), 'token')}" if len(lengths) == 1 else "every token"
    if exact:
        only = "only " if len(exact) == 1 < len(contenders) and not sometimes else ""
        predict = f"{_names(exact)} {'predicts' if len(exact) == 1 else 'predict'}"
        yield f"Running free, {only}{predict} {each_token} right{_every_seed(exact)}."
    for each in sometimes:
        seeds = f"{_exact(each)} of {len(each.trials)} random seeds"
        yield f"{each.name} predicts every token right with {seeds}."
    if others:
        best = [max(each.free_runs, key=lambda run: run.correct) for each in others]
        counts = ", ".join(
            f"{each.name} has at most {run.correct} of {run.length} right"
            for each, run in zip(others, best, strict=True)
        )
        yield f"{'' if exact or sometimes else 'Running free, '}{counts}."


def _of_losses(comparison: Comparison) -> Iterator[str]:
    """Yield a sentence on each tested difference of losses, and one on the pairs that are not tested."""
    contenders, differences = comparison.contenders, comparison.differences()
    tested = [each for each in differences if each.test]
    if differences and not tested:
        needed = "two random seeds that both contenders have, each with a finite loss"
        yield f"Loss: no difference is tested, since a test needs {needed}."
        return
    for each in tested:
        yield _of_difference(contenders[each.first], contenders[each.second], each)
    if len(tested) < len(differences):
        shared = "fewer than two random seeds with finite losses"
        yield f"Loss: the other pairs are not tested, since they share {shared}."


def _of_difference(first: Contender, second: Contender, difference: Difference) -> str:
    test, p = difference.test, difference.p
    if test is None or p is None:
        raise ValueError("expected a difference that was tested")
    how = f"{test.pairs} seeds, p = {p:.2g}"
    if not difference.is_significant:
        return f"Loss: the difference between {first.name} and {second.name} is not significant ({how})."
    lower, higher = (first, second) if test.difference < 0 else (second, first)
    size = f"{abs(test.difference):.4g} nats per token"
    return f"Loss: {lower.name} is lower than {higher.name} by {size} ({how})."


def _exact(contender: Contender) -> int:
    """Return the number of random seeds with which the free run has no mistake."""
    return sum(run.exact for run in contender.free_runs)


def _every_seed(contenders: Sequence[Contender]) -> str:
    """Return the end of a sentence on the random seeds of contenders; empty if each has a single seed."""
    counts = {len(each.trials) for each in contenders}
    if counts == {1}:
        return ""
    return f", with each of {counts.pop()} random seeds" if len(counts) == 1 else ", with every random seed"


def _names(contenders: Sequence[Contender]) -> str:
    *first, last = [each.name for each in contenders]
    return f"{', '.join(first)} and {last}" if first else last
