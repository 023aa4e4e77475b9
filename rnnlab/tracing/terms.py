"""The numbers of an equation together with how they came about.

A cell's `step` (`models/cells.py`) is run with terms in the place of arrays. So the equation stands nowhere
else: which gate a number belongs to, and what it was worked out from, is what the cell itself did.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnlab.engines.numpy_functions import Floats, normalized, sigmoid

ELEMENTWISE = {"+", "-", "·", "tanh", "σ"}


@dataclass(frozen=True, eq=False)
class Term:
    """Rows of numbers, one for each unit, block after block where they belong to several gates.

    Attributes:
        values: (R, N), lanes in columns.
        operation: what they are: given (`number`, `x`, `product`, `state` or `parameter`), or worked out from
            the inputs by `+`, `-`, `·`, `tanh`, `σ` or `normalized`.
        inputs: the terms that they were worked out from; of a product what U was multiplied with.
        name: of a parameter or a part of the state; of σ or tanh the one gate that it activates.
        gates: letters of the gates whose blocks the rows are before activation, "" if they are of none.
        begin: of a block, its first row in the whole.
    """

    values: Floats
    operation: str
    inputs: tuple["Term", ...] = ()
    name: str = ""
    gates: str = ""
    begin: int = 0

    __array_ufunc__ = None  # an array leaves it to the term what their sum is

    def __add__(self, other: Any) -> "Term":
        return self._with("+", other)

    def __sub__(self, other: Any) -> "Term":
        return self._with("-", other)

    def __rsub__(self, other: Any) -> "Term":
        return number(other)._with("-", self)

    def __mul__(self, other: Any) -> "Term":
        return self._with("·", other)

    __radd__, __rmul__ = __add__, __mul__

    def __getitem__(self, row: int) -> "Term":
        """A row (R,) of a weight (rows, R)."""
        return Term(self.values[row], self.operation, name=f"{self.name}{row}", gates=self.gates)

    def activated(self, operation: str, values: Floats) -> "Term":
        """σ or tanh of each element."""
        return Term(values, operation, (self,), name=self.gates if len(self.gates) == 1 else "")

    def block(self, begin: int, rows: int, gate: str) -> "Term":
        """Some of the rows, worked out from those of the inputs."""
        if self.operation == "number":
            return self
        values, inputs = self.values[begin : begin + rows], self.inputs
        if self.operation in ELEMENTWISE:
            inputs = tuple(each.block(begin, rows, gate) for each in inputs)
        return Term(values, self.operation, inputs, self.name, gate, self.begin + begin)

    def _with(self, operation: str, other: Any) -> "Term":
        right = other if isinstance(other, Term) else number(other)
        values = _OPERATIONS[operation](self.values, right.values)
        return Term(values, operation, (self, right), gates=self.gates or right.gates)


class Recording:
    """What the equations of `models.cells` use, for terms."""

    @staticmethod
    def tanh(x: Term) -> Term:
        return x.activated("tanh", np.tanh(x.values))

    @staticmethod
    def sigmoid(x: Term) -> Term:
        return x.activated("σ", sigmoid(x.values, np.empty_like(x.values)))

    @staticmethod
    def normalized(x: Term) -> Term:
        values = normalized(x.values, np.empty_like(x.values))
        return Term(values, "normalized", (x,), gates=x.gates)

    @staticmethod
    def split(x: Term, parts: int) -> list[Term]:
        rows = len(x.values) // parts
        letters = x.gates if len(x.gates) == parts else [""] * parts
        return [x.block(place * rows, rows, letter) for place, letter in enumerate(letters)]


def number(value: float) -> Term:
    """A number that stands in an equation."""
    return Term(np.full((1, 1), value, np.float32), "number")


_OPERATIONS: dict[str, Any] = {"+": np.add, "-": np.subtract, "·": np.multiply}
