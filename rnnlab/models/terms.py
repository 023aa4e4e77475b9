"""A cell's equation as terms: the `step` of the cell is called once, with a symbol in place of every array.

The result, an `Equation`, is a small graph of one time step. The NumPy engine lays out its calls from the
graph, the TensorFlow engine takes the recurrent products and the activations from the graph, and `tracing/`
writes the equation with numbers. The contract between a cell and the engines is checked in this module only:
`Equation(cell)` refuses a cell that an engine cannot run. The error names the cell, what was expected, what
was received, and the remedy.
"""

import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, NoReturn

import numpy as np

from rnnlab.models.cells import Array, Cell

Operation = Literal[
    "x", "state", "parameter", "number", "product", "block", "+", "-", "·", "tanh", "σ", "normalized"
]
Function = Callable[..., Array]

GIVEN: set[Operation] = {"x", "state", "parameter", "number"}
"""Operations of the terms without inputs; all other terms are computed from their inputs."""

ACTIVATIONS: set[Operation] = {"tanh", "σ"}


class ContractError(ValueError):
    """The error for a cell that the engines cannot run.

    Attributes:
        problem: what is wrong with the cell, without the name of its class.
    """

    def __init__(self, cell: Cell, problem: str) -> None:
        super().__init__(f"{type(cell).__name__}: {problem}")
        self.problem = problem


class _Refused(Exception):
    """A breach of the contract, in words for the author of the cell."""


def _no_operator(received: str, remedy: str) -> Callable[..., NoReturn]:
    """Return the method for an operator that the engines do not have; the method raises `_Refused`."""

    def refuse(*_: Any) -> NoReturn:
        raise _Refused(f"step: expected +, *, and a number minus an array, received {received}; {remedy}")

    return refuse


@dataclass(frozen=True, eq=False)
class Term:
    """One array of an equation, with blocks of H rows and lanes in columns; or one number.

    Attributes:
        operation: the kind of a given term, or the operation that computes the term from its inputs.
        inputs: the terms that the operation reads; the one input of a product is its operand.
        blocks: number of blocks of H rows; 0 for a number.
        gates: the letter of each block, for pre-activations of gates, and for parameters with a block for
            each of several gates; "" for other terms.
        name: the name of a state or a parameter.
        begin: for a `block`, its first block in the input; for a `product`, its first block in U.
        value: the value of a number.
    """

    operation: Operation
    inputs: tuple["Term", ...]
    blocks: int
    _recorded: list["Term"] = field(repr=False)
    gates: str = ""
    name: str = ""
    begin: int = 0
    value: float = 0.0

    __array_ufunc__ = None  # NumPy then calls the term's operator for `array + term`

    def __post_init__(self) -> None:
        self._recorded.append(self)

    def __add__(self, other: Any) -> "Term":
        return self._joined("+", self, self._term(other))

    def __mul__(self, other: Any) -> "Term":
        return self._joined("·", self, self._term(other))

    def __rsub__(self, other: Any) -> "Term":
        return self._joined("-", self._term(other), self)

    __radd__, __rmul__ = __add__, __mul__

    __sub__ = _no_operator("an array minus something", "write a + -1 * b for a - b")
    __neg__ = _no_operator("-a", "write -1 * a")
    __truediv__ = __rtruediv__ = _no_operator("/", "multiply by the inverse number")
    __getitem__ = _no_operator("an index", "take blocks with xp.split")

    def through(self, operation: Operation) -> "Term":
        """Return tanh, σ or the normalisation of the term, as a term."""
        gates = self.gates if operation == "normalized" else ""
        return Term(operation, (self,), self.blocks, self._recorded, gates)

    def split(self, parts: int) -> list["Term"]:
        """Return equal parts of the term, each of whole blocks."""
        if parts < 1 or self.blocks % parts:
            of_gates = f" (gates {self.gates!r})" if self.gates else ""
            raise _Refused(
                f"xp.split(…, {parts}): expected a number of parts that divides the {_rows(self)}{of_gates};"
                " split into as many parts as there are gates"
            )
        size = self.blocks // parts
        return [
            Term("block", (self,), size, self._recorded, self.gates[begin : begin + size], begin=begin)
            for begin in range(0, self.blocks, size)
        ]

    def _term(self, other: Any) -> "Term":
        """Return the other operand of an operator, a term or a number, as a term."""
        if isinstance(other, Term):
            return other
        if not isinstance(other, numbers.Real):
            raise _Refused(
                f"step: expected numbers and the given arrays, received {type(other).__name__};"
                " add your own array as a weight, with weight_shapes and parameters"
            )
        return Term("number", (), 0, self._recorded, value=float(other))

    def _joined(self, operation: Operation, left: "Term", right: "Term") -> "Term":
        if left.blocks and right.blocks and left.blocks != right.blocks:
            raise _Refused(
                f"step: {left._described()} {operation} {right._described()}: expected equally many rows on"
                f" both sides, received {_rows(left)} and {_rows(right)}; take the blocks apart with xp.split"
            )
        blocks, gates = max(left.blocks, right.blocks), left.gates or right.gates
        return Term(operation, (left, right), blocks, self._recorded, gates)

    def _described(self) -> str:
        """Return the term as text: `product(…, 'zr')`, `x`, its name, or its operation in parentheses."""
        if self.operation == "product":
            return f"product(…, {self.gates!r})"
        return self.name or ("x" if self.operation == "x" else f"({self.operation})")


class Equation:
    """One time step of a cell as a graph of terms; the cell keeps to the contract.

    Args:
        cell: the cell.

    Attributes:
        cell: the cell.
        terms: all terms, in the order in which the cell computes them; each comes after its inputs.
        x: the input pre-activations, G blocks.
        before: each part of the state before the step, one block each.
        parameters: the vectors of `Cell.parameters`.
        after: each part of the state after the step, one block each.
        products: the recurrent products in the order of the calls; `gates` names the columns of U.

    Raises:
        ContractError: the cell does not keep to the contract, or one of its methods raises an exception.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell, self.terms = cell, list[Term]()
        try:
            probe = _Probe(cell)
            self.x = Term("x", (), len(cell.gates), self.terms, cell.gates)
            self.before = tuple(Term("state", (), 1, self.terms, name=name) for name in cell.state)
            self.parameters = tuple(self._parameter(*each) for each in probe.named_parameters())
            given = cell.step(_Namespace(), self.x, self._product, self.before, self.parameters)
            self.after = self._checked_state(given)
            self.products = [term for term in self.terms if term.operation == "product"]
            self._check_products()
            if cell.additive and not probe.is_additive(self):
                raise _Refused(
                    "additive: expected x and product(h) only in the sum x + product(h), received an"
                    " equation in which they have different gradients; set additive = False"
                )
        except _Refused as breach:
            raise ContractError(cell, str(breach)) from None
        except Exception as error:
            failure = f"one of its methods fails ({type(error).__name__}: {error})"
            remedy = "correct weight_shapes, input_bias, parameters or step"
            raise ContractError(cell, f"{failure}; {remedy}") from error

    def values(
        self,
        given: Sequence[Array],
        product: Callable[[Array, Term], Array],
        functions: Mapping[Operation, Function],
    ) -> dict[Term, Array]:
        """Return the value of every term: (blocks·H, N), (blocks·H, 1) for a parameter, a float for a number.

        Args:
            given: x, each part of the state before the step, and each parameter as a column (…, 1).
            product: returns Uᵀ times an operand (H, N), only the rows of Uᵀ for the gates of a product term.
            functions: tanh, σ and the normalisation, by operation.
        """
        values = dict(zip((self.x, *self.before, *self.parameters), given, strict=True))
        for term in self.terms:
            if term not in values:
                values[term] = _value(term, [values[each] for each in term.inputs], product, functions)
        return values

    def _parameter(self, name: str, blocks: int) -> Term:
        gates = self.cell.gates if blocks == len(self.cell.gates) else ""
        return Term("parameter", (), blocks, self.terms, gates if blocks > 1 else "", name)

    def _product(self, operand: Any, gates: str = "", /) -> Term:
        every, gates = self.cell.gates, gates or self.cell.gates
        if gates not in every:
            raise _Refused(
                f"product(…, {gates!r}): expected gates that stand side by side in gates = {every!r},"
                f" received {gates!r}; call product once for each of them, or write gates in another order"
            )
        if not isinstance(operand, Term) or operand.blocks != 1:
            received = _rows(operand) if isinstance(operand, Term) else type(operand).__name__
            raise _Refused(
                f"product(…, {gates!r}): expected an operand of H rows, received {received};"
                " multiply one block by U, such as h"
            )
        return Term("product", (operand,), len(gates), self.terms, gates, begin=every.index(gates))

    def _checked_state(self, given: Any) -> tuple[Term, ...]:
        """Return the result of `step` as a tuple; it must have one block for each name in `state`."""
        names = ", ".join(self.cell.state)
        after = tuple(given) if isinstance(given, tuple | list) else (given,)
        if len(after) != len(self.before):
            raise _Refused(
                f"step: expected the new state ({names}), received {len(after)} of {len(self.before)} arrays;"
                " return them in the order of state, as a tuple"
            )
        for name, part in zip(self.cell.state, after, strict=True):
            if not isinstance(part, Term) or part.blocks != 1:
                received = _rows(part) if isinstance(part, Term) else type(part).__name__
                raise _Refused(
                    f"step: the new {name}: expected H rows, received {received};"
                    f" return the new state ({names}), one block each"
                )
        return after

    def _check_products(self) -> None:
        if not self.products:
            raise _Refused(
                "step: expected at least one product, received none, so that no gate depends on h;"
                " add product(h) to x"
            )
        whole = len(self.products) == 1 and self.products[0].gates == self.cell.gates
        if self.cell.additive and not (whole and self.products[0].inputs[0] is self.before[0]):
            received = ", ".join(f"product(…, {product.gates!r})" for product in self.products)
            raise _Refused(
                f"additive: expected one product, product(h), for all gates {self.cell.gates!r}, received"
                f" {received}; set additive = False"
            )


class _Namespace:
    """The functions `xp` of an equation, for terms."""

    def tanh(self, x: Term) -> Term:
        return x.through("tanh")

    def sigmoid(self, x: Term) -> Term:
        return x.through("σ")

    def normalized(self, x: Term) -> Term:
        return x.through("normalized")

    def split(self, x: Term, parts: int) -> list[Term]:
        return x.split(parts)

    def __getattr__(self, name: str) -> NoReturn:
        raise _Refused(
            f"xp.{name}: expected xp.tanh, xp.sigmoid, xp.normalized or xp.split, received xp.{name};"
            " the engines have no other function"
        )


class _Probe:
    """A small layer of a cell with irregular weights, for the check of the contract."""

    inputs, units, lanes = 2, 3, 2  # D, H, N

    def __init__(self, cell: Cell) -> None:
        _check_names(cell)
        self._drawn = 0
        shapes = cell.weight_shapes(self.inputs, self.units)
        columns = len(cell.gates) * self.units
        for name, rows, letter in (("kernel", self.inputs, "D"), ("recurrent_kernel", self.units, "H")):
            if tuple(shapes.get(name, ())) != (rows, columns):
                raise _Refused(
                    f"weight_shapes: {name}: expected the shape ({letter}, {len(cell.gates)}·H) for the gates"
                    f" {cell.gates!r}, here {(rows, columns)}, received {shapes.get(name)};"
                    " keep the shapes of Cell.weight_shapes, and add weights of your own beside them"
                )
        self._weights = {name: self._numbers(*shape) for name, shape in shapes.items()}
        self._parameters = [np.asarray(each) for each in cell.parameters(self._weights)]
        bias = np.shape(cell.input_bias(self._weights))
        if bias != (columns,):
            raise _Refused(
                f"input_bias: expected H numbers for each of the gates {cell.gates!r}, here {(columns,)},"
                f" received {bias}; return one row of weights['bias']"
            )
        self._x = self._numbers(columns, self.lanes)
        self._shift = self._numbers(columns, self.lanes)
        self._state = [self._numbers(self.units, self.lanes) for _ in cell.state]

    def named_parameters(self) -> list[tuple[str, int]]:
        """Return the name of each parameter (`v1` … if no weight and no row equals it), and its blocks."""
        found = []
        for number, vector in enumerate(self._parameters):
            if vector.ndim != 1 or not vector.size or vector.size % self.units:
                raise _Refused(
                    f"parameters: expected vectors of H numbers, or H for each gate, here H = {self.units},"
                    f" received the shape {vector.shape} in place {number + 1}; return rows of your weights"
                )
            name = next((name for name, row in self._rows() if np.array_equal(row, vector)), f"v{number + 1}")
            found.append((name, vector.size // self.units))
        return found

    def is_additive(self, equation: Equation) -> bool:
        """Whether the new state stays the same if a part of x is moved into the product."""
        unmoved, moved = (self._new_state(equation, share * self._shift) for share in (0, 1))
        return all(map(np.allclose, unmoved, moved))

    def _numbers(self, *shape: int) -> Array:
        """Return irregular numbers from −1 to 1: sines of squares. To load numpy.random would take longer."""
        begin, self._drawn = self._drawn, self._drawn + prod(shape)
        return np.sin(np.arange(begin + 1.0, self._drawn + 1.0) ** 2).reshape(shape)

    def _new_state(self, equation: Equation, shift: Array) -> list[Array]:
        """Return the new state, (H, N) each, after a step with x − shift; each product has `shift` added."""
        kernel = self._weights["recurrent_kernel"]

        def product(operand: Array, term: Term) -> Array:
            columns = slice(term.begin * self.units, (term.begin + term.blocks) * self.units)
            return kernel[:, columns].T @ operand + shift[columns]

        columns = [vector[:, None] for vector in self._parameters]
        values = equation.values([self._x - shift, *self._state, *columns], product, _PLAIN)
        return [values[part] for part in equation.after]

    def _rows(self) -> list[tuple[str, Array]]:
        """Return each weight vector, and each row of a weight matrix, with its name; `bias0` is a row."""
        vectors = [(name, each) for name, each in self._weights.items() if each.ndim == 1]
        matrices = [(name, each) for name, each in self._weights.items() if each.ndim == 2]
        return [
            *vectors,
            *((f"{name}{place}", row) for name, each in matrices for place, row in enumerate(each)),
        ]


def _check_names(cell: Cell) -> None:
    """Refuse missing or repeated gates, and a state that lacks names, repeats one or begins without h."""
    gates, state = getattr(cell, "gates", ""), tuple(cell.state)
    if not isinstance(gates, str) or not gates or len(set(gates)) < len(gates):
        raise _Refused(
            f"gates: expected a different letter for each block of columns, received {gates!r};"
            " give each gate a letter of its own"
        )
    if not state or state[0] != "h" or len(set(state)) < len(state):
        raise _Refused(
            f"state: expected different names, of which the first is h, received {state!r};"
            " name the output h, as in ('h', 'c')"
        )


def _rows(term: Term) -> str:
    """Return the number of rows of a term as text, such as `3·H rows`."""
    return {0: "a number", 1: "H rows"}.get(term.blocks, f"{term.blocks}·H rows")


def _value(
    term: Term,
    inputs: list[Array],
    product: Callable[[Array, Term], Array],
    functions: Mapping[Operation, Function],
) -> Array:
    """Return the value of a term, from the values of its inputs."""
    if term.operation == "number":
        return term.value
    if term.operation == "product":
        return product(inputs[0], term)
    if term.operation == "block":
        height = len(inputs[0]) // term.inputs[0].blocks  # H
        return inputs[0][term.begin * height : (term.begin + term.blocks) * height]
    return (_JOINED.get(term.operation) or functions[term.operation])(*inputs)


_JOINED: dict[Operation, Function] = {"+": np.add, "-": np.subtract, "·": np.multiply}

_PLAIN: dict[Operation, Function] = {
    "tanh": np.tanh,
    "σ": lambda x: 1 / (1 + np.exp(-x)),
    "normalized": lambda x: (x - x.mean(axis=0)) / x.std(axis=0),
}
"""The functions in float64, for the check of the contract."""
