"""Expressions: a term of an equation for one unit, written in symbols and with numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from rnnlab.models.terms import Operation, Term

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
"""Symbols of an equation's weights, by the weight's name, or by its name and row."""

DECIMALS = 4


class Binding(IntEnum):
    """Precedence of an expression, lowest first; an expression of too low precedence gets brackets."""

    SUM = 0
    PRODUCT = 1
    ATOM = 2


@dataclass(frozen=True)
class Expression:
    """A term in symbols and in numbers, and the precedence of each of the two texts."""

    symbols: str
    numbers: str
    symbol_level: Binding = Binding.ATOM
    number_level: Binding = Binding.ATOM

    @staticmethod
    def of_value(symbols: str, value: float, level: Binding = Binding.ATOM) -> "Expression":
        """Return the expression of a symbol and its value; a negative number has the precedence of a sum."""
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
        """Return the expression `function(expression)`."""
        return Expression(f"{function}({self.symbols})", f"{function}({self.numbers})")

    def _joined(self, sign: str, other: "Expression") -> "Expression":
        right = other._bracketed(Binding.PRODUCT) if sign == "-" else other
        symbols = f"{self.symbols} {sign} {right.symbols}"
        return Expression(symbols, _sum(self.numbers, sign, right.numbers), Binding.SUM, Binding.SUM)

    def _bracketed(self, needed: Binding) -> "Expression":
        symbols = self.symbols if self.symbol_level >= needed else f"({self.symbols})"
        numbers = self.numbers if self.number_level >= needed else f"({self.numbers})"
        return Expression(symbols, numbers)


def expression(term: Term, place: int, leaf: Callable[[Term, int], Expression | None]) -> Expression:
    """Return the expression of one block of a term; inputs are written out until `leaf` has an expression.

    Args:
        term: the term.
        place: number of the block in the term, from 0.
        leaf: returns the expression of a block of a term; None if the term's inputs are written out.
    """
    if found := leaf(term, place):
        return found
    if term.operation == "block":
        return expression(term.inputs[0], term.begin + place, leaf)
    parts = [expression(each, place, leaf) for each in term.inputs]
    if term.operation in _JOINED:
        return _JOINED[term.operation](*parts)
    return parts[0].through(term.operation)


def shown_number(value: float) -> str:
    """Return a number as text; the limits hold for absolute values.

    A whole number below 10,000 is shown in full. Another number has 4 decimals below 1000, and 6 significant
    digits from 1000 on.
    """
    if value == int(value) and abs(value) < 1e4:
        return str(int(value))
    shown = f"{value:.{DECIMALS}f}" if abs(value) < 1e3 else f"{value:.6g}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def _sum(left: str, sign: str, right: str) -> str:
    """Return `left sign right` as text; `a + -b` is written as `a - b`."""
    if sign == "+" and right.startswith("-"):
        return f"{left} - {right[1:]}"
    return f"{left} {sign} {right}"


_JOINED: dict[Operation, Callable[[Expression, Expression], Expression]] = {
    "+": Expression.__add__,
    "-": Expression.__sub__,
    "·": Expression.__mul__,
}
