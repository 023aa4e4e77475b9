"""The measures of trained models on the same data, and the tests of their differences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from rnnlab.datasets.parts import Ceiling
from rnnlab.evaluation.free_running import FreeRunning
from rnnlab.evaluation.significance import LEVEL, PairedTest, holm, paired_test, student_interval

TESTS = {"sign_flip": "exact sign-flip test", "paired_t": "paired t-test"}
"""The statistical tests of a difference, by the names that `PairedTest.method` has."""

SOLVED = 0.99
"""A model solves a length if at least this fraction of the test examples of the length has no mistake."""


@dataclass(frozen=True)
class Figures:
    """How the figures of a task are called.

    Attributes:
        share: the main figure, a fraction; empty if the task has none.
        right: what the main figure means, in words.
        key: the name of the main figure in JSON.
        perfect: the name in JSON of the fraction of the examples that have no mistake.
        unit: what the loss is a mean of, token or example.
        example: the noun for an example; empty for next_token, which has none.
    """

    share: str
    right: str
    key: str = "accuracy"
    perfect: str = "accuracy"
    unit: str = "token"
    example: str = ""


FIGURES = {
    "next_token": Figures("one step", "fraction of tokens right"),
    "label": Figures("accuracy", "fraction of labels right", unit="example", example="example"),
    "tags": Figures("accuracy", "fraction of tags right", perfect="sequence_accuracy", example="sequence"),
    "pairs": Figures(
        "exact match", "fraction of targets right", "exact_match", "exact_match", example="pair"
    ),
    "from_label": Figures("", "", example="sequence"),
}
"""The names of the figures of each task."""


@dataclass(frozen=True)
class Trial:
    """The measures of one trained model.

    Attributes:
        run: path of the run folder or of the model file.
        random_seed: random seed of the training.
        parameters: number of trainable parameters.
        epochs: number of epochs of the training; None if it is not known, as for a model file.
        seconds: time of the training without compiling; None if it is not known.
        task: next_token, label, tags, pairs or from_label.
        split: name of the part of the data that was measured.
        data: digest of that part.
        loss: cross-entropy, nats per token, for label per example; NaN if it is not known.
        targets: number of tokens, for label of examples, of which the loss is the mean.
        accuracy: the main figure, 0 to 1: the fraction of the targets that were the most probable one; for
            pairs the fraction of the targets that are written without a mistake; None for from_label.
        correct: number of targets that the main figure counts as right; None for from_label.
        examples: number of examples; None for next_token.
        ceiling: highest accuracy that a model of single windows can reach; see `window_ceiling`.
        free_running: continuation of `generation.seed`; None without a seed, or if it is not possible.
        left_out: number of elements of the music files that are not in the data, by kind.
        by_length: for the test part of generated examples: the fraction of the examples of each of
            `dataset.test_lengths` that have no mistake, 0 to 1.
    """

    run: str
    random_seed: int
    parameters: int
    epochs: int | None
    seconds: float | None
    task: str
    split: str
    data: str
    loss: float
    targets: int
    accuracy: float | None
    correct: int | None
    examples: int | None = None
    ceiling: Ceiling | None = None
    free_running: FreeRunning | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    by_length: Mapping[int, float] = field(default_factory=dict)


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
        """Loss of each trial in nats per token, for label per example, (R,)."""
        return [trial.loss for trial in self.trials]

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
    def accuracies(self) -> list[float]:
        """The main figure of each trial, 0 to 1, (R,); empty for from_label, which has none."""
        return [trial.accuracy for trial in self.trials if trial.accuracy is not None]

    @property
    def free_runs(self) -> list[FreeRunning]:
        """Free run of each trial, (R,); empty if a trial has none."""
        runs = [trial.free_running for trial in self.trials if trial.free_running]
        return runs if len(runs) == len(self.trials) else []

    @property
    def lengths(self) -> list[int]:
        """The lengths of generated examples that were measured, ascending; empty for other data."""
        return sorted(self.trials[0].by_length)

    def shares(self, length: int) -> list[float]:
        """Return the fraction of the examples of a length that have no mistake, for each trial, (R,)."""
        return [trial.by_length[length] for trial in self.trials]

    def solving(self, length: int) -> int:
        """Return the number of trials that solve a length, 0 to R; see `SOLVED`."""
        return sum(share >= SOLVED for share in self.shares(length))


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

    @property
    def first(self) -> Trial:
        """The first trial of the first contender; task and part are the same in all trials."""
        return self.contenders[0].trials[0]

    @property
    def figures(self) -> Figures:
        """The names of the figures."""
        return FIGURES[self.first.task]

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


def _shared(first: Contender, second: Contender) -> tuple[list[float], list[float]]:
    """Return the losses of two contenders, (S,) each, for the random seeds with a finite loss in both."""
    own = {trial.random_seed: trial.loss for trial in first.trials}
    theirs = {trial.random_seed: trial.loss for trial in second.trials}
    seeds = [seed for seed in own if seed in theirs and _finite([own[seed], theirs[seed]])]
    return [own[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))
