"""An equation as terms: the graph of each cell, its numbers, and the contract that every engine relies on."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rnnlab.config.model import CELLS
from rnnlab.errors import ConfigError
from rnnlab.models import architecture, cells
from rnnlab.models.cells import Cell
from rnnlab.models.terms import ContractError, Equation, Operation

ALL = [
    cells.SimpleRnn(),
    cells.Lstm(),
    cells.PeepholeLstm(),
    cells.CoupledLstm(),
    cells.CoupledPeepholeLstm(),
    cells.GruResetBefore(),
    cells.GruResetAfter(),
    cells.NormalizedSimpleRnn(),
    cells.NormalizedLstm(),
    cells.NormalizedGru(),
]
D, H, N = 2, 5, 3


def normalized(x: Any) -> Any:
    """Rows of mean 0 and variance 1."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


FUNCTIONS: dict[Operation, Callable[..., Any]] = {
    "tanh": np.tanh,
    "σ": lambda x: 1 / (1 + np.exp(-x)),
    "normalized": normalized,
}
ARRAYS = SimpleNamespace(
    tanh=np.tanh,
    sigmoid=FUNCTIONS["σ"],
    normalized=normalized,
    split=lambda x, parts: np.split(x, parts, axis=0),
)
"""The functions of an equation for plain arrays."""


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: type(cell).__name__)
def test_the_terms_come_to_what_the_cell_computes(cell: Cell) -> None:
    """The graph worked out with numbers is the cell's own step with arrays in the place of terms."""
    rng = np.random.default_rng(3)
    weights = {name: rng.normal(size=shape) for name, shape in cell.weight_shapes(D, H).items()}
    x = rng.normal(size=(len(cell.gates) * H, N))
    state = tuple(rng.normal(size=(H, N)) for _ in cell.state)
    columns = tuple(vector[:, None] for vector in cell.parameters(weights))

    def product(operand: Any, gates: str = cell.gates, /) -> Any:
        first = cell.gates.index(gates) * H
        return weights["recurrent_kernel"][:, first : first + len(gates) * H].T @ operand

    equation = Equation(cell)
    values = equation.values([x, *state, *columns], lambda h, term: product(h, term.gates), FUNCTIONS)

    expected = cell.step(ARRAYS, x, product, state, columns)
    for term, array in zip(equation.after, expected, strict=True):
        np.testing.assert_allclose(values[term], array, rtol=1e-12)


def test_a_block_knows_its_gate_and_its_place() -> None:
    """The sum of an LSTM has four blocks; each is a block of H rows with the letter of its gate."""
    equation = Equation(cells.Lstm())

    blocks = [term for term in equation.terms if term.operation == "block"]

    assert [(block.gates, block.begin, block.blocks) for block in blocks] == [
        ("i", 0, 1),
        ("f", 1, 1),
        ("c", 2, 1),
        ("o", 3, 1),
    ]
    (total,) = {block.inputs[0] for block in blocks}
    assert (total.operation, total.inputs) == ("+", (equation.x, equation.products[0]))


def test_a_product_names_its_columns_and_its_operand() -> None:
    """The GRU that resets before the product: h U_z and h U_r side by side, and (r·h) U_h."""
    first, second = Equation(cells.GruResetBefore()).products

    assert (first.gates, first.begin, first.inputs[0].name) == ("zr", 0, "h")
    assert (second.gates, second.begin, second.inputs[0].operation) == ("h", 2, "·")


def test_an_activated_gate_belongs_to_no_gates_sum() -> None:
    """A peephole that is added to a gate's sum belongs to the gate; the output of σ does not."""
    equation = Equation(cells.PeepholeLstm())

    activated = [term for term in equation.terms if term.operation == "σ"]

    assert [term.inputs[0].gates for term in activated] == ["f", "i", "o"]
    assert {term.gates for term in activated} == {""}


def test_a_parameter_has_the_name_of_its_weight_and_row() -> None:
    """The three peepholes are rows of one weight; the gains and the bias of a normalised cell are vectors."""

    def names(cell: Cell) -> list[tuple[str, int]]:
        return [(term.name, term.blocks) for term in Equation(cell).parameters]

    assert names(cells.PeepholeLstm()) == [(f"peephole_kernel{row}", 1) for row in range(3)]
    assert names(cells.GruResetAfter()) == [("bias1", 3)]
    assert names(cells.NormalizedSimpleRnn()) == [("input_gain", 1), ("recurrent_gain", 1), ("bias", 1)]


class Written(Cell):
    """A minimal gated unit, written correctly; the classes below each break one rule."""

    gates = "uh"
    additive = False

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        x_u, x_h = xp.split(x, 2)
        u = xp.sigmoid(x_u + product(h, "u"))
        return ((1 - u) * h + u * xp.tanh(x_h + product(u * h, "h")),)


class OnlyAdded(Written):
    """One product, which is only added to x."""

    additive = True

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        a_u, a_h = xp.split(x + product(h), 2)
        u = xp.sigmoid(a_u)
        return ((1 - u) * h + u * xp.tanh(a_h),)


class AddedBlockByBlock(OnlyAdded):
    """The same sum, made of blocks."""

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        (x_u, x_h), (p_u, p_h) = xp.split(x, 2), xp.split(product(h), 2)
        u = xp.sigmoid(x_u + p_u)
        return ((1 - u) * h + u * xp.tanh(x_h + p_h),)


class LastGateFirst(Written):
    """Products in another order than the gates."""

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        x_u, x_h = xp.split(x, 2)
        candidate = product(h, "h")
        u = xp.sigmoid(x_u + product(h, "u"))
        return ((1 - u) * h + u * xp.tanh(x_h + u * candidate),)


class Multiplied(OnlyAdded):
    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        (x_u, x_h), (p_u, p_h) = xp.split(x, 2), xp.split(product(h), 2)
        u = xp.sigmoid(x_u + p_u)
        return ((1 - u) * h + u * xp.tanh(x_h * p_h),)


class OneTanh(Written):
    """A cell whose step is one line, by which a rule is broken."""

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        return (xp.tanh(self.inner(xp, x, product, *state)),)

    def inner(self, xp: Any, x: Any, product: Any, h: Any) -> Any:
        return product(h, "h")


def one_line(inner: Callable[..., Any], **attributes: Any) -> Cell:
    """A cell of tanh of something."""
    return broken(OneTanh, inner=lambda _, *given: inner(*given), **attributes)


def returning(state: Callable[..., Any], **attributes: Any) -> Cell:
    """A cell whose step returns something."""
    step = lambda _, xp, x, product, before, parameters: state(xp, x, product, before)  # noqa: E731
    return broken(Written, step=step, **attributes)


def shaped(**attributes: Any) -> Cell:
    """A cell that is right but for some attributes."""
    return broken(Written, **attributes)


def broken(base: type[Cell], **attributes: Any) -> Cell:
    """A cell of a class that is like another but for some attributes."""
    cell: Cell = type("Broken", (base,), attributes)()
    return cell


@pytest.mark.parametrize(
    "cell",
    [Written(), OnlyAdded(), AddedBlockByBlock(), LastGateFirst(), *ALL],
    ids=lambda cell: type(cell).__name__,
)
def test_a_cell_that_keeps_the_contract_is_taken(cell: Cell) -> None:
    """rnnlab's own cells, and cells of each form that the page on adding a cell describes."""
    assert len(Equation(cell).after) == len(cell.state)


BREACHES: dict[str, tuple[Cell, str]] = {
    "two gates of one letter": (
        shaped(gates="uu"),
        "gates: expected a different letter for each block of columns, received 'uu'; give each gate a",
    ),
    "no gates": (
        shaped(gates=""),
        "gates: expected a different letter for each block of columns, received ''",
    ),
    "a state without h": (shaped(state=("s",)), "state: expected different names, of which the first is h"),
    "a product of gates apart": (
        one_line(lambda xp, x, product, h: product(h, "uh"), gates="uzh"),
        "product(…, 'uh'): expected gates that stand side by side in gates = 'uzh', received 'uh'; call",
    ),
    "a product of gates in another order": (
        one_line(lambda xp, x, product, h: product(h, "hu")),
        "product(…, 'hu'): expected gates that stand side by side in gates = 'uh', received 'hu'; call",
    ),
    "a product of an unknown gate": (
        one_line(lambda xp, x, product, h: product(h, "r")),
        "product(…, 'r'): expected gates that stand side by side in gates = 'uh', received 'r'; call product",
    ),
    "a product of two blocks": (
        one_line(lambda xp, x, product, h: product(x, "h")),
        "product(…, 'h'): expected an operand of H rows, received 2·H rows; multiply one block by U, such as",
    ),
    "a product of a number": (
        one_line(lambda xp, x, product, h: product(1.0, "h")),
        "product(…, 'h'): expected an operand of H rows, received float; multiply one block by U",
    ),
    "no product": (
        one_line(lambda xp, x, product, h: xp.split(x, 2)[0]),
        "step: expected at least one product, received none, so that no gate depends on h; add product(h) to",
    ),
    "additive with two products": (
        shaped(additive=True),
        "additive: expected one product, product(h), for all gates 'uh', received product(…, 'u'),"
        " product(…, 'h'); set additive = False",
    ),
    "additive with a product of something else": (
        returning(lambda xp, x, product, state: (xp.split(product(2 * state[0]), 2)[0],), additive=True),
        "additive: expected one product, product(h), for all gates 'uh', received product(…, 'uh'); set",
    ),
    "additive and multiplied": (
        Multiplied(),
        "additive: expected x and product(h) only in the sum x + product(h), received an",
    ),
    "a sum of one block and two": (
        one_line(lambda xp, x, product, h: x + product(h, "h")),
        "step: x + product(…, 'h'): expected equally many rows on both sides, received 2·H rows and H rows",
    ),
    "a split that no gates make": (
        one_line(lambda xp, x, product, h: xp.split(x + product(h), 3)[0]),
        "xp.split(…, 3): expected a number of parts that divides the 2·H rows (gates 'uh'); split into as",
    ),
    "a division": (
        one_line(lambda xp, x, product, h: product(h, "h") / 2),
        "step: expected +, *, and a number minus an array, received /; multiply by the inverse number",
    ),
    "a difference of arrays": (
        one_line(lambda xp, x, product, h: h - product(h, "h")),
        "step: expected +, *, and a number minus an array, received an array minus something; write a + -1 *",
    ),
    "a negation": (
        one_line(lambda xp, x, product, h: -product(h, "h")),
        "step: expected +, *, and a number minus an array, received -a; write -1 * a",
    ),
    "an index": (
        one_line(lambda xp, x, product, h: product(h)[0]),
        "step: expected +, *, and a number minus an array, received an index; take blocks with xp.split",
    ),
    "an array of its own": (
        one_line(lambda xp, x, product, h: product(h, "h") + np.ones(3)),
        "step: expected numbers and the given arrays, received ndarray; add your own array as a weight",
    ),
    "another function": (
        one_line(lambda xp, x, product, h: xp.relu(product(h, "h"))),
        "xp.relu: expected xp.tanh, xp.sigmoid, xp.normalized or xp.split, received xp.relu; the engines",
    ),
    "a part of the state missing": (
        one_line(lambda xp, x, product, h, c: product(h, "h"), state=("h", "c")),
        "step: expected the new state (h, c), received 1 of 2 arrays; return them in the order of state",
    ),
    "a part of the state too wide": (
        returning(lambda xp, x, product, state: (xp.tanh(product(*state)),)),
        "step: the new h: expected H rows, received 2·H rows; return the new state (h), one block each",
    ),
    "a state that is a number": (
        returning(lambda xp, x, product, state: (1.0,)),
        "step: the new h: expected H rows, received float; return the new state (h), one block each",
    ),
    "a kernel of another width": (
        shaped(weight_shapes=lambda _, inputs, units: {"kernel": (inputs, units)}),
        "weight_shapes: kernel: expected the shape (D, 2·H) for the gates 'uh', here (2, 6), received (2, 3)",
    ),
    "no recurrent kernel": (
        shaped(weight_shapes=lambda _, inputs, units: {"kernel": (inputs, 2 * units)}),
        "weight_shapes: recurrent_kernel: expected the shape (H, 2·H) for the gates 'uh', here (3, 6),",
    ),
    "a bias of one gate": (
        shaped(input_bias=lambda _, weights: weights["bias"][:3]),
        "input_bias: expected H numbers for each of the gates 'uh', here (6,), received (3,); return one row",
    ),
    "a parameter that is a matrix": (
        shaped(parameters=lambda _, weights: (weights["bias"][:4],)),
        "parameters: expected vectors of H numbers, or H for each gate, here H = 3, received the shape",
    ),
    "an equation that fails": (
        one_line(lambda xp, x, product, h: product(h, "h") + {"b": 1}["a"]),
        "one of its methods fails (KeyError: 'a'); correct weight_shapes",
    ),
    "no equation": (
        broken(Cell, gates="h"),
        "one of its methods fails (TypeError: Broken has no equation); correct weight_shapes",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_cell_that_breaks_the_contract_is_refused(breach: str) -> None:
    """In one line that names the cell, what was expected, what was received, and the remedy."""
    cell, problem = BREACHES[breach]

    with pytest.raises(ContractError) as refused:
        Equation(cell)

    assert str(refused.value).startswith(f"{type(cell).__name__}: {problem}")
    assert "; " in refused.value.problem
    assert "\n" not in str(refused.value)


def test_a_breach_in_another_package_names_the_setting_and_the_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cell of an entry point is tried out when a configuration or a model file names it."""
    entry = SimpleNamespace(value="minimal_gated:Broken", load=lambda: lambda: shaped(gates="uu"))
    monkeypatch.setitem(CELLS, "broken", entry)
    section = SimpleNamespace(kind="broken")

    with pytest.raises(
        ConfigError, match=r"^model\.kind: broken: minimal_gated:Broken: gates: .*adding-a-cell"
    ):
        architecture.cell_of(section)  # type: ignore[arg-type]


def test_the_same_term_is_not_equal_to_another() -> None:
    """Terms are told apart by identity: two equal products are two products."""
    equation = Equation(
        returning(lambda xp, x, product, state: (product(state[0], "h") + product(state[0], "h"),))
    )

    assert len(set(equation.products)) == 2
