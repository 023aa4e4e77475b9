"""The part of a trace that is shown: layers, units and time steps, with their heat maps and predictions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.tracing.heat_map import HeatMap, heat_maps, most_varying, unit_map
from rnnlab.tracing.tracing import LayerTrace, Trace


@dataclass(frozen=True)
class View:
    """The part of a trace that is shown.

    Attributes:
        trace: the trace.
        layers: the shown layers, from 0.
        units: the shown units of each layer, from 0; None for the units whose h varies most.
        most_units: how many units are shown if `units` is None.
        steps: the shown time steps, from 0.
        top: how many of the most probable next tokens are shown.
        facts: notes on the network and on how it read the text, a sentence each.
    """

    trace: Trace
    layers: tuple[int, ...]
    units: tuple[int, ...] | None
    most_units: int
    steps: range
    top: int
    facts: tuple[str, ...] = ()

    def units_of(self, layer: LayerTrace) -> tuple[int, ...]:
        """Return the shown units of a layer; a chosen unit that the layer does not have is left out."""
        if self.units is None:
            return most_varying(layer, self.most_units)
        return tuple(unit for unit in self.units if unit < layer.units)

    def maps(self, lane: int) -> Iterator[tuple[LayerTrace, list[HeatMap]]]:
        """Yield each shown layer with its heat maps for one lane."""
        for number in self.layers:
            layer = self.trace.layers[number]
            yield layer, heat_maps(self.trace, layer, lane=lane, units=self.units_of(layer), steps=self.steps)

    def panels(self, lane: int) -> Iterator[tuple[LayerTrace, list[HeatMap]]]:
        """Yield each shown layer with its heat maps for a page: of chosen units, one for each unit."""
        if self.units is None:
            yield from self.maps(lane)
            return
        for number in self.layers:
            layer = self.trace.layers[number]
            yield (
                layer,
                [
                    unit_map(self.trace, layer, lane=lane, unit=unit, steps=self.steps)
                    for unit in self.units_of(layer)
                ],
            )

    def titled_maps(self) -> Iterator[tuple[str, HeatMap]]:
        """Yield each heat map of all lanes and shown layers, with a title that names the layer.

        If there are several lanes, the title names the lane too.
        """
        for lane in range(len(self.trace.ids)):
            of_input = f"input {lane + 1}, " if len(self.trace.ids) > 1 else ""
            for layer, maps in self.maps(lane):
                yield from ((f"{of_input}{layer.name}: {heat.title}", heat) for heat in maps)

    @property
    def cells(self) -> int:
        """Number of values in the heat maps of all lanes together."""
        layers = [self.trace.layers[number] for number in self.layers]
        each = sum(len(self.units_of(layer)) * len(layer.values) for layer in layers)
        return each * len(self.steps) * len(self.trace.ids)

    @property
    def notes(self) -> tuple[str, ...]:
        """A note for each layer of which only the units that vary most are shown, and one on the shown steps.

        The note on the steps is there only if some steps are left out.
        """
        notes = []
        for number in self.layers:
            layer = self.trace.layers[number]
            if self.units is None and layer.units > self.most_units:
                notes.append(
                    f"{layer.name}: the {self.most_units} of {layer.units} units whose h varies most;"
                    " the option units chooses others"
                )
        if len(self.steps) < self.trace.ids.shape[1]:
            first, last = self.steps.start + 1, self.steps.stop
            notes.append(
                f"steps {first} to {last} of {self.trace.ids.shape[1]}; the option steps chooses others"
            )
        return tuple(notes)


@dataclass(frozen=True)
class StepPrediction:
    """The network's prediction after one time step.

    Attributes:
        step: the time step, from 1.
        token: the token that the step read.
        expected: the most probable next tokens with their probabilities.
        came: the token that came next; None where the text ends.
        nats: the surprise at the next token, nats; NaN where the text ends.
        counted: whether training counts the step.
    """

    step: int
    token: str
    expected: tuple[tuple[str, float], ...]
    came: str | None
    nats: float
    counted: bool


def predictions(view: View, lane: int) -> list[StepPrediction]:
    """Return the prediction after each shown time step of a lane."""
    trace, tokens = view.trace, view.trace.model.tokens
    surprises, found = trace.surprises, []  # (N, T)
    for step in view.steps:
        probabilities = np.exp(trace.log_probabilities[lane, step])  # (V,)
        target = int(trace.targets[lane, step])
        best = np.argsort(-probabilities, kind="stable")[: view.top].tolist()
        found.append(
            StepPrediction(
                step=step + 1,
                token=tokens[trace.ids[lane, step]],
                expected=tuple((tokens[place], float(probabilities[place])) for place in best),
                came=tokens[target] if target >= 0 else None,
                nats=float(surprises[lane, step]),
                counted=bool(trace.reading.counted[step]),
            )
        )
    return found


def shapes_of(trace: Trace) -> list[tuple[str, tuple[int, ...]]]:
    """Return names and shapes: encoded input (N, T, D), output of each layer (N, T, H), logits (N, T, V).

    A network without a head has no entry for the logits, which are the output of its last layer.
    """
    shapes = [("input", trace.layers[0].inputs.shape)]
    shapes += [(layer.name, layer.outputs.shape) for layer in trace.layers]
    if trace.architecture.head:
        shapes.append((trace.architecture.head.name, trace.logits.shape))
    return shapes
