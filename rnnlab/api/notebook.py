"""What a notebook shows as HTML: evaluations and samples, with the curves of their run."""

from collections.abc import Callable, Iterable
from typing import Self

from rnnlab.evaluation.example_measurement import TaskEvaluation
from rnnlab.evaluation.measurement import Evaluation
from rnnlab.generation.writing import Written
from rnnlab.reports.markup import Markup

Show = Callable[[], Markup]
"""Makes the HTML when a notebook asks for it."""


class ShownSamples(tuple[Written, ...]):
    """The samples of one `generate`, a tuple; a notebook shows them with the curves of the run."""

    _show: Show

    @classmethod
    def of(cls, samples: Iterable[Written], show: Show) -> Self:
        """Return samples that `show` shows."""
        made = cls(samples)
        made._show = show
        return made

    def _repr_html_(self) -> str:
        return str(self._show())


class _Shown:
    """A frozen dataclass that a notebook shows: a copy of it, and what makes its HTML."""

    _show: Show

    @classmethod
    def of(cls, evaluation: Evaluation | TaskEvaluation, show: Show) -> Self:
        """Return an evaluation that `show` shows."""
        made = object.__new__(cls)
        made.__dict__.update(evaluation.__dict__, _show=show)
        return made

    def _repr_html_(self) -> str:
        return str(self._show())


class ShownEvaluation(_Shown, Evaluation):
    """An evaluation; a notebook shows it with the curves of the run and, for notes, with the free run."""


class ShownTaskEvaluation(_Shown, TaskEvaluation):
    """An evaluation of a task with examples; a notebook shows it with the curves of the run."""
