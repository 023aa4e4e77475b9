"""A template: the equation of one unit of a layer in symbols, with blanks for the numbers of a time step.

A template depends on the cell alone. `slide` fills it in Python, and the page that plays fills it in the
browser, so both write an equation in the same way. In names and symbols, `h[t]` is the state after the
time step, and `h[t-1]` is the state before it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rnnlab.models.expression import SYMBOLS, Binding, Expression, expression, shown_number
from rnnlab.models.gates import CANDIDATE, gates_of
from rnnlab.models.terms import ACTIVATIONS, Equation, Term

Kind = Literal["equation", "input", "product", "normalized"]

AFTER, BEFORE = "[t]", "[t-1]"


@dataclass(frozen=True)
class Blank:
    """The place of a number: the unit's value in one block of a term, blocks counted from 0."""

    term: Term
    block: int = 0


@dataclass(frozen=True)
class TemplateLine:
    """One line of a template, `name = symbols = numbers ≈ value`.

    Attributes:
        name: the quantity; for a sum of products, the sum in symbols.
        symbols: the equation in symbols; empty if the name is the equation.
        kind: how the numbers are written: `equation`, from `numbers`; `input`, the sum of the layer's inputs
            times their weights, and the bias if `has_bias`; `product`, the sum of the operand's values times
            their weights; `normalized`, a value minus the mean, divided by the deviation.
        value: the place of the value.
        numbers: texts and blanks of an equation; empty for the other kinds.
        has_bias: whether an `input` has a bias.
    """

    name: str
    symbols: str
    kind: Kind
    value: Blank
    numbers: tuple[str | Blank, ...] = ()
    has_bias: bool = False


def template(equation: Equation) -> list[TemplateLine]:
    """Return the lines of one unit, each after the lines that it uses."""
    writer = _Writer(equation)
    writer.define_all()
    return writer.lines


def filled_template(pieces: tuple[str | Blank, ...], number: Callable[[Blank], float]) -> str:
    """Return texts and blanks as one text; `number` returns the number of a blank.

    A negative number gets brackets in a product and after a minus sign; `a + -b` is written as `a - b`.
    """
    text = ""
    for place, piece in enumerate(pieces):
        if isinstance(piece, str):
            text += piece
            continue
        shown, following = shown_number(number(piece)), pieces[place + 1 : place + 2]
        if shown.startswith("-"):
            is_factor = text.endswith("·") or any(str(each).startswith("·") for each in following)
            if is_factor or text.endswith(" - "):
                shown = f"({shown})"
            elif text.endswith(" + "):
                text, shown = f"{text[:-2]}- ", shown[1:]
        text += shown
    return text


def at_step(text: str, number: int) -> str:
    """Return names or symbols with the number of the time step, from 1: h[2] for h[t] in step 2."""
    return text.replace(BEFORE, f"[{number - 1}]").replace(AFTER, f"[{number}]")


def gate_names(equation: Equation) -> dict[Term, str]:
    """Return the symbol of each gate in the cell's order: its letter, or `c̃` or `h̃` for the candidate."""
    return {term: _gate_name(name, term) for name, term in gates_of(equation).items()}


class _Writer:
    """Writes the lines of one unit, each term once; `block` is the number of a block in a term, from 0.

    In the numbers of an expression, a character from `_FIRST_MARK` on stands for a blank.
    """

    def __init__(self, equation: Equation) -> None:
        self.lines: list[TemplateLine] = []
        self._gates = equation.cell.gates
        self._has_bias = "input_gain" not in equation.cell.weight_shapes(1, 1)
        self._blanks: list[Blank] = []
        state = equation.cell.state
        self._names = {term: name + BEFORE for name, term in zip(state, equation.before, strict=True)}
        self._later = {term: name + AFTER for name, term in zip(state, equation.after, strict=True)}
        self._later |= gate_names(equation)

    def define_all(self) -> None:
        """Write the gates in the cell's order, and the state with h last, each after the terms it needs."""
        gates = [term for term in self._later if _gate_of(term)]
        for term in gates + [term for term in reversed(self._later) if not _gate_of(term)]:
            self._define(term)

    def _define(self, term: Term) -> None:
        if term in self._names:
            return
        name = self._later[term]
        gate = _gate_of(term) if len(self._gates) > 1 else ""
        worked_out = expression(
            term, 0, lambda each, block: None if each is term else self._leaf(each, block, gate)
        )
        numbers = self._pieces(worked_out.numbers)
        self.lines.append(TemplateLine(name, worked_out.symbols, "equation", Blank(term), numbers))
        self._names[term] = name

    def _leaf(self, term: Term, block: int, gate: str) -> Expression | None:
        """Return the expression of a given term, or of a term with its own line; None to write it out."""
        if term in self._later:
            self._define(term)
        if term in self._names:
            return self._blank(self._names[term], Blank(term))
        if term.operation == "number":
            return Expression.of_value(shown_number(term.value), term.value)
        subscript = self._subscript(term, block, gate)
        if term.operation == "parameter":
            return self._blank(_symbol(term) + subscript, Blank(term, block))
        if term.operation in ("x", "product"):
            return self._summed(term, block, subscript)
        return self._normalized(term, block, subscript) if term.operation == "normalized" else None

    def _subscript(self, term: Term, block: int, gate: str) -> str:
        """Return the subscript of a block, the letter of its gate; empty if the cell has one gate.

        It is also empty if `gate` is empty.
        """
        letter = term.gates[block] if term.gates and gate else gate
        return f"_{letter}" if letter and len(self._gates) > 1 else ""

    def _summed(self, term: Term, block: int, subscript: str) -> Expression:
        """Return the expression of x W + b, or of a recurrent product, such as h U or (r∘h) U.

        Write a line with its sum of products. With layer normalisation, x W + b is x W, without b.
        """
        if term.operation == "x":
            name = f"x W{subscript} + b{subscript}" if self._has_bias else f"x W{subscript}"
            self._once(TemplateLine(name, "", "input", Blank(term, block), has_bias=self._has_bias))
        else:
            name = f"{self._operand(term.inputs[0])} U{subscript}"
            self._once(TemplateLine(name, "", "product", Blank(term, block)))
        return self._blank(name, Blank(term, block), Binding.SUM if " + " in name else Binding.PRODUCT)

    def _operand(self, operand: Term) -> str:
        """Return the operand of U in symbols: the name of a term with its own line, or else the equation."""
        for term in operand.inputs:
            if term in self._later:
                self._define(term)
        if operand in self._names:
            return self._names[operand]
        return f"({expression(operand, 0, lambda each, block: self._leaf(each, block, '')).symbols})"

    def _normalized(self, term: Term, block: int, subscript: str) -> Expression:
        """Return the expression of LN(v), and write its line: (v − lane's mean) / lane's deviation."""
        (whole,) = term.inputs
        self._leaf(whole, block, term.gates[block] if term.gates else "")
        name = f"LN({self._plain(whole)}){subscript if term.blocks > 1 else ''}"
        self._once(TemplateLine(name, "", "normalized", Blank(term, block)))
        return self._blank(name, Blank(term, block))

    def _plain(self, whole: Term) -> str:
        """Return the operand of a normalisation in symbols, for all units."""
        if whole.operation == "x":
            return "x W"
        return f"{self._operand(whole.inputs[0])} U" if whole.operation == "product" else self._names[whole]

    def _once(self, line: TemplateLine) -> None:
        if all(line.name != other.name for other in self.lines):
            self.lines.append(line)

    def _blank(self, symbols: str, blank: Blank, level: Binding = Binding.ATOM) -> Expression:
        """Return the expression of a blank."""
        self._blanks.append(blank)
        return Expression(symbols, chr(_FIRST_MARK + len(self._blanks) - 1), level)

    def _pieces(self, numbers: str) -> tuple[str | Blank, ...]:
        """Return the numbers of an expression as texts and blanks."""
        pieces = (piece for piece in _MARKS.split(numbers) if piece)
        return tuple(
            self._blanks[ord(piece) - _FIRST_MARK] if _MARKS.fullmatch(piece) else piece for piece in pieces
        )


_FIRST_MARK = 0xF0000
"""The first character of a private area of Unicode with 65,534 characters."""

_MARKS = re.compile("([\U000f0000-\U000ffffd])")


def _gate_of(term: Term) -> str:
    """Return the letter of the gate that a term activates; "" if the term activates no single gate."""
    letters = term.inputs[0].gates if term.operation in ACTIVATIONS else ""
    return letters if len(letters) == 1 else ""


def _gate_name(name: str, term: Term) -> str:
    """Return `c̃` or `h̃` for the candidate, and the letter for every other gate."""
    return f"{_gate_of(term)}\N{COMBINING TILDE}" if name == CANDIDATE else name


def _symbol(term: Term) -> str:
    return SYMBOLS.get(term.name) or SYMBOLS.get(term.name.rstrip("0123456789"), term.name)
