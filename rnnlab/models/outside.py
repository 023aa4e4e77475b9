"""The cell of another installed package: loaded, and tried out before anything is trained with it."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.model import CELLS
from rnnlab.errors import ConfigError
from rnnlab.models.cells import Cell

_LANES, _UNITS = 2, 3


@cache
def outside_cell(kind: str) -> Cell:
    """The cell that an entry point names.

    Raises:
        ConfigError: it cannot be imported, is no cell, or its equation is not one that the engines can run.
    """
    entry = CELLS[kind]
    try:
        loaded = entry.load()
        cell = loaded()
    except Exception as error:
        raise ConfigError(
            f"model.kind: {kind}: {entry.value} cannot be loaded ({type(error).__name__}: {error});"
            " install its package again, or name another kind"
        ) from error
    if not isinstance(cell, Cell):
        raise ConfigError(
            f"model.kind: {kind}: {entry.value}: expected a subclass of rnnlab.models.cells.Cell, received"
            f" {loaded!r}"
        )
    if problem := cell_problem(cell):
        raise ConfigError(f"model.kind: {kind}: {entry.value}: {problem}; see docs/adding-a-cell.md")
    return cell


def cell_problem(cell: Cell) -> str:
    """What is wrong with how a cell is written, as far as a step with random numbers shows; or nothing."""
    if not cell.gates or len(set(cell.gates)) < len(cell.gates):
        return f"expected gates with a letter for each block of columns, received {cell.gates!r}"
    try:
        after = _step(cell, moved=0.0)
        other = _step(cell, moved=1.0) if cell.additive else after
    except _Wrong as error:
        return str(error)
    except Exception as error:
        return f"its equation fails ({type(error).__name__}: {error})"
    if len(after) != len(cell.state) or any(part.shape != (_LANES, _UNITS) for part in after):
        return f"expected its step to give {', '.join(cell.state)}, H columns each"
    if not all(map(np.allclose, after, other)):
        return "x and product(h) are not only added, so that each has its own gradient: set additive = False"
    return ""


class _Wrong(Exception):
    """A product that the engines do not give."""


class _Value:
    """Numbers, (N, K), with the operations that all engines have."""

    __array_ufunc__ = None

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def __add__(self, other: Any) -> "_Value":
        return _Value(self.values + getattr(other, "values", other))

    def __mul__(self, other: Any) -> "_Value":
        return _Value(self.values * getattr(other, "values", other))

    def __rsub__(self, other: Any) -> "_Value":
        return _Value(other - self.values)

    __radd__, __rmul__ = __add__, __mul__


class _Functions:
    """What an equation is given as `xp`."""

    @staticmethod
    def tanh(x: _Value) -> _Value:
        return _Value(np.tanh(x.values))

    @staticmethod
    def sigmoid(x: _Value) -> _Value:
        return _Value(1 / (1 + np.exp(-x.values)))

    @staticmethod
    def split(x: _Value, parts: int) -> list[_Value]:
        return [_Value(block) for block in np.split(x.values, parts, axis=-1)]

    @staticmethod
    def normalized(x: _Value) -> _Value:
        return _Value((x.values - x.values.mean(-1, keepdims=True)) / x.values.std(-1, keepdims=True))


def _step(cell: Cell, *, moved: float) -> list[NDArray[np.float64]]:
    """The state after a step from random numbers; some of x is moved into the product of an additive cell."""
    rng = np.random.default_rng(0)
    shapes = cell.weight_shapes(_UNITS, _UNITS)
    weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x = rng.normal(size=(_LANES, len(cell.gates) * _UNITS))
    shift = moved * rng.normal(size=x.shape)
    before = tuple(_Value(rng.normal(size=(_LANES, _UNITS))) for _ in cell.state)
    calls: list[str] = []

    def product(operand: _Value, gates: str = cell.gates, /) -> _Value:
        calls.append(gates)
        if gates not in cell.gates:
            raise _Wrong(f"product(…, {gates!r}): expected gates that stand side by side in {cell.gates!r}")
        if cell.additive and (calls != [cell.gates] or operand is not before[0]):
            raise _Wrong("an additive cell has one product, product(h): set additive = False")
        first = cell.gates.index(gates) * _UNITS
        columns = slice(first, first + len(gates) * _UNITS)
        return _Value(operand.values @ weights["recurrent_kernel"][:, columns] + shift[:, columns])

    parameters = tuple(cell.parameters(weights))
    after = cell.step(_Functions, _Value(x - shift), product, before, parameters)
    if not calls:
        raise _Wrong("its equation has no product: the weights of the recurrence are never used")
    return [part.values for part in after]
