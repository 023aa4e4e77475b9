"""A cell's equation written out as JavaScript: one function that computes a time step.

The function is written from the cell's terms (`models.terms`), so that a new cell runs in a browser without a
line of JavaScript. Every term gets an array, and one loop fills it. Arrays are float32, as in the other
engines; a browser computes with float64 and rounds what it stores.
"""

import json
import math
from collections.abc import Mapping

from rnnlab.errors import RunError
from rnnlab.models.cells import Cell
from rnnlab.models.gates import gates_of
from rnnlab.models.terms import Equation, Term

_SIGNS = {"+": "+", "-": "-", "·": "*"}
_FUNCTIONS = {"tanh": "Math.tanh", "σ": "sigmoid"}


def equation_name(cell: Cell) -> str:
    """Return the name of the equation of a cell: its class with its module, as packages may name alike."""
    kind = type(cell)
    return f"{kind.__module__}.{kind.__qualname__}"


def equation_source(name: str, cell: Cell) -> str:
    """Return the JavaScript that adds the time step of a cell to `equations`, under a name.

    `equations[name](H, layer)` returns `{x, state, values, terms, step}`: `x` is the array of the input
    pre-activations (G·H); `state` is a list of the arrays of the state, h first; `values` maps the name of
    each gate and each part of the state to its array (H); `terms` has the array of every term, null for a
    number; `step()` replaces the state by the state after one time step.

    Args:
        name: the name.
        cell: the cell.

    Raises:
        RunError: a number of the equation is infinite or NaN.
    """
    return _Writer(name, Equation(cell)).source()


class _Writer:
    """Writes the function of one equation, line by line."""

    def __init__(self, name: str, equation: Equation) -> None:
        self._name, self._equation = name, equation
        self._arrays: dict[Term, str] = {equation.x: "x"}
        self._arrays |= {term: f"state[{place}]" for place, term in enumerate(equation.before)}
        self._arrays |= {term: f"layer.parameters[{place}]" for place, term in enumerate(equation.parameters)}
        self._made: list[str] = []
        self._calls: list[str] = []

    def source(self) -> str:
        """Return the function as an entry of `equations`."""
        for term in self._equation.terms:
            if term not in self._arrays and term.operation != "number":
                self._compute(term)
        cell = self._equation.cell
        shown = {name: self._arrays[term] for name, term in gates_of(self._equation).items()}
        shown |= {name: f"state[{place}]" for place, name in reversed([*enumerate(cell.state)])}
        every = (self._arrays.get(term, "null") for term in self._equation.terms)
        parts = ", ".join("new Float32Array(H)" for _ in cell.state)
        lines = (
            f"equations[{json.dumps(self._name)}] = function (H, layer) {{",
            f"  const x = new Float32Array({_rows(len(cell.gates))});",
            f"  const state = [{parts}];",
            *self._made,
            f"  const values = new Map([{_entries(shown)}]);",
            f"  const terms = [{', '.join(every)}];",
            "  function step() {",
            *self._calls,
            *self._stored(),
            "  }",
            "  return {x, state, values, terms, step};",
            "};",
        )
        return "\n".join(lines) + "\n"

    def _compute(self, term: Term) -> None:
        """Write the lines that compute a term into an array of its own; a block is a view of an array."""
        array = self._arrays[term] = f"a{len(self._made)}"
        if term.operation == "block":
            whole = self._arrays[term.inputs[0]]
            rows = f"{_rows(term.begin)}, {_rows(term.begin + term.blocks)}"
            self._made.append(f"  const {array} = {whole}.subarray({rows});")
            return
        self._made.append(f"  const {array} = new Float32Array({_rows(term.blocks)});")
        if term.operation == "product":
            product = f"layer.products[{self._equation.products.index(term)}]"
            self._calls.append(f"    multiply({product}, {self._arrays[term.inputs[0]]}, {array});")
        elif term.operation == "normalized":
            self._calls.append(f"    normalize({self._arrays[term.inputs[0]]}, {array});")
        else:
            loop = f"for (let n = 0; n < {_rows(term.blocks)}; n++)"
            self._calls.append(f"    {loop} {array}[n] = {self._computed(term)};")

    def _computed(self, term: Term) -> str:
        """Return the expression of row n of a term."""
        inputs = [self._element(each) for each in term.inputs]
        if term.operation in _FUNCTIONS:
            return f"{_FUNCTIONS[term.operation]}({inputs[0]})"
        return f"{inputs[0]} {_SIGNS[term.operation]} {inputs[1]}"

    def _element(self, term: Term) -> str:
        """Return row n of a term; a number is the same in every row."""
        return _number(term.value, self._name) if term.operation == "number" else f"{self._arrays[term]}[n]"

    def _stored(self) -> list[str]:
        """Return the lines that copy the new state into the arrays of the state."""
        first, then = list[str](), list[str]()
        for place, term in enumerate(self._equation.after):
            array = self._arrays[term]
            if term.operation in {"state", "block"}:  # it may be a part that moves: read it before it is lost
                first.append(f"    const moved{place} = {array}.slice();")
                array = f"moved{place}"
            then.append(f"    state[{place}].set({array});")
        return [*first, *then]


def _rows(blocks: int) -> str:
    return "H" if blocks == 1 else f"{blocks} * H"


def _number(value: float, name: str) -> str:
    if not math.isfinite(value):
        raise RunError(f"{name}: expected finite numbers in the equation, received {value}; change the cell")
    return f"({value!r})" if value < 0 else repr(value)


def _entries(named: Mapping[str, str]) -> str:
    return ", ".join(f"[{json.dumps(name)}, {array}]" for name, array in named.items())
