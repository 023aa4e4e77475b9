"""What a notebook shows of a run: a table of facts, and the loss as a drawing."""

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.errors import RnnlabError
from rnnlab.history import Floats, History
from rnnlab.models.architecture import architecture_of

if TYPE_CHECKING:
    from rnnlab.api.run import Run

_WIDTH, _HEIGHT, _MARGIN = 480, 160, 4
_MOST_POINTS = 500
_COLOURS = {"loss": "#1f77b4", "validation loss": "#d95f02"}


def fragment_of(run: "Run") -> str:
    """HTML that stands by itself: no script, and nothing that is fetched."""
    rows = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:left">{html.escape(fact)}</td></tr>'
        for name, fact in _facts(run)
    )
    return f"<div><table>{rows}</table>{_curve(run)}</div>"


def _facts(run: "Run") -> Iterator[tuple[str, str]]:
    """Rows of (what, fact); what cannot be read is said in place of its fact."""
    yield "run", str(run.path)
    try:
        model = run.model
        layers = architecture_of(model.experiment, len(model.tokens))
        units = " → ".join(str(layer.units) for layer in layers.layers)
        yield "model", f"{model.experiment.model.kind} {units}, {layers.parameters:,} parameters"
        noun = "notes" if model.experiment.dataset.kind == "notes" else "characters"
        yield "vocabulary", f"{len(model.tokens):,} {noun}"
    except RnnlabError as error:
        yield "model", str(error)
    try:
        if len(run.history):
            yield "trained", _trained(run.history)
    except RnnlabError as error:
        yield "history", str(error)


def _trained(history: History) -> str:
    """How long, and what it came to."""
    held_out = history.validation_loss[np.isfinite(history.validation_loss)]
    lowest = f", validation {held_out.min():.4g}" if len(held_out) else ""
    return (
        f"{len(history):,} epochs, {len(history.steps):,} steps, {history.seconds[-1]:.1f} s;"
        f" lowest loss {np.nanmin(history.loss):.4g}{lowest} nats per token"
    )


def _curve(run: "Run") -> str:
    """The losses over the epochs, on a logarithmic scale, as SVG; nothing where there are fewer than two."""
    try:
        history = run.history
    except RnnlabError:
        return ""
    lines = {"loss": history.loss, "validation loss": history.validation_loss}
    shown = {name: line for name, line in lines.items() if (line > 0).sum() > 1}
    if not shown:
        return ""
    everything = np.log(np.concatenate([line[line > 0] for line in shown.values()]))
    low, high = float(everything.min()), float(everything.max())
    drawn = "".join(
        f'<polyline fill="none" stroke="{_COLOURS[name]}" stroke-width="1.5"'
        f' points="{_points(history.epoch, line, low, high)}"><title>{name}</title></polyline>'
        for name, line in shown.items()
    )
    legend = ", ".join(f'<span style="color:{_COLOURS[name]}">{name}</span>' for name in shown)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" role="img"'
        f' aria-label="loss by epoch" style="border:1px solid #ccc">{drawn}</svg>'
        f"<div>{legend}: nats per token from {np.exp(high):.3g} to {np.exp(low):.3g}, logarithmic,"
        f" over {len(history):,} epochs</div>"
    )


def _points(
    epochs: "np.ndarray[tuple[int], np.dtype[np.int64]]", line: Floats, low: float, high: float
) -> str:
    """A line in the drawing's coordinates; of many epochs some are left out."""
    chosen = np.flatnonzero(line > 0)
    chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, _MOST_POINTS).astype(int))]
    first, last = int(epochs[0]), int(epochs[-1])
    x = _MARGIN + (_WIDTH - 2 * _MARGIN) * (epochs[chosen] - first) / max(last - first, 1)
    y = _MARGIN + (_HEIGHT - 2 * _MARGIN) * (high - np.log(line[chosen])) / max(high - low, 1e-9)
    return " ".join(f"{left:.1f},{top:.1f}" for left, top in zip(x, y, strict=True))
