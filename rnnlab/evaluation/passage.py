"""The beginning of a part as a model reads it: what each token cost."""

from dataclasses import dataclass, field

from rnnlab.evaluation.scoring import Scores


@dataclass
class Passage:
    """The targets among the first tokens of a part.

    Attributes:
        begin: the first token, as an index of the corpus.
        end: the one after the last.
        costs: of each target by its index, nats; a target that several windows share has the cost in the
            window that has most tokens before it.
    """

    begin: int
    end: int
    costs: dict[int, float] = field(default_factory=dict)
    _steps: dict[int, int] = field(default_factory=dict)

    def note(self, scores: Scores) -> None:
        """Take note of those of a batch."""
        inside = (scores.places >= self.begin) & (scores.places < self.end)
        columns = (scores.places, scores.steps, scores.costs)
        for place, step, cost in zip(*(column[inside].tolist() for column in columns), strict=True):
            if step > self._steps.get(place, -1):
                self._steps[place], self.costs[place] = step, cost
