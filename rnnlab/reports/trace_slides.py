"""A time step as lecture slides: what comes in, the equation of each layer, and what comes out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.engines.numpy_functions import Floats
from rnnlab.errors import Argument, UsageError, count_of
from rnnlab.reports.heat_map import most_varying
from rnnlab.reports.trace_view import View
from rnnlab.tracing.expressions import shown_number
from rnnlab.tracing.slide import Line, difference, head_lines, log_total, slide
from rnnlab.tracing.tracing import LayerTrace, head_of

TOKENS_OF_A_SLIDE = 4
"""Tokens whose logits are worked out; all, if they are no more than twice as many."""

NUMBERS_OF_A_VECTOR = 8


@dataclass(frozen=True)
class Slide:
    """What is worked out of one thing."""

    title: str
    lines: tuple[Line, ...]


def slides(view: View, step: int, *, most_units: int) -> Iterator[Slide]:
    """The slides of a time step, from 0: for each text the units of each layer, and the output.

    Raises:
        UsageError: there is no such step.
    """
    trace = view.trace
    if step >= trace.ids.shape[1]:
        raise UsageError(
            Argument("step"), f": the input has {count_of(trace.ids.shape[1], 'step')}, received {step + 1}"
        )
    for lane in range(len(trace.ids)):
        of_input = f"input {lane + 1}, " if len(trace.ids) > 1 else ""
        start = ", from a zero state" if trace.starts[lane, step] else ""
        when = f"{of_input}step {step + 1}, token {trace.tokens(lane)[step]!r}{start}"
        for number in view.layers:
            layer = trace.layers[number]
            units = view.units_of(layer) if view.units is not None else most_varying(layer, most_units)
            for unit in units:
                read = f"x = {_vector(layer.inputs[lane, step])}"
                title = f"{layer.name}, unit {unit + 1} of {layer.units}, {when}; {read}"
                yield Slide(title, tuple(_of_unit(view, number, step=step, lane=lane, unit=unit)))
        if view.layers[-1] == len(trace.layers) - 1:
            yield Slide(f"output, {when}", tuple(_of_output(view, step=step, lane=lane)))


def _of_unit(view: View, number: int, *, step: int, lane: int, unit: int) -> Iterator[Line]:
    trace = view.trace
    layer = trace.layers[number]
    inputs = layer.inputs[lane, step]
    lines = slide(layer.cell, trace.step(number, step), number=step + 1, inputs=inputs, unit=unit, lane=lane)
    yield from lines
    if _is_summed(layer):
        numbers = f"{shown_number(lines[-1].value)} + {shown_number(float(inputs[unit]))}"
        yield Line("y", f"{lines[-1].name} + x", numbers, float(layer.outputs[lane, step, unit]))


def _of_output(view: View, *, step: int, lane: int) -> Iterator[Line]:
    """How logits and probabilities of the most probable tokens, and of the one that came, come about."""
    trace, last = view.trace, view.trace.layers[-1]
    logits, tokens = trace.logits[lane, step], trace.model.tokens
    count = len(tokens) if len(tokens) <= 2 * TOKENS_OF_A_SLIDE else TOKENS_OF_A_SLIDE
    target = int(trace.targets[lane, step])
    shown = {*np.argsort(-logits, kind="stable")[:count].tolist(), *([target] if target >= 0 else [])}
    head = head_of(trace.architecture, trace.model)
    yield from head_lines(
        head.kernel if head else None,
        head.bias if head else None,
        last.outputs[lane, step],
        logits,
        {place: repr(tokens[place]) for place in sorted(shown)},
        "y" if _is_summed(last) else f"h[{step + 1}]",
    )
    if target >= 0:
        nats = -float(trace.log_probabilities[lane, step, target])
        numbers = difference(log_total(logits), float(logits[target]))
        yield Line(
            f"surprise at {tokens[target]!r}", "-ln p = ln Σ exp(logits) - logit", numbers, nats, "nats"
        )


def _is_summed(layer: LayerTrace) -> bool:
    """Whether the layer gives the sum of its h and what it reads."""
    return layer.outputs is not layer.values["h"]


def _vector(values: Floats) -> str:
    """The numbers of a vector; of a long one the first."""
    shown = ", ".join(shown_number(float(value)) for value in values[:NUMBERS_OF_A_VECTOR])
    return f"({shown}, … {len(values)} numbers)" if len(values) > NUMBERS_OF_A_VECTOR else f"({shown})"
