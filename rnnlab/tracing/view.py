"""Which part of a trace is shown, and what stands beside the heat maps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.tracing.heat_map import HeatMap, heat_maps, most_varying
from rnnlab.tracing.tracing import LayerTrace, Trace


@dataclass(frozen=True)
class View:
    """What of a trace is shown.

    Attributes:
        trace: the trace.
        layers: which of its layers, from 0.
        units: which units of each layer, from 0; None for the most varying.
        most_units: how many these are.
        steps: which steps, from 0.
        top: how many of the most probable next tokens.
        facts: of the network and how it read, a sentence each.
    """

    trace: Trace
    layers: tuple[int, ...]
    units: tuple[int, ...] | None
    most_units: int
    steps: range
    top: int
    facts: tuple[str, ...] = ()

    def units_of(self, layer: LayerTrace) -> tuple[int, ...]:
        """The units of a layer that are shown; those that it has of the chosen ones."""
        if self.units is None:
            return most_varying(layer, self.most_units)
        return tuple(unit for unit in self.units if unit < layer.units)

    def maps(self, lane: int) -> Iterator[tuple[LayerTrace, list[HeatMap]]]:
        """Each layer with its heat maps."""
        for number in self.layers:
            layer = self.trace.layers[number]
            yield layer, heat_maps(self.trace, layer, lane=lane, units=self.units_of(layer), steps=self.steps)

    @property
    def cells(self) -> int:
        """How many numbers the heat maps have, all lanes together."""
        layers = [self.trace.layers[number] for number in self.layers]
        each = sum(len(self.units_of(layer)) * len(layer.values) for layer in layers)
        return each * len(self.steps) * len(self.trace.ids)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, a sentence each."""
        notes = []
        for number in self.layers:
            layer = self.trace.layers[number]
            if self.units is None and layer.units > self.most_units:
                notes.append(
                    f"{layer.name}: the {self.most_units} of {layer.units} units whose h varies most;"
                    " the option units chooses"
                )
        if len(self.steps) < self.trace.ids.shape[1]:
            first, last = self.steps.start + 1, self.steps.stop
            notes.append(f"steps {first} to {last} of {self.trace.ids.shape[1]}; the option steps chooses")
        return tuple(notes)


@dataclass(frozen=True)
class Prediction:
    """What the network expected after one step.

    Attributes:
        step: from 1.
        token: that it had read.
        expected: the most probable next tokens with their probabilities.
        came: the token that came next; None where the text ends.
        nats: its surprise; NaN where the text ends.
        counted: whether training counts the step.
    """

    step: int
    token: str
    expected: tuple[tuple[str, float], ...]
    came: str | None
    nats: float
    counted: bool


def predictions(view: View, lane: int) -> list[Prediction]:
    """One for each step that is shown."""
    trace, tokens = view.trace, view.trace.model.tokens
    surprises, found = trace.surprises, []
    for step in view.steps:
        probabilities = np.exp(trace.log_probabilities[lane, step])
        target = int(trace.targets[lane, step])
        best = np.argsort(-probabilities, kind="stable")[: view.top].tolist()
        found.append(
            Prediction(
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
    """What each layer gives, by name, from the encoded input on: (N, T, D), (N, T, H), …, (N, T, V)."""
    shapes = [("input", trace.layers[0].inputs.shape)]
    shapes += [(layer.name, layer.outputs.shape) for layer in trace.layers]
    if trace.architecture.head:
        shapes.append((trace.architecture.head.name, trace.logits.shape))
    return shapes
