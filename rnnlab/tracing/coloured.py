"""Texts in which each token is coloured by a value: a quantity of one unit, or the token's influence.

A unit is shown as in Karpathy, Johnson and Fei-Fei (2016), "Visualizing and understanding recurrent
networks". In this way the paper found units that count, or are high inside quotes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import Argument, UsageError, count_of
from rnnlab.tracing.heat_map import HeatMap, scale_of, token_label
from rnnlab.tracing.influence import Influence
from rnnlab.tracing.tracing import Trace

MEMORY = "c"


@dataclass(frozen=True)
class ColouredText:
    """N texts in which each token is coloured by a value: a quantity of one unit, or the token's influence.

    Attributes:
        title: the value in words, with the range of the colours.
        tokens: the tokens of each text.
        starts: (N, T) whether the state was zero before the step.
        values: (N, T) the value of each token.
        scale: the absolute value that has the full colour.
        kind: `text` or `notes`.
    """

    title: str
    tokens: tuple[tuple[str, ...], ...]
    starts: NDArray[np.bool_]
    values: NDArray[np.float64]
    scale: float
    kind: str


def followed_unit(trace: Trace, *, layer: int, unit: int, value: str | None = None) -> ColouredText:
    """Return one quantity of one unit; by default tanh(c) of an LSTM, as in the paper, and h of other cells.

    Args:
        trace: the trace.
        layer: the layer, from 0.
        unit: the unit, from 0.
        value: the quantity: a gate's letter, `candidate`, `c` (as tanh(c)) or `h`; None for the default.

    Raises:
        UsageError: there is no such unit or quantity.
    """
    followed = trace.layers[layer]
    if unit >= followed.units:
        raise UsageError(
            Argument("unit"), f": {followed.name} has {followed.units} units, received {unit + 1}"
        )
    name = value or (MEMORY if MEMORY in followed.values else "h")
    if name not in followed.values:
        there_are = ", ".join(followed.values)
        raise UsageError(Argument("value"), f": {followed.name} has {there_are}, received {name!r}")
    values = followed.values[name][:, :, unit].astype(np.float64)
    if name == MEMORY:
        values = np.tanh(values)
    scale = 1.0 if name == MEMORY else scale_of(followed.values[name])
    quantity = "tanh(c)" if name == MEMORY else name
    colours = f"blue -{scale:.3g} to red {scale:.3g}"
    return ColouredText(
        title=f"{followed.name}, unit {unit + 1}: {quantity} after each token, {colours}",
        tokens=tuple(tuple(trace.tokens(lane)) for lane in range(len(trace.ids))),
        starts=trace.starts,
        values=values,
        scale=scale,
        kind=trace.model.experiment.dataset.kind,
    )


def explained(found: Influence) -> str:
    """Return a sentence on the prediction that is explained: its token and the token's probability."""
    said = f"p = {np.exp(found.log_probability):.4g}, {found.log_probability:.4f} nats"
    is_best = found.of == found.best
    role = "the most probable token" if is_best else f"the most probable token is {found.best!r}"
    follows = "" if found.came in {None, found.of} else f"; {found.came!r} follows"
    return f"after {count_of(found.step, 'token')}, {found.of!r} has {said}, {role}{follows}"


def coloured_influence(found: Influence) -> ColouredText:
    """Return the tokens that are taken away, coloured by their influence."""
    scale = float(np.abs(found.values).max()) or 1.0
    colours = f"blue -{scale:.3g} to red {scale:.3g} nats"
    return ColouredText(
        title=f"what each token adds to the log-probability of {found.of!r}, {colours}",
        tokens=(found.tokens,),
        starts=np.zeros((1, len(found.tokens)), np.bool_),
        values=found.values[None],
        scale=scale,
        kind=found.kind,
    )


def influence_map(found: Influence) -> HeatMap:
    """Return the influence of each token as a heat map of one row."""
    text = coloured_influence(found)
    return HeatMap(
        name="influence",
        title=text.title,
        rows=("nats",),
        columns=tuple(map(token_label, found.tokens)),
        steps=tuple(range(found.first, found.first + len(found.tokens))),
        starts=text.starts[0],
        begins=text.starts[0],
        values=text.values.astype(np.float32),
        scale=text.scale,
    )


def strongest_tokens(found: Influence, top: int) -> list[tuple[int, str, str]]:
    """Return (index, token, nats as text) of the tokens with the largest influence, largest first."""
    return [(place, found.tokens[place], f"{found.values[place]:+.4f}") for place in found.strongest(top)]
