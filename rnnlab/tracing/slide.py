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
from rnnlab.models.expression import Expression, shown_number
from rnnlab.models.template import Blank, TemplateLine, at_step, filled_template, template
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
    numbers = _Numbers(cell, step, inputs, unit, lane)
    return [numbers.line(each, number) for each in template(cell.equation)]


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


class _Numbers:
    """The numbers of one unit in one time step, which fill the lines of a template."""

    def __init__(self, cell: TracedCell, step: Step, inputs: Floats, unit: int, lane: int) -> None:
        self._cell, self._values, self._inputs = cell, step.terms, inputs
        self._unit, self._lane = unit, lane

    def line(self, line: TemplateLine, number: int) -> SlideLine:
        """Return a line of a template with its numbers; `number` is the number of the step, from 1."""
        numbers, note = self._written(line)
        name, symbols = at_step(line.name, number), at_step(line.symbols, number)
        return SlideLine(name, symbols, numbers, self._value(line.value), note)

    def _written(self, line: TemplateLine) -> tuple[str, str]:
        """Return the numbers of a line, and its note."""
        term, units = line.value.term, self._cell.layer.units
        column = (term.begin + line.value.block) * units + self._unit
        if line.kind == "equation":
            return filled_template(line.numbers, self._value), ""
        if line.kind == "normalized":
            values = self._values[term.inputs[0]][:, self._lane]  # (blocks·H,)
            own = float(values[line.value.block * units + self._unit])
            deviation = shown_number(float(np.sqrt(values.var() + EPSILON)))
            note = f"mean and deviation of {count_of(len(values), 'value')}"
            return f"({difference(own, float(values.mean()))}) / {deviation}", note
        if line.kind == "product":
            operand = self._values[term.inputs[0]][:, self._lane]  # (H,)
            return weighted_sum(operand, self._cell.weights["recurrent_kernel"][:, column])
        numbers, note = weighted_sum(self._inputs, self._cell.weights["kernel"][:, column])
        if line.has_bias:
            bias = Expression.of_value("", float(self._cell.bias[column]))
            numbers = (Expression("", numbers) + bias).numbers
        return numbers, note

    def _value(self, blank: Blank) -> float:
        """Return the value of the unit in one block of a term."""
        values = self._values[blank.term]
        lane = self._lane if values.shape[1] > 1 else 0  # a weight is the same in every lane
        return float(values[blank.block * self._cell.layer.units + self._unit, lane])


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
