"""How an equation becomes calls; that the calls are the equation is tested in `test_numpy_engine`."""

from typing import Any

import numpy as np
import pytest

from rnnlab.engines.numpy.equation import Floats, LayerEquation, TimeStep
from rnnlab.models import cells
from rnnlab.models.cells import (
    Array,
    Cell,
    NormalizedGru,
    NormalizedLstm,
    NormalizedSimpleRnn,
    Product,
    State,
)

H, LANES = 3, 2
ALL = [
    cells.SimpleRnn(),
    cells.Lstm(),
    cells.PeepholeLstm(),
    cells.CoupledLstm(),
    cells.CoupledPeepholeLstm(),
    cells.GruResetBefore(),
    cells.GruResetAfter(),
    NormalizedSimpleRnn(),
    NormalizedLstm(),
    NormalizedGru(),
]
each_cell = pytest.mark.parametrize("cell", ALL, ids=lambda cell: type(cell).__name__)


def equation_of(cell: Cell) -> LayerEquation:
    weights = {name: np.ones(shape, np.float32) for name, shape in cell.weight_shapes(1, H).items()}
    return LayerEquation(cell, H, cell.parameters(weights))


def laid_out(cell: Cell) -> TimeStep:
    equation = equation_of(cell)
    kernels = {
        product.gates: np.ones((equation.rows(product), H), np.float32) for product in equation.graph.products
    }
    return TimeStep(equation, kernels, [np.ones((H, LANES), np.float32) for _ in cell.state])


@pytest.mark.parametrize(
    ("cell", "halved"), [(cells.Lstm(), "ifo"), (cells.CoupledLstm(), "fo")], ids=["lstm", "coupled"]
)
def test_gates_are_activated_at_once(cell: Cell, halved: str) -> None:
    """What goes through σ is halved beforehand, the candidate is not."""
    equation = equation_of(cell)

    assert equation.gates is not None
    assert equation.scale[:, 0].tolist() == [
        0.5 if gate in halved else 1 for gate in cell.gates for _ in range(H)
    ]


@pytest.mark.parametrize("cell", [cell for cell in ALL if type(cell) not in (cells.Lstm, cells.CoupledLstm)])
def test_gates_that_are_more_than_a_sum_are_activated_one_by_one(cell: Cell) -> None:
    """Peepholes, gains, and the two products of a GRU, come between the sum and its activation."""
    equation = equation_of(cell)

    assert equation.gates is None
    assert (equation.scale == 1).all()


def test_a_step_of_an_lstm_is_ten_calls() -> None:
    """The product, its sum, three for all gates, two products and a sum for c, two for h."""
    names = [function.__name__ for function, _ in laid_out(cells.Lstm()).calls]

    assert names == ["dot", "add", "tanh", "multiply", "add", *["multiply"] * 2, "add", "tanh", "multiply"]


@each_cell
def test_every_call_writes_into_an_array_that_is_there(cell: Cell) -> None:
    """The last argument is what a call returns; the state is where it was."""
    step = laid_out(cell)
    state = step.state

    for function, arguments in step.calls:
        written = function(*arguments)
        assert written is arguments[-1] or function is np.copyto

    assert step.state is state


@each_cell
def test_no_call_writes_into_what_it_is_given(cell: Cell) -> None:
    """Neither x nor a weight: only arrays of the step's own, and the state."""
    step = laid_out(cell)
    step.x[:] = 0.25
    kernels = [arguments[0] for function, arguments in step.calls if function is np.dot]

    for function, arguments in step.calls:
        function(*arguments)

    assert (step.x == 0.25).all()
    assert all((kernel == 1).all() for kernel in kernels)


class Swap(Cell):
    """Its parts change places, so that neither can be written over the other."""

    gates = "h"
    state = ("h", "c")
    additive = False

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        h, c = state
        return c + x, h + product(h)


def test_an_old_state_that_is_still_needed_is_not_written_over() -> None:
    """h' = c + x, c' = h + h U: h is read after h' is known."""
    step = laid_out(Swap())
    step.x[:] = 10
    step.state[0][:], step.state[1][:] = 1, 5

    for function, arguments in step.calls:
        function(*arguments)

    h, c = step.state
    assert (h == 15).all()
    assert (c == 1 + H).all()


class RawMemory(Cell):
    """A cell whose new c is a block of x + h U that also goes through tanh."""

    gates = "co"
    state = ("h", "c")

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        c, o = xp.split(x + product(state[0]), 2)
        return xp.sigmoid(o) * xp.tanh(c), c


class TwoStepsBack(Cell):
    """A cell whose second part of the state is the h of the step before."""

    gates = "h"
    state = ("h", "earlier")

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        h, earlier = state
        return xp.tanh(x + product(h) + 0.5 * earlier), h


class _Plain:
    """The functions `xp`, with lanes in columns."""

    tanh = staticmethod(np.tanh)

    @staticmethod
    def sigmoid(x: Array) -> Array:
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def split(x: Array, parts: int) -> list[Array]:
        return list(np.split(x, parts))


@pytest.mark.parametrize("cell", [RawMemory(), TwoStepsBack()], ids=lambda cell: type(cell).__name__)
def test_a_state_that_is_an_input_of_the_step_is_not_written_over(cell: Cell) -> None:
    """Neither a block that is activated in place, nor an old part that becomes another part."""
    step = laid_out(cell)
    rng = np.random.default_rng(0)
    for array in (step.x, *step.state):
        array[:] = rng.normal(size=array.shape)
    before = tuple(part.copy() for part in step.state)
    kernel = np.ones((len(cell.gates) * H, H), np.float32)
    expected = cell.step(_Plain, step.x.copy(), lambda operand, *_: kernel @ operand, before, ())

    for function, arguments in step.calls:
        function(*arguments)

    for part, wanted in zip(step.state, expected, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-5)


def test_products_read_rows_above_h_too() -> None:
    """With W beside U in the kernel, and what is below above h: one product for both."""
    equation = equation_of(cells.SimpleRnn())
    rows: Floats = np.array([[2], [1], [1], [1]], np.float32)
    kernel = np.array([[0.25, 1, 1, 1]] * H, np.float32)
    step = TimeStep(equation, {"h": kernel}, [rows[1:]], rows)

    for function, arguments in step.calls:
        function(*arguments)

    np.testing.assert_allclose(rows, [[2]] + [[np.tanh(3.5)]] * H, rtol=1e-6)
