"""Values of a trace as rectangles of numbers: a row for each unit, a column for each time step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.numpy.equation import Floats
from rnnlab.tracing.tracing import CANDIDATE, LayerTrace, Trace

_TITLES = {
    "i": "input gate i",
    "f": "forget gate f",
    "o": "output gate o",
    "z": "update gate z (1 keeps the old h)",
    "r": "reset gate r",
    "c": "memory c",
    "h": "hidden state h",
}
_SPELLED = {" ": "␣", "\n": "↵", "\t": "⇥"}

Colour = tuple[int, int, int]

_NEGATIVE: Colour = (33, 102, 172)
_ZERO: Colour = (247, 247, 247)
_POSITIVE: Colour = (178, 24, 43)
"""Blue, white, red: ColorBrewer's RdBu, which colour-blind people tell apart (Harrower and Brewer, 2003)."""


@dataclass(frozen=True)
class HeatMap:
    """One quantity of one layer.

    Attributes:
        name: the quantity: a gate's letter, `candidate`, c or h.
        title: what it is called, with its range.
        units: which units the rows are, from 0.
        columns: the token of each step.
        steps: which steps the columns are, from 0.
        starts: (T,) whether the state was zero before the step.
        begins: (T,) whether the step is the first of a window.
        values: (R, T).
        scale: the size of a value that has full colour.
    """

    name: str
    title: str
    units: tuple[int, ...]
    columns: tuple[str, ...]
    steps: tuple[int, ...]
    starts: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    values: Floats
    scale: float


def heat_maps(
    trace: Trace, layer: LayerTrace, *, lane: int, units: Sequence[int], steps: range
) -> list[HeatMap]:
    """The heat maps of a layer: gates in the cell's order, then the state with h last."""
    columns = tuple(map(token_label, trace.tokens(lane)[steps.start : steps.stop]))
    starts = trace.starts[lane, steps.start : steps.stop]
    maps = []
    for name, values in layer.values.items():
        shown = values[lane, steps.start : steps.stop][:, list(units)].T
        scale = scale_of(shown)
        maps.append(
            HeatMap(
                name=name,
                title=f"{_title(layer, name)}, {_range(layer, name, scale)}",
                units=tuple(units),
                columns=columns,
                steps=tuple(steps),
                starts=starts,
                begins=starts | trace.reading.begins[steps.start : steps.stop],
                values=shown,
                scale=scale,
            )
        )
    return maps


def most_varying(layer: LayerTrace, count: int) -> tuple[int, ...]:
    """The units whose h varies most over the steps, in their order; all if they are no more than so many."""
    if layer.units <= count:
        return tuple(range(layer.units))
    spread = layer.values["h"].std(axis=(0, 1))
    return tuple(sorted(np.argsort(-spread, kind="stable")[:count].tolist()))


def scale_of(values: Floats) -> float:
    """1, or the size of the largest value where that is more."""
    return float(np.abs(values).max(initial=1.0))


def colour_of(value: float, scale: float) -> Colour:
    """White for 0, towards red for more and blue for less."""
    share = min(abs(value) / scale, 1.0)
    end = _POSITIVE if value > 0 else _NEGATIVE
    red, green, blue = (round(z + (e - z) * share) for z, e in zip(_ZERO, end, strict=True))
    return red, green, blue


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever is easier to read on a colour (WCAG 2, relative luminance)."""
    linear = [(c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)


def token_label(token: str) -> str:
    """A token as a header has it: white space by a sign."""
    return _SPELLED.get(token, token)


def _title(layer: LayerTrace, name: str) -> str:
    if name == CANDIDATE:
        letter = "c" if "c" in layer.cell.cell.gates else "h"
        return f"candidate {letter}\N{COMBINING TILDE}, what is new"
    return _TITLES.get(name, name)


def _range(layer: LayerTrace, name: str, scale: float) -> str:
    is_gate = name not in (CANDIDATE, *layer.cell.cell.state)
    return "0 to 1" if is_gate else f"-{scale:.3g} to {scale:.3g}"
