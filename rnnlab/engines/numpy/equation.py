"""A cell's equation as a list of NumPy calls, which write into arrays that are there already.

A time step of one lane is about ten calls of a microsecond each: going through the equation's Python, and
allocating what each call returns, would cost as much again. So the equation is gone through once, with terms
in the place of arrays (`Equation`), and then laid out for a number of lanes (`TimeStep`). Lanes are columns,
as in the compiled engine: a gate is a contiguous block of rows.

Functions of the equations that NumPy lacks; each writes its last argument, and gives it back.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.models.cells import EPSILON, Cell

Floats = NDArray[np.float32]

HALF = np.array(0.5, np.float32)

flags_ignored = np.errstate(invalid="ignore")
"""Around products of matrices: BLAS may also compute with the padding of its buffers, where anything stands.
No result depends on that, but now and then it raises the processor's flag for an invalid value."""


def sigmoid(x: Floats, out: Floats) -> Floats:
    """1 / (1 + exp(−x)) as (tanh(x / 2) + 1) / 2, which cannot overflow."""
    np.multiply(x, HALF, out)
    np.tanh(out, out)
    np.multiply(out, HALF, out)
    return np.add(out, HALF, out)


def normalized(x: Floats, out: Floats) -> Floats:
    """The rows of each lane with mean 0 and variance 1, in float32."""
    np.subtract(x, x.mean(axis=0), out)
    np.multiply(out, 1 / np.sqrt(np.square(out).mean(axis=0) + np.float32(EPSILON)), out)
    return out


Function = Callable[..., object]
Call = tuple[Function, tuple[Any, ...]]
"""A function, and its arguments: inputs first, and then the array that it writes."""


class Term:
    """What an equation speaks of: rows that are given, a function of other terms, or some rows of one.

    Attributes:
        function: writes its rows, from the inputs; None for what is given, and for a block.
        inputs: terms, arrays, and for a product the gates that it is for.
        rows: how many it has.
        begin: of a block, its first row in the one input.
    """

    __array_ufunc__ = None  # an array leaves it to the term what their sum is

    def __init__(
        self,
        terms: list["Term"],
        function: Function | None,
        inputs: tuple[Any, ...],
        rows: int,
        begin: int = 0,
    ) -> None:
        self.function, self.inputs, self.rows, self.begin = function, inputs, rows, begin
        self._terms = terms
        terms.append(self)

    def __add__(self, other: Any) -> "Term":
        return self._with(np.add, self, other)

    def __mul__(self, other: Any) -> "Term":
        return self._with(np.multiply, self, other)

    def __rsub__(self, other: Any) -> "Term":
        return self._with(np.subtract, np.array(other, np.float32), self)

    __radd__, __rmul__ = __add__, __mul__

    def through(self, function: Function) -> "Term":
        """A function of each element."""
        return Term(self._terms, function, (self,), self.rows)

    def block(self, begin: int, rows: int) -> "Term":
        """Some of its rows."""
        return Term(self._terms, None, (self,), rows, begin)

    def _with(self, function: Function, *inputs: Any) -> "Term":
        return Term(self._terms, function, inputs, self.rows)


class Equation:
    """A time step of a cell, as terms.

    Where the blocks of x + h U go through one activation each, and nowhere else, all are activated at once:
    σ(a) is (tanh(a / 2) + 1) / 2, so that one tanh serves all gates, and the halves are in the weights.

    Args:
        cell: the cell.
        units: H.
        parameters: the cell's vectors, (H,) or (G·H,) each.

    Attributes:
        terms: in the order in which they are worked out.
        x: the input pre-activations, G·H rows.
        before: the parts of the state before the step, H rows each.
        after: those after it.
        uses: how many terms, and parts of the state after, each term goes into.
        products: the gates of each product; whose terms have the gates and the operand as inputs.
        gates: x + h U, if its blocks are activated at once.
        scale: what the rows of x and of h U are to be multiplied by beforehand, (G·H, 1); 1 or a half.
    """

    def __init__(self, cell: Cell, units: int, parameters: Sequence[Floats]) -> None:
        self.terms: list[Term] = []
        self._all_gates, self._units = cell.gates, units
        self.x = Term(self.terms, None, (), len(cell.gates) * units)
        self.before = tuple(Term(self.terms, None, (), units) for _ in cell.state)
        columns = tuple(vector[:, None] for vector in parameters)
        self.after: tuple[Term, ...] = cell.step(_Namespace, self.x, self._product, self.before, columns)
        self.uses = Counter(each for term in self.terms for each in term.inputs if isinstance(each, Term))
        self.uses.update(self.after)
        self.products = {term.inputs[0] for term in self.terms if term.function is np.dot}
        self.gates = next((term for term in self.terms if self._activated_at_once(term)), None)
        self.scale = np.ones((self.x.rows, 1), np.float32)
        for block in self._blocks(self.gates) if self.gates else ():
            if self._users(block)[0].function is sigmoid:
                self.scale[block.begin : block.begin + block.rows] = 0.5

    def _product(self, operand: Term, gates: str = "", /) -> Term:
        gates = gates or self._all_gates
        return Term(self.terms, np.dot, (gates, operand), len(gates) * self._units)

    def _activated_at_once(self, term: Term) -> bool:
        """Whether a term is x + h U for all gates, and each block goes through σ or tanh alone."""
        sums = term.function is np.add and self.x in term.inputs
        products = [each for each in term.inputs if isinstance(each, Term) and each.function is np.dot]
        if not (sums and products) or self.uses[self.x] > 1 or self.uses[products[0]] > 1:
            return False
        blocks = self._blocks(term)
        users = [user.function for block in blocks for user in self._users(block)]
        whole = self.uses[term] == len(blocks) == len(users)
        return whole and sigmoid in users and {*users} <= {sigmoid, np.tanh}

    def _blocks(self, term: Term) -> list[Term]:
        return [user for user in self._users(term) if user.function is None]

    def _users(self, term: Term) -> list[Term]:
        return [user for user in self.terms if term in user.inputs]


class TimeStep:
    """An equation laid out for N lanes: arrays, and the calls that work a step out in them.

    Args:
        equation: the equation.
        kernels: Uᵀ of the gates of each product, (rows, H), multiplied by `Equation.scale`.
        state: the arrays of the state, (H, N) each; the calls put the new state in the place of the old.
        read: what a product with the old h reads in its place: h below other rows, if the kernels have more.

    Attributes:
        x: where the input pre-activations go, (G·H, N), multiplied by `Equation.scale`; the caller's to fill.
        state: as given.
        calls: of one step.
    """

    def __init__(
        self,
        equation: Equation,
        kernels: Mapping[str, Floats],
        state: Sequence[Floats],
        read: Floats | None = None,
    ) -> None:
        self._equation, self._kernels, self._lanes = equation, kernels, state[0].shape[1]
        self._read = state[0] if read is None else read
        self.state, self.x = tuple(state), self._zeros(equation.x)
        self._arrays = dict(zip((equation.x, *equation.before), (self.x, *state), strict=True))
        self.calls: list[Call] = []
        for term in equation.terms:
            if term not in self._arrays:
                self._arrays[term] = self._lay_out(term)
        for term, part in zip(equation.after, self.state, strict=True):
            if self._arrays[term] is not part:
                self.calls.append((np.copyto, (part, self._arrays[term])))

    def _lay_out(self, term: Term) -> Floats:
        """Where a term's rows stand, after the calls that write them."""
        if term.function is None:
            return self._arrays[term.inputs[0]][term.begin : term.begin + term.rows]
        if self._is_activated(term.inputs[0]):
            return self._arrays[term.inputs[0]]
        if term.function is np.dot:
            return self._lay_out_product(*term.inputs, out=self._zeros(term))
        out = self._place(term)
        self.calls.append((term.function, (*map(self._array, term.inputs), out)))
        if term is self._equation.gates:
            scale = np.repeat(self._equation.scale, self._lanes, axis=1)
            self.calls += [
                (np.tanh, (out, out)),
                (np.multiply, (out, scale, out)),
                (np.add, (out, 1 - scale, out)),
            ]
        return out

    def _lay_out_product(self, gates: str, operand: Term, *, out: Floats) -> Floats:
        read = self._read if operand is self._equation.before[0] else self._arrays[operand]
        self.calls.append((np.dot, (self._kernels[gates], read, out)))
        return out

    def _is_activated(self, each: Any) -> bool:
        """Whether an input is a block of the gates, which are activated all at once."""
        block = isinstance(each, Term) and each.function is None and each.inputs != ()
        return block and each.inputs[0] is self._equation.gates

    def _array(self, each: Any) -> Floats:
        """The array of an input: of a term, or itself."""
        return self._arrays[each] if isinstance(each, Term) else each

    def _place(self, term: Term) -> Floats:
        """Where to write a term: over the old state or over an input if nobody reads those any more."""
        for before, after in zip(self._equation.before, self._equation.after, strict=True):
            if after is term and not self._needed_after(term, before):
                return self._arrays[before]
        computed = (each for each in term.inputs if isinstance(each, Term) and each.function)
        spent = (each for each in computed if self._equation.uses[each] == 1 and each.rows == term.rows)
        return next((self._arrays[each] for each in spent), self._zeros(term))

    def _needed_after(self, term: Term, before: Term) -> bool:
        """Whether a part of the old state is read once a term has been worked out."""
        later = self._equation.terms[self._equation.terms.index(term) + 1 :]
        return any(before in user.inputs for user in later) or before in self._equation.after

    def _zeros(self, term: Term) -> Floats:
        return np.zeros((term.rows, self._lanes), np.float32)


class _Namespace:
    """What the equations of `models.cells` use, for terms."""

    @staticmethod
    def tanh(x: Term) -> Term:
        return x.through(np.tanh)

    @staticmethod
    def sigmoid(x: Term) -> Term:
        return x.through(sigmoid)

    @staticmethod
    def normalized(x: Term) -> Term:
        return x.through(normalized)

    @staticmethod
    def split(x: Term, parts: int) -> list[Term]:
        rows = x.rows // parts
        return [x.block(begin, rows) for begin in range(0, parts * rows, rows)]
