"""One unit through a text: each token with the value that the unit had after it.

As in Karpathy, Johnson and Fei-Fei (2016), "Visualizing and understanding recurrent networks": a unit that
counts, or that is on inside quotes, is found by looking.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import Argument, UsageError
from rnnlab.reports.heat_map import scale_of
from rnnlab.tracing.tracing import Trace

MEMORY = "c"


@dataclass(frozen=True)
class FollowedUnit:
    """A quantity of a unit over texts.

    Attributes:
        title: what it is.
        tokens: (N texts) the tokens of each.
        starts: (N, T) whether the state was zero before the step.
        values: (N, T).
        scale: the size of a value that has full colour.
        kind: `text` or `notes`.
    """

    title: str
    tokens: tuple[tuple[str, ...], ...]
    starts: NDArray[np.bool_]
    values: NDArray[np.float64]
    scale: float
    kind: str


def followed_unit(trace: Trace, *, layer: int, unit: int, value: str | None = None) -> FollowedUnit:
    """A unit of a trace; of an LSTM tanh(c), as in the paper, else h.

    Args:
        trace: the trace.
        layer: from 0.
        unit: from 0.
        value: a gate's letter, `candidate`, `c` or `h`, to see another quantity.

    Raises:
        UsageError: there is no such unit or quantity.
    """
    followed = trace.layers[layer]
    if unit >= followed.units:
        raise UsageError(Argument("unit"), f": {followed.name} has {followed.units}, received {unit + 1}")
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
    return FollowedUnit(
        title=f"{followed.name}, unit {unit + 1}: {quantity} after each token, {colours}",
        tokens=tuple(tuple(trace.tokens(lane)) for lane in range(len(trace.ids))),
        starts=trace.starts,
        values=values,
        scale=scale,
        kind=trace.model.experiment.dataset.kind,
    )
