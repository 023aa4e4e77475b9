"""The networks and sizes to time, the same for each program."""

import json
from dataclasses import asdict, dataclass

VOCABULARY = 65
CLIPNORM = 1.0
LEARNING_RATE = 1e-3

CODES = ["c4", "d4", "e4", "f4", "g4", "a4", "b4", "c8", "d8", "e8", "f8", "g8", "a8", "b8"]
SONG = (
    "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4 g8 e8 e8 e8 f8 d8 d4 c8 e8 g8 g8 e8 e8 e4 "
    "d8 d8 d8 d8 d8 e8 f4 e8 e8 e8 e8 e8 f8 g4 g8 e8 e4 f8 d8 d4 c8 e8 g8 g8 e8 e8 e4"
).split()
"""The lecture's vocabulary and its training song."""


@dataclass(frozen=True)
class Case:
    """A network over one-hot tokens with a softmax over 65 tokens, and its batches.

    Attributes:
        cell: as in a configuration, e.g. `lstm`, `gru`, `peephole`.
        layers: number of recurrent layers.
        units: H of each layer.
        batch: lanes N.
        steps: time steps T.
    """

    cell: str
    layers: int
    units: int
    batch: int
    steps: int

    @property
    def name(self) -> str:
        """A short name of the case."""
        return f"{self.cell} {self.layers} × {self.units}, {self.batch} × {self.steps}"

    @property
    def tokens(self) -> int:
        """Number of tokens in a batch."""
        return self.batch * self.steps

    def to_json(self) -> str:
        """Return the case as JSON, for the command line of another process."""
        return json.dumps(asdict(self))


def case_from(text: str) -> Case:
    """Return the case that `Case.to_json` wrote."""
    return Case(**json.loads(text))
