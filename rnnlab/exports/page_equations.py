"""The equation of a recurrent layer as JSON, for the part of the page that shows the inside of the network.

The JavaScript engine has an array for every term of the equation. The page writes the equation of one unit
with these numbers, into the template that `rnnlab trace` fills too. So the page shows a new cell without a
new line of JavaScript.
"""

from collections.abc import Mapping
from typing import Any

from rnnlab.models.cells import Cell
from rnnlab.models.gates import CANDIDATE, gates_of
from rnnlab.models.template import Blank, TemplateLine, gate_names, template
from rnnlab.models.terms import Equation, Term

Json = dict[str, Any]


def page_equation(cell: Cell) -> Json:
    """Return what the page shows of a cell, as JSON. A term is written as its place in `Equation.terms`.

    parts    each gate in the cell's order, then the state with h last: `name`, as in the engine's values;
             `symbol`; and `range`: [0, 1] of a gate, [-1, 1] of a candidate, null of the state
    before   the term of each part of the state before the step
    lines    the template of one unit. `name`, `symbols` and `kind` are those of `TemplateLine`. `value` is
             [term, block]; `numbers` has texts and such blanks. `column` is the block of the kernel's
             columns of a sum. `reads` is the term that a product or a normalisation reads. `bias` says
             whether a sum has a bias.
    """
    equation = Equation(cell)
    places = {term: number for number, term in enumerate(equation.terms)}
    return {
        "parts": _parts(equation),
        "before": [places[term] for term in equation.before],
        "lines": [_line(line, places) for line in template(equation)],
    }


def _parts(equation: Equation) -> list[Json]:
    """Return what heat maps show, in the order of the heat maps of a trace."""
    symbols = gate_names(equation)
    gates = [
        {"name": name, "symbol": symbols[term], "range": [-1, 1] if name == CANDIDATE else [0, 1]}
        for name, term in gates_of(equation).items()
    ]
    state = reversed(equation.cell.state)
    return [*gates, *({"name": name, "symbol": name, "range": None} for name in state)]


def _line(line: TemplateLine, places: Mapping[Term, int]) -> Json:
    def written(blank: Blank) -> list[int]:
        return [places[blank.term], blank.block]

    found: Json = {
        "name": line.name,
        "symbols": line.symbols,
        "kind": line.kind,
        "value": written(line.value),
    }
    term = line.value.term
    if line.kind == "equation":
        found["numbers"] = [each if isinstance(each, str) else written(each) for each in line.numbers]
    else:
        found["column"] = term.begin + line.value.block
        found["reads"] = places[term.inputs[0]] if term.inputs else None
        found["bias"] = line.has_bias
    return found
