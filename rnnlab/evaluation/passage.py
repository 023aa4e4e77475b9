"""The beginning of a part as a model reads it: what each token cost."""

from dataclasses import dataclass, field

from rnnlab.evaluation.scoring import Scores


@dataclass
class Passage:
    """The targets among the first tokens of a part.

    Attributes:
        begin: the first token, as an index of the corpus.
        end: the one after the last.
        costs: of each target by its index, nats; a target that several windows share has the cost of the
            first of them, where most of the window is before it.
    """

    begin: int
    end: int
    costs: dict[int, float] = field(default_factory=dict)

    def note(self, scores: Scores) -> None:
        """Take note of those of a batch."""
        inside = (scores.places >= self.begin) & (scores.places < self.end)
        if inside.any():
            last_first = scores.places[inside][::-1].tolist(), scores.costs[inside][::-1].tolist()
            self.costs = dict(zip(*last_first, strict=True)) | self.costs
