"""A cell's equation as a list of NumPy calls that write into arrays which exist already.

A time step of one lane is about ten calls of a microsecond each. Running the cell's own Python and allocating
an array for each result would double that time. So the list of calls is made once: `LayerEquation` is
made for a layer with its weights, and `TimeStep` for a number of lanes. Lanes are columns, as in the
TensorFlow engine: a gate is a contiguous block of rows. Sigmoid and normalisation, which NumPy lacks, are
defined here too.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.models.cells import EPSILON, Cell
from rnnlab.models.terms import GIVEN, Equation, Operation, Term

Floats = NDArray[np.float32]
Call = tuple[Callable[..., object], tuple[Any, ...]]
"""A function and its arguments: first the inputs, last the array that it writes; `np.copyto` has it first."""

HALF = np.array(0.5, np.float32)

flags_ignored = np.errstate(over="ignore", invalid="ignore")
"""For matrix products. BLAS may also compute with the padding of its buffers, which holds arbitrary
numbers: no result depends on it, but it sometimes sets the processor's flag for an invalid value. And the
weights of a training that diverged may be so large that a product is infinite, as in TensorFlow."""


def sigmoid(x: Floats, out: Floats) -> Floats:
    """Write 1 / (1 + exp(−x)) into `out`, as (tanh(x / 2) + 1) / 2 without overflow; return `out`."""
    np.multiply(x, HALF, out)
    np.tanh(out, out)
    np.multiply(out, HALF, out)
    return np.add(out, HALF, out)


def normalized(x: Floats, out: Floats) -> Floats:
    """Write x, with mean 0 and variance 1 over the rows of each lane, into `out`; return `out`."""
    np.subtract(x, x.mean(axis=0), out)
    np.multiply(out, 1 / np.sqrt(np.square(out).mean(axis=0) + np.float32(EPSILON)), out)
    return out


FUNCTIONS: dict[Operation, Callable[..., Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "·": np.multiply,
    "tanh": np.tanh,
    "σ": sigmoid,
    "normalized": normalized,
}
"""The function of each operation; the last argument of the function is the array that it writes."""


class LayerEquation:
    """The equation of one layer, prepared for NumPy.

    If x + h U is split into blocks, each of them is the input of one sigmoid or tanh and of nothing else, and
    one of these is a sigmoid, then one tanh computes all gates. The factor 1/2 of
    σ(a) = (tanh(a / 2) + 1) / 2 is multiplied into the weights beforehand (`scale`).

    Args:
        cell: the cell.
        units: H.
        parameters: the cell's vectors, (H,) or (G·H,) each.

    Attributes:
        graph: the cell's equation as terms.
        units: H.
        uses: how many terms, and parts of the new state, use each term.
        arrays: the array of each parameter, (…, 1), and of each number.
        gates: the term x + h U, if one call of tanh computes all gates; else None.
        scale: factors for the rows of x and of h U, (G·H, 1): 1/2 for a σ in `gates`, else 1.
    """

    def __init__(self, cell: Cell, units: int, parameters: Sequence[Floats]) -> None:
        self.graph, self.units = Equation(cell), units
        terms = self.graph.terms
        self.uses = Counter(each for term in terms for each in term.inputs)
        self.uses.update(self.graph.after)
        columns = (vector[:, None] for vector in parameters)
        self.arrays: dict[Term, Floats] = dict(zip(self.graph.parameters, columns, strict=True))
        self.arrays |= {
            term: np.array(term.value, np.float32) for term in terms if term.operation == "number"
        }
        self.gates = next((term for term in terms if self._activated_at_once(term)), None)
        self.scale = np.ones((self.rows(self.graph.x), 1), np.float32)
        for block in self._users(self.gates) if self.gates else ():
            if self._users(block)[0].operation == "σ":
                begin = block.begin * units
                self.scale[begin : begin + self.rows(block)] = 0.5

    def rows(self, term: Term) -> int:
        """Return the number of rows of a term's array."""
        return term.blocks * self.units

    def _activated_at_once(self, term: Term) -> bool:
        """Whether a term is x + h U, and one call of tanh can compute all its activations.

        Each block of the term must be the input of exactly one σ or tanh, at least one of these must be a σ,
        and nothing else, the new state included, may use x, h U, the term or a block.
        """
        x = self.graph.x
        products = [each for each in term.inputs if each.operation == "product"]
        if term.operation != "+" or x not in term.inputs or not products:
            return False
        if self.uses[x] > 1 or self.uses[products[0]] > 1:
            return False
        blocks = [user for user in self._users(term) if user.operation == "block"]
        functions = [user.operation for block in blocks for user in self._users(block)]
        each_once = self.uses[term] == len(blocks) == len(functions)
        each_once = each_once and all(self.uses[block] == 1 for block in blocks)
        return each_once and "σ" in functions and {*functions} <= {"σ", "tanh"}

    def _users(self, term: Term) -> list[Term]:
        """Return the terms that have a term as an input."""
        return [user for user in self.graph.terms if term in user.inputs]


class TimeStep:
    """A layer's equation for N lanes: its arrays, and the calls that compute one time step in these arrays.

    Args:
        layer: the layer's equation.
        kernels: Uᵀ for the gates of each product, (rows, H), multiplied by `LayerEquation.scale`; or
            Wᵀ and Uᵀ side by side, (rows, D + H), if there is `read`.
        state: the arrays of the state, (H, N) each; the calls write the new state over the old.
        read: the array that a product with the old h reads: the layer's input above h, (D + H, N); None to
            read h itself.

    Attributes:
        x: the input pre-activations, (G·H, N), multiplied by `LayerEquation.scale`; the caller writes them.
        state: the arrays of the state, (H, N) each.
        calls: the calls of one step.
    """

    def __init__(
        self,
        layer: LayerEquation,
        kernels: Mapping[str, Floats],
        state: Sequence[Floats],
        read: Floats | None = None,
    ) -> None:
        self._layer, self._equation = layer, layer.graph
        self._kernels, self._lanes = kernels, state[0].shape[1]
        self._read = state[0] if read is None else read
        self.state, self.x = tuple(state), self._zeros(self._equation.x)
        self._arrays = {**layer.arrays, self._equation.x: self.x}
        self._arrays |= dict(zip(self._equation.before, state, strict=True))
        self.calls: list[Call] = []
        for term in self._equation.terms:
            if term not in self._arrays:
                self._arrays[term] = self._laid_out(term)
        self.calls += self._storing()

    def _storing(self) -> list[Call]:
        """Return the calls that copy the new state into the arrays of the state, if it is not there yet."""
        after = [self._arrays[term] for term in self._equation.after]
        moves = [(part, array) for part, array in zip(self.state, after, strict=True) if array is not part]
        calls: list[Call] = []
        for place, (part, array) in enumerate(moves):
            # A part of the old state that becomes another part is saved before it is overwritten.
            if any(np.may_share_memory(array, each) for each in self.state):
                saved = np.empty_like(array)
                calls.append((np.copyto, (saved, array)))
                moves[place] = part, saved
        return [*calls, *((np.copyto, move) for move in moves)]

    def _laid_out(self, term: Term) -> Floats:
        """Return the array of a term; add the calls that write this array, if the term needs any."""
        inputs = [self._arrays[each] for each in term.inputs]
        if term.operation == "block":
            begin = term.begin * self._layer.units
            return inputs[0][begin : begin + self._layer.rows(term)]  # a view (rows, N): no call
        if self._is_activated(term.inputs[0]):
            return inputs[0]
        if term.operation == "product":
            read = self._read if term.inputs[0] is self._equation.before[0] else inputs[0]
            out = self._zeros(term)
            self.calls.append((np.dot, (self._kernels[term.gates], read, out)))
            return out
        out = self._place(term)
        self.calls.append((FUNCTIONS[term.operation], (*inputs, out)))
        if term is self._layer.gates:
            self.calls += self._activating(out)
        return out

    def _activating(self, sums: Floats) -> list[Call]:
        """Return the calls that activate all gates in place: tanh(a), or (tanh(a / 2) + 1) / 2 for σ(a)."""
        scale = np.repeat(self._layer.scale, self._lanes, axis=1)  # (G·H, N): 1 for tanh, 1/2 for σ
        return [
            (np.tanh, (sums, sums)),
            (np.multiply, (sums, scale, sums)),
            (np.add, (sums, 1 - scale, sums)),
        ]

    def _is_activated(self, term: Term) -> bool:
        """Whether a term is a block of the gates that one call of tanh computes."""
        return term.operation == "block" and term.inputs[0] is self._layer.gates

    def _place(self, term: Term) -> Floats:
        """Return the array for a term: that of an old state or input that is not read later, or a new one."""
        for before, after in zip(self._equation.before, self._equation.after, strict=True):
            if after is term and not self._needed_after(term, before):
                return self._arrays[before]
        computed = (each for each in term.inputs if each.operation not in {*GIVEN, "block"})
        spent = (each for each in computed if self._layer.uses[each] == 1 and each.blocks == term.blocks)
        return next((self._arrays[each] for each in spent), self._zeros(term))

    def _needed_after(self, term: Term, before: Term) -> bool:
        """Whether `before`, a part of the old state, is read after `term`, or is in the new state too."""
        later = self._equation.terms[self._equation.terms.index(term) + 1 :]
        return any(before in user.inputs for user in later) or before in self._equation.after

    def _zeros(self, term: Term) -> Floats:
        return np.zeros((self._layer.rows(term), self._lanes), np.float32)
