"""Trained models side by side: what each is worth on the same data, and which differences mean anything.

Whether models are measured on the same data: on other data a loss means something else.
"""

import hashlib
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import UsageError, VocabularyError
from rnnlab.evaluation.free_running import FreeRunning, run_freely
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.evaluation.selection import select
from rnnlab.evaluation.significance import LEVEL, PairedTest, holm, paired_test, student_interval
from rnnlab.evaluation.windows import Ceiling, window_ceiling
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class Trial:
    """One trained model, measured.

    Attributes:
        run: its folder or file.
        random_seed: it was trained with.
        parameters: numbers that it has learnt.
        epochs: how many it was trained for; None where no history says so.
        seconds: that its training took, compiling aside; None likewise.
        split: the part that was measured.
        data: digest of the tokens of that part.
        metrics: one step at a time.
        ceiling: the accuracy that no model of single windows can pass; None where a state is carried.
        free_running: the continuation of the configuration's seed; None where there is none.
        left_out: how much of the files' music is not in the data, by kind.
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
    """A configuration, trained with R random seeds.

    Attributes:
        name: what tables and pictures call it.
        trials: (R,), each with another random seed.
    """

    name: str
    trials: tuple[Trial, ...]

    @property
    def losses(self) -> list[float]:
        """The loss of each trial, nats per token."""
        return [trial.metrics.loss for trial in self.trials]

    @property
    def loss_interval(self) -> tuple[float, float] | None:
        """Student's 95 % interval of the mean loss, of what is not below 0, which no loss is.

        None with a single trial, or one whose loss is not finite.
        """
        if len(self.trials) < 2 or not _finite(self.losses):
            return None
        low, high = student_interval(self.losses)
        return max(low, 0.0), high

    @property
    def accuracy(self) -> float:
        """The mean share of targets that were the most probable token."""
        return statistics.fmean(trial.metrics.accuracy for trial in self.trials)

    @property
    def free_runs(self) -> list[FreeRunning]:
        """The free run of each trial; none if one has none."""
        runs = [trial.free_running for trial in self.trials if trial.free_running]
        return runs if len(runs) == len(self.trials) else []


@dataclass(frozen=True)
class Difference:
    """Two contenders, and whether their losses differ.

    Attributes:
        first: number of the one contender.
        second: number of the other.
        test: of the losses, over the random seeds that both have; None with fewer than two such seeds.
        p: its p-value after Holm's correction for all pairs; None without a test.
    """

    first: int
    second: int
    test: PairedTest | None
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would seldom do it."""
        return self.p is not None and self.p < LEVEL


@dataclass(frozen=True)
class Comparison:
    """Two contenders or more, measured on the same data.

    Attributes:
        contenders: in the order that they were named.
        notes: what the user should know, a sentence each.
    """

    contenders: tuple[Contender, ...]
    notes: tuple[str, ...] = ()

    def differences(self) -> list[Difference]:
        """Every pair of contenders."""
        pairs = list(combinations(range(len(self.contenders)), 2))
        values = [_shared(self.contenders[i], self.contenders[j]) for i, j in pairs]
        testable = [both for both in values if len(both[0]) > 1]
        tests = [paired_test(*both, tests=len(testable)) for both in testable]
        corrected = iter(zip(tests, holm([test.p for test in tests]), strict=True))
        return [
            Difference(i, j, *(next(corrected) if len(both[0]) > 1 else (None, None)))
            for (i, j), both in zip(pairs, values, strict=True)
        ]


def measure_trial(
    trained: TrainedModel,
    *,
    run: str,
    epochs: int | None = None,
    seconds: float | None = None,
    report: Report = unreported,
) -> tuple[Trial, tuple[str, ...]]:
    """A model on the part of its data that `evaluate` measures, and what the user should know.

    Args:
        trained: the model.
        run: what messages call it.
        epochs: how many it was trained for.
        seconds: how long that took.
        report: is told how far the reading of the data is.

    Raises:
        DataError: the data is not there, or too short.
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


def _shared(first: Contender, second: Contender) -> tuple[list[float], list[float]]:
    """The finite losses of two contenders for the random seeds that both have, in the same order."""
    own = {trial.random_seed: trial.metrics.loss for trial in first.trials}
    theirs = {trial.random_seed: trial.metrics.loss for trial in second.trials}
    seeds = [seed for seed in own if seed in theirs and _finite([own[seed], theirs[seed]])]
    return [own[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))


def data_digest(corpus: Corpus, part: Part) -> str:
    """A digest of a part's tokens, whichever ids a vocabulary gives them, and where drawn windows are."""
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
    """Refuse to compare what was measured on different data.

    Args:
        contenders: of each its name, the part that is measured, and the digest of that.

    Raises:
        UsageError: the first two that differ.
    """
    first, *others = contenders
    for other in others:
        if other[1:] != first[1:]:
            what = f"the {first[1]} part" if other[1] == first[1] else f"{first[1]} and {other[1]}"
            raise UsageError(
                f"{first[0]} and {other[0]}: measured on different data ({what}); expected the same dataset"
                " and the same split for all that are compared"
            )
