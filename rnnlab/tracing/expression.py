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
    """How strongly an expression binds, weakest first; brackets stand where a stronger one is needed."""

    SUM = 0
    PRODUCT = 1
    ATOM = 2


@dataclass(frozen=True)
class Expression:
    """A term in symbols and in numbers, and how strongly each text binds."""

    symbols: str
    numbers: str
    symbol_level: Binding = Binding.ATOM
    number_level: Binding = Binding.ATOM

    @staticmethod
    def of_value(symbols: str, value: float, level: Binding = Binding.ATOM) -> "Expression":
        """Return a symbol and its value; a negative number binds like a sum."""
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
        """Return a function of the expression."""
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
    """The expression of one block of a term, written out down to the terms that `leaf` has an expression for.

    Args:
        term: the term.
        place: which of its blocks, from 0.
        leaf: gives the expression of a block of a term, or None if its inputs are to be written out.
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
    """A number with four decimals; a whole number without decimals, a number from 1000 on with six digits."""
    if value == int(value) and abs(value) < 1e4:
        return str(int(value))
    shown = f"{value:.{DECIMALS}f}" if abs(value) < 1e3 else f"{value:.6g}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def _sum(left: str, sign: str, right: str) -> str:
    """`left + right`; for a negative right side `left - right`."""
    if sign == "+" and right.startswith("-"):
        return f"{left} - {right[1:]}"
    return f"{left} {sign} {right}"


_JOINED: dict[Operation, Callable[[Expression, Expression], Expression]] = {
    "+": Expression.__add__,
    "-": Expression.__sub__,
    "·": Expression.__mul__,
}
