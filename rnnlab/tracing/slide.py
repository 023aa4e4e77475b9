"""A slide: the equation of one unit in one time step of a layer, written with numbers.

Each line shows rounded numbers, and after `≈` the value that the network computed, rounded too. The shown
numbers therefore give this value only up to their rounding.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.engines.numpy.equation import Floats
from rnnlab.errors import count_of
from rnnlab.models.cells import EPSILON
from rnnlab.models.terms import ACTIVATIONS, CANDIDATE, Term
from rnnlab.tracing.expression import SYMBOLS, Binding, Expression, expression, shown_number
from rnnlab.tracing.tracing import Step, TracedCell

SUMMANDS = 4
"""Largest number of summands of a shown sum; of more, the 3 largest are shown, and the others added up."""


@dataclass(frozen=True)
class SlideLine:
    """`name = symbols = numbers ≈ value`.

    Attributes:
        name: the quantity; for a sum of products, the sum in symbols.
        symbols: the equation in symbols; empty if the name is the equation.
        numbers: the equation with numbers.
        value: the network's value of the quantity.
        note: a note on numbers that the line does not show; empty if there are none.
    """

    name: str
    symbols: str
    numbers: str
    value: float
    note: str = ""


def slide(
    cell: TracedCell, step: Step, *, number: int, inputs: Floats, unit: int, lane: int
) -> list[SlideLine]:
    """Return the lines of one unit, each after the lines that it uses.

    Args:
        cell: the layer.
        step: the time step with its numbers.
        number: number of the step, from 1; h[2] is the state after step 2, h[0] the state before step 1.
        inputs: the layer's input, (D,).
        unit: the unit, from 0.
        lane: the lane, from 0.
    """
    writer = _Writer(cell, step, number=number, inputs=inputs, unit=unit, lane=lane)
    writer.define_all()
    return writer.lines


def weighted_sum(values: Floats, weights: Floats) -> tuple[str, str]:
    """Return Σ values·weights with numbers, and a note on the summands that are not shown, or "".

    Args:
        values: the input, (K,); zeros are left out.
        weights: (K,).
    """
    products = values * weights  # (K,)
    places = np.flatnonzero(values)
    if len(places) > SUMMANDS:
        places = np.sort(places[np.argsort(-np.abs(products[places]), kind="stable")[: SUMMANDS - 1]])
    shown = [Expression.of_value("", values[i]) * Expression.of_value("", weights[i]) for i in places]
    others = np.count_nonzero(values) - len(places)
    if others:
        shown.append(Expression.of_value("", float(products.sum() - products[places].sum())))
    total = shown[0] if shown else Expression.of_value("", 0)
    for each in shown[1:]:
        total += each
    return total.numbers, f"the {SUMMANDS - 1} largest, and the other {others} added up" if others else ""


class _Writer:
    """Writes the lines of one unit, each term once; `place` is the number of a block in a term, from 0."""

    def __init__(
        self, cell: TracedCell, step: Step, *, number: int, inputs: Floats, unit: int, lane: int
    ) -> None:
        self.lines: list[SlideLine] = []
        self._cell, self._values, self._inputs = cell, step.terms, inputs
        self._unit, self._lane = unit, lane
        equation, state = cell.equation, cell.cell.state
        self._names = {
            term: f"{name}[{number - 1}]" for name, term in zip(state, equation.before, strict=True)
        }
        self._later = {term: f"{name}[{number}]" for name, term in zip(state, equation.after, strict=True)}
        self._later |= {term: _gate_name(name, term) for name, term in cell.gates.items()}

    def define_all(self) -> None:
        """Write the gates in the cell's order, and the state with h last, each after the terms it needs."""
        gates = [term for term in self._later if _gate_of(term)]
        for term in gates + [term for term in reversed(self._later) if not _gate_of(term)]:
            self._define(term)

    def _define(self, term: Term) -> None:
        if term in self._names:
            return
        name = self._later[term]
        gate = _gate_of(term) if len(self._cell.cell.gates) > 1 else ""
        worked_out = expression(
            term, 0, lambda each, place: None if each is term else self._leaf(each, place, gate)
        )
        self.lines.append(SlideLine(name, worked_out.symbols, worked_out.numbers, self._value(term)))
        self._names[term] = name

    def _leaf(self, term: Term, place: int, gate: str) -> Expression | None:
        """Return the expression of a given term, or of a term with its own line; None to write it out."""
        if term in self._later:
            self._define(term)
        if term in self._names:
            return Expression.of_value(self._names[term], self._value(term))
        if term.operation == "number":
            return Expression.of_value(shown_number(term.value), term.value)
        subscript = self._subscript(term, place, gate)
        if term.operation == "parameter":
            return Expression.of_value(_symbol(term) + subscript, self._value(term, place))
        if term.operation in ("x", "product"):
            return self._summed(term, place, subscript)
        return self._normalized(term, place, subscript) if term.operation == "normalized" else None

    def _subscript(self, term: Term, place: int, gate: str) -> str:
        """Return the subscript of a block, the letter of its gate; empty if the cell has one gate.

        It is also empty if `gate` is empty.
        """
        letter = term.gates[place] if term.gates and gate else gate
        return f"_{letter}" if letter and len(self._cell.cell.gates) > 1 else ""

    def _summed(self, term: Term, place: int, subscript: str) -> Expression:
        """Return the expression of x W + b, or of a recurrent product, such as h U or (r∘h) U.

        Write a line with its sum of products. With layer normalisation, x W + b is x W, without b.
        """
        column = (term.begin + place) * self._cell.layer.units + self._unit
        if term.operation == "x":
            name, bias = f"x W{subscript}", float(self._cell.bias[column])
            numbers, note = weighted_sum(self._inputs, self._cell.weights["kernel"][:, column])
            if "input_gain" not in self._cell.weights:
                name = f"{name} + b{subscript}"
                numbers = (Expression("", numbers) + Expression.of_value("", bias)).numbers
        else:
            (operand,) = term.inputs
            inner = self._operand(operand)
            name = f"{inner} U{subscript}"
            weights = self._cell.weights["recurrent_kernel"][:, column]
            numbers, note = weighted_sum(self._values[operand][:, self._lane], weights)
        self._once(SlideLine(name, "", numbers, self._value(term, place), note))
        binding = Binding.SUM if " + " in name else Binding.PRODUCT
        return Expression.of_value(name, self._value(term, place), binding)

    def _operand(self, operand: Term) -> str:
        """Return the operand of U in symbols: the name of a term with its own line, or else the equation."""
        for term in operand.inputs:
            if term in self._later:
                self._define(term)
        if operand in self._names:
            return self._names[operand]
        return f"({expression(operand, 0, lambda each, place: self._leaf(each, place, '')).symbols})"

    def _normalized(self, term: Term, place: int, subscript: str) -> Expression:
        """Return the expression of LN(v), and write its line: (v − lane's mean) / lane's deviation."""
        (whole,) = term.inputs
        lane = self._values[whole][:, self._lane]  # (blocks·H,)
        is_part = term.blocks > 1
        self._leaf(whole, place, term.gates[place] if term.gates else "")
        name = f"LN({self._plain(whole)}){subscript if is_part else ''}"
        mean, deviation = float(lane.mean()), float(np.sqrt(lane.var() + EPSILON))
        own = float(lane[place * self._cell.layer.units + self._unit])
        numbers = f"({difference(own, mean)}) / {shown_number(deviation)}"
        note = f"mean and deviation of {count_of(len(lane), 'value')}"
        self._once(SlideLine(name, "", numbers, self._value(term, place), note))
        return Expression.of_value(name, self._value(term, place))

    def _plain(self, whole: Term) -> str:
        """Return the operand of a normalisation in symbols, for all units."""
        if whole.operation == "x":
            return "x W"
        return f"{self._operand(whole.inputs[0])} U" if whole.operation == "product" else self._names[whole]

    def _once(self, line: SlideLine) -> None:
        if all(line.name != other.name for other in self.lines):
            self.lines.append(line)

    def _value(self, term: Term, place: int = 0) -> float:
        """Return the value of the unit in one block of a term."""
        values = self._values[term]
        lane = self._lane if values.shape[1] > 1 else 0  # a weight is the same in every lane
        return float(values[place * self._cell.layer.units + self._unit, lane])


def head_lines(
    kernel: Floats | None,
    bias: Floats | None,
    hidden: Floats,
    logits: Floats,
    tokens: dict[int, str],
    name: str,
) -> Iterator[SlideLine]:
    """Yield the lines of the logits and of the probabilities of the tokens in `tokens`.

    If these are all tokens, a line between shows ln Σ exp(logits).

    Args:
        kernel: the head's kernel, (H, V); None if the last layer's output is the logits.
        bias: the head's bias, (V,); None without a head.
        hidden: the head's input, (H,).
        logits: (V,).
        tokens: the shown name of each token, by id.
        name: the shown name of the head's input.
    """
    total = log_total(logits)
    for token_id, token in tokens.items():
        value = float(logits[token_id])
        if kernel is None or bias is None:
            yield SlideLine(f"logit {token}", f"{name} of unit {token_id + 1}", shown_number(value), value)
            continue
        numbers, note = weighted_sum(hidden, kernel[:, token_id])
        with_bias = Expression("", numbers) + Expression.of_value("", float(bias[token_id]))
        yield SlideLine(f"logit {token}", f"{name} V + d", with_bias.numbers, value, note)
    if len(tokens) == len(logits):
        numbers = " + ".join(f"exp({shown_number(float(logit))})" for logit in logits)
        yield SlideLine("ln Σ exp(logits)", "", f"ln({numbers})", total)
    for token_id, token in tokens.items():
        own = float(logits[token_id])
        numbers = f"exp({difference(own, total)})"
        yield SlideLine(f"p({token})", "exp(logit - ln Σ exp(logits))", numbers, float(np.exp(own - total)))


def log_total(logits: Floats) -> float:
    """Return ln Σ exp(logits) for logits (V,): a logit minus this sum is the logarithm of a probability."""
    wide = logits.astype(np.float64)
    highest = wide.max()
    return float(np.log(np.exp(wide - highest).sum()) + highest)


def difference(left: float, right: float) -> str:
    """Return `left - right` as text, with rounded numbers."""
    return (Expression.of_value("", left) - Expression.of_value("", right)).numbers


def _gate_of(term: Term) -> str:
    """Return the letter of the gate that a term activates; "" if the term activates no single gate."""
    letters = term.inputs[0].gates if term.operation in ACTIVATIONS else ""
    return letters if len(letters) == 1 else ""


def _gate_name(name: str, term: Term) -> str:
    """Return `c̃` or `h̃` for the candidate, and the letter for every other gate."""
    return f"{_gate_of(term)}\N{COMBINING TILDE}" if name == CANDIDATE else name


def _symbol(term: Term) -> str:
    return SYMBOLS.get(term.name) or SYMBOLS.get(term.name.rstrip("0123456789"), term.name)
