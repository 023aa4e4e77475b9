"""Cells of other packages: what is tried out before one is used."""

from typing import Any

import pytest

from rnnlab.models.cells import Cell, Lstm
from rnnlab.models.outside import cell_problem


class Written(Cell):
    """A minimal gated unit, to be written in other ways."""

    gates = "uh"
    additive = False

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        x_u, x_h = xp.split(x, 2)
        u = xp.sigmoid(x_u + product(h, "u"))
        return ((1 - u) * h + u * xp.tanh(x_h + product(u * h, "h")),)


class Additive(Written):
    additive = True


class OnlyAdded(Written):
    additive = True

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        a_u, a_h = xp.split(x + product(h), 2)
        u = xp.sigmoid(a_u)
        return ((1 - u) * h + u * xp.tanh(a_h),)


class Multiplied(OnlyAdded):
    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        p_u, p_h = xp.split(product(h), 2)
        x_u, x_h = xp.split(x, 2)
        u = xp.sigmoid(x_u + p_u)
        return ((1 - u) * h + u * xp.tanh(x_h * p_h),)


class Apart(Written):
    gates = "uzh"

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        return (xp.tanh(product(state[0], "uh")),)


class Doubled(Written):
    gates = "uu"


class Divided(Written):
    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        return (xp.tanh(product(state[0], "h")) / 2,)


class Forgetful(Written):
    state = ("h", "c")

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        return (xp.tanh(product(state[0], "h")),)


class Stateless(Written):
    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        return (xp.tanh(xp.split(x, 2)[0]),)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (Written(), ""),
        (OnlyAdded(), ""),
        (Lstm(), ""),
        (Additive(), "an additive cell has one product, product(h): set additive = False"),
        (
            Multiplied(),
            "x and product(h) are not only added, so that each has its own gradient: set ",
        ),
        (Apart(), "product(…, 'uh'): expected gates that stand side by side in 'uzh'"),
        (Doubled(), "expected gates with a letter for each block of columns, received 'uu'"),
        (Divided(), "its equation fails (TypeError: unsupported operand type(s) for /"),
        (Forgetful(), "expected its step to give h, c, H columns each"),
        (Stateless(), "its equation has no product"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Cell) else "",
)
def test_a_cell_that_the_engines_cannot_run_is_refused(cell: Cell, expected: str) -> None:
    """In words that its author understands; one that they can is not."""
    problem = cell_problem(cell)

    assert problem.startswith(expected)
    assert bool(problem) == bool(expected)
