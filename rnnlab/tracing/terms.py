"""The numbers of an equation together with how they came about.

A cell's `step` (`models/cells.py`) is run with terms in the place of arrays. So the equation stands nowhere
else: which gate a number belongs to, and what it was worked out from, is what the cell itself did.

Terms as one unit sees them: in symbols, and with the numbers put in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from rnnlab.engines.numpy.equation import Floats, normalized, sigmoid

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


SYMBOLS = {
    "bias": "b",
    "bias1": "b'",
    "bias0": "b",
    "peephole_kernel": "p",
    "input_gain": "g",
    "recurrent_gain": "g'",
    "memory_gain": "g''",
    "memory_bias": "b''",
}
"""How the weights of an equation are written, by their names and rows."""

DECIMALS = 4


class Binding(IntEnum):
    """What an expression is made of, weakest first: what binds less than its place needs brackets."""

    SUM = 0
    PRODUCT = 1
    ATOM = 2


@dataclass(frozen=True)
class Expression:
    """A term in symbols and in numbers, each with what it is made of."""

    symbols: str
    numbers: str
    symbol_level: Binding = Binding.ATOM
    number_level: Binding = Binding.ATOM

    @staticmethod
    def of_value(symbols: str, value: float, level: Binding = Binding.ATOM) -> "Expression":
        """A symbol and its value; a negative one binds as a sum does."""
        shown = shown_number(value)
        return Expression(symbols, shown, level, Binding.SUM if shown.startswith("-") else Binding.ATOM)

    def __add__(self, other: "Expression") -> "Expression":
        return self._joined("+", other)

    def __sub__(self, other: "Expression") -> "Expression":
        return self._joined("-", other)

    def __mul__(self, other: "Expression") -> "Expression":
        left, right = self._bracketed(Binding.PRODUCT), other._bracketed(Binding.PRODUCT)
        level = Binding.PRODUCT
        return Expression(f"{left.symbols}·{right.symbols}", f"{left.numbers}·{right.numbers}", level, level)

    def through(self, function: str) -> "Expression":
        """A function of it."""
        return Expression(f"{function}({self.symbols})", f"{function}({self.numbers})")

    def _joined(self, sign: str, other: "Expression") -> "Expression":
        right = other._bracketed(Binding.PRODUCT) if sign == "-" else other
        symbols = f"{self.symbols} {sign} {right.symbols}"
        return Expression(symbols, _sum(self.numbers, sign, right.numbers), Binding.SUM, Binding.SUM)

    def _bracketed(self, needed: Binding) -> "Expression":
        symbols = self.symbols if self.symbol_level >= needed else f"({self.symbols})"
        numbers = self.numbers if self.number_level >= needed else f"({self.numbers})"
        return Expression(symbols, numbers)


def expression(term: Term, leaf: Callable[[Term], Expression | None]) -> Expression:
    """A term written out down to what `leaf` gives an expression for."""
    if found := leaf(term):
        return found
    parts = [expression(each, leaf) for each in term.inputs]
    if term.operation in _JOINED:
        return _JOINED[term.operation](*parts)
    return parts[0].through(term.operation)


def shown_number(value: float) -> str:
    """A number with four decimals; one that is whole as it is, a large one with six digits."""
    if value == int(value) and abs(value) < 1e4:
        return str(int(value))
    shown = f"{value:.{DECIMALS}f}" if abs(value) < 1e3 else f"{value:.6g}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def _sum(left: str, sign: str, right: str) -> str:
    """`a + b`; of a negative b `a - b`."""
    if sign == "+" and right.startswith("-"):
        return f"{left} - {right[1:]}"
    return f"{left} {sign} {right}"


_JOINED: dict[str, Callable[[Expression, Expression], Expression]] = {
    "+": Expression.__add__,
    "-": Expression.__sub__,
    "·": Expression.__mul__,
}
