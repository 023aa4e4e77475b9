"""One recurrent layer, run a step at a time with every number in the open."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.engines.numpy_functions import Floats
from rnnlab.models.architecture import RecurrentLayer
from rnnlab.models.model_file import Weights
from rnnlab.tracing.terms import Recording, Term

CANDIDATE = "candidate"
"""What tanh makes of a gate's sum: what is new, c̃ or h̃."""


@dataclass(frozen=True)
class Step:
    """What one time step of a layer came to.

    Attributes:
        before: the parts of the state before it, by name.
        gates: each activated gate in the cell's order, by its letter or as the candidate.
        after: the parts of the state after it, by name.
    """

    before: dict[str, Term]
    gates: dict[str, Term]
    after: dict[str, Term]

    @property
    def values(self) -> dict[str, Floats]:
        """Every gate, and then the state with h last, (H, N) each."""
        state = {name: term.values for name, term in reversed(self.after.items())}
        return {**{name: term.values for name, term in self.gates.items()}, **state}


class TracedCell:
    """A recurrent layer with its weights.

    Args:
        layer: the layer.
        weights: of the model, by their names in a model file.
    """

    def __init__(self, layer: RecurrentLayer, weights: Weights) -> None:
        self.layer, self.cell = layer, layer.cell
        self.weights = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
        self.bias = self.cell.input_bias(self.weights)
        rows = {name: Term(each, "parameter", name=name) for name, each in self.weights.items()}
        self._parameters = tuple(map(self._as_column, self.cell.parameters(rows)))

    @np.errstate(over="ignore", invalid="ignore")
    def step(self, inputs: Floats, before: tuple[Floats, ...]) -> Step:
        """A time step.

        Args:
            inputs: what the layer reads, (D, N).
            before: the state before it, (H, N) each.
        """
        x = self.weights["kernel"].T @ inputs + self.bias[:, None]
        state = tuple(
            Term(values, "state", name=name) for name, values in zip(self.cell.state, before, strict=True)
        )
        given = Term(x, "x", gates=self.cell.gates)
        after = self.cell.step(Recording, given, self._product, state, self._parameters)
        named = dict(zip(self.cell.state, after, strict=True))
        return Step(dict(zip(self.cell.state, state, strict=True)), self._gates(after), named)

    def _product(self, operand: Term, gates: str = "", /) -> Term:
        gates = gates or self.cell.gates
        begin = self.cell.gates.index(gates) * self.layer.units
        columns = self.weights["recurrent_kernel"][:, begin : begin + len(gates) * self.layer.units]
        return Term(columns.T @ operand.values, "product", (operand,), gates=gates, begin=begin)

    def _as_column(self, row: Term) -> Term:
        letters = self.cell.gates if len(row.values) > self.layer.units else ""
        return Term(row.values[:, None], "parameter", name=row.name, gates=letters)

    def _gates(self, after: tuple[Term, ...]) -> dict[str, Term]:
        """What is activated on the way to the state; a state that is itself an activation is none."""
        found = {term.name: term for term in _beneath(after) if term.name and term.operation in ("σ", "tanh")}
        gates = {letter: found[letter] for letter in self.cell.gates if letter in found}
        return {
            CANDIDATE if term.operation == "tanh" else letter: term
            for letter, term in gates.items()
            if not any(term is part for part in after)
        }


def zeros(layer: RecurrentLayer, lanes: int) -> tuple[Floats, ...]:
    """The state of N lanes before their first token, (H, N) each."""
    return tuple(np.zeros((layer.units, lanes), np.float32) for _ in layer.cell.state)


def _beneath(terms: tuple[Term, ...]) -> Iterator[Term]:
    """Terms and all that they were worked out from."""
    for term in terms:
        yield term
        yield from _beneath(term.inputs)
