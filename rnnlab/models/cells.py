"""The equation of each recurrent cell, written once, for every engine.

A cell computes the state after a time step from the input and the state before the step. For N lanes:

    x        (N, G·H)   input pre-activations x_t W + b, a block of H columns for each of the cell's G gates
    product             product(v) is v U, shape (N, G·H); product(v, "zr") only the columns of gates z and r
    state    (N, H) each, by the cell's `state` names: h, and for the LSTM family the memory c
    xp                  the engine's `tanh`, `sigmoid`, and `split(v, k)` into k equal blocks of columns

The engine computes the products. The cell's equation does everything else, one lane and one element at a
time, except that a normalisation reads a whole lane. So an engine can differentiate the equation without U,
and compute the gradient of U with one product over all time steps. An equation never names an axis, so an
engine may also store every array transposed, as (G·H, N) and (H, N). `models.terms` checks that a cell keeps
to this contract. `cell_of` in `models/architecture.py` chooses the cell that the section `model` names
(`config/model.py`).

The names and shapes of `kernel`, `recurrent_kernel` and `bias`, and the order of gates, are those of Keras:
LSTM i f c o, GRU z r h. Keras has no peepholes, no coupled gates and no layer normalisation in its cells.

The cells with layer normalisation follow Ba, Kiros and Hinton (2016, equations 20 to 28). They use one more
function, `xp.normalized(v)`: mean 0 and variance 1 over the columns of each lane. x W (without a bias) and
h U are normalised separately, and each is multiplied by a gain of its own. The biases are added after the
normalisation. In the LSTM, one bias replaces the three biases that each gate has in the paper; the GRU has
two, b and b', as in the paper.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

Array = Any
State = tuple[Array, ...]
Shapes = dict[str, tuple[int, ...]]


class Product(Protocol):
    """The recurrent product of one time step, which the engine computes."""

    def __call__(self, operand: Array, gates: str = ..., /) -> Array:
        """Return the operand (N, H) times the columns of U of neighbouring `gates`, by default all."""


class Cell:
    """A recurrent cell: its equation, and the names and shapes of its gates, state and weights.

    Attributes:
        gates: the letter of each gate, in the order of the blocks of H columns in the weights.
        state: the names of the parts of the state; the first is h, the output of the layer.
        additive: whether x and product(h) occur only in the sum x + product(h); then both have the
            same gradient.
    """

    gates: ClassVar[str]
    state: ClassVar[tuple[str, ...]] = ("h",)
    additive: ClassVar[bool] = True

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Return the shape of each weight of a layer with D inputs and H units, by Keras' names."""
        columns = len(self.gates) * units
        return {"kernel": (input_size, columns), "recurrent_kernel": (units, columns), "bias": (columns,)}

    def input_bias(self, weights: Mapping[str, Array]) -> Array:
        """Return the bias (G·H,) that is added to x W."""
        return weights["bias"]

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return the other vectors that the equation uses, (H,) or (G·H,) each."""
        del weights
        return ()

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        raise TypeError(f"{type(self).__name__} has no equation")


class SimpleRnn(Cell):
    """h = tanh(x W + h U + b) (Elman, 1990)."""

    gates = "h"

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        (h,) = state
        return (xp.tanh(x + product(h)),)


class Lstm(Cell):
    """c = f∘c + i∘c̃, h = o∘tanh(c) (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000)."""

    gates = "ifco"
    state = ("h", "c")

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        h, c = state
        i, f, candidate, o = xp.split(x + product(h), 4)
        c = xp.sigmoid(f) * c + xp.sigmoid(i) * xp.tanh(candidate)
        return xp.sigmoid(o) * xp.tanh(c), c


class PeepholeLstm(Lstm):
    """An LSTM in which i and f also read the old c, and o also reads the new c (Gers et al., 2002)."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Return the shapes of Keras' three weights, and of the peepholes: a row for each of i, f and o."""
        return {**super().weight_shapes(input_size, units), "peephole_kernel": (3, units)}

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return the peephole weights of i, f and o, (H,) each."""
        kernel = weights["peephole_kernel"]
        return kernel[0], kernel[1], kernel[2]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        h, c = state
        peep_i, peep_f, peep_o = parameters
        i, f, candidate, o = xp.split(x + product(h), 4)
        c = xp.sigmoid(f + peep_f * c) * c + xp.sigmoid(i + peep_i * c) * xp.tanh(candidate)
        return xp.sigmoid(o + peep_o * c) * xp.tanh(c), c


class CoupledLstm(Cell):
    """An LSTM whose gates i and f are coupled, i = 1 − f: c = f∘c + (1 − f)∘c̃ (Greff et al., 2017)."""

    gates = "fco"
    state = ("h", "c")

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        h, c = state
        f, candidate, o = xp.split(x + product(h), 3)
        f = xp.sigmoid(f)
        c = f * c + (1 - f) * xp.tanh(candidate)
        return xp.sigmoid(o) * xp.tanh(c), c


class CoupledPeepholeLstm(CoupledLstm):
    """A coupled LSTM whose gate f also reads the old c, and whose gate o reads the new c."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Return the shapes of Keras' three weights, and of the peepholes: a row for each of f and o."""
        return {**super().weight_shapes(input_size, units), "peephole_kernel": (2, units)}

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return the peephole weights of f and o, (H,) each."""
        kernel = weights["peephole_kernel"]
        return kernel[0], kernel[1]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        h, c = state
        peep_f, peep_o = parameters
        f, candidate, o = xp.split(x + product(h), 3)
        f = xp.sigmoid(f + peep_f * c)
        c = f * c + (1 - f) * xp.tanh(candidate)
        return xp.sigmoid(o + peep_o * c) * xp.tanh(c), c


class GruResetBefore(Cell):
    """h = z∘h + (1 − z)∘tanh(x W + (r∘h) U + b) (Cho et al., 2014): r acts before the product.

    As in Keras, z = 1 keeps the old h. Other texts define z the other way round: z = 1 takes the candidate.
    That is the same cell with the opposite sign of z's pre-activation.
    """

    gates = "zrh"
    additive = False

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        (h,) = state
        x_z, x_r, x_h = xp.split(x, 3)
        h_z, h_r = xp.split(product(h, "zr"), 2)
        z, r = xp.sigmoid(x_z + h_z), xp.sigmoid(x_r + h_r)
        candidate = xp.tanh(x_h + product(r * h, "h"))
        return (z * h + (1 - z) * candidate,)


class GruResetAfter(Cell):
    """h = z∘h + (1 − z)∘tanh(x W + b + r∘(h U + b')): r acts after the product, as in cuDNN and in Keras.

    z = 1 keeps the old h, as in `GruResetBefore`. The bias has two rows: b for x W, and b' for h U.
    """

    gates = "zrh"
    additive = False

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Return the shapes of Keras' three weights; the bias has two rows."""
        return {**super().weight_shapes(input_size, units), "bias": (2, 3 * units)}

    def input_bias(self, weights: Mapping[str, Array]) -> Array:
        """Return the first row of the bias, (3·H,): it is added to x W."""
        return weights["bias"][0]

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return the second row of the bias, (3·H,): it is added to h U."""
        return (weights["bias"][1],)

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        (h,) = state
        (recurrent_bias,) = parameters
        x_z, x_r, x_h = xp.split(x, 3)
        h_z, h_r, h_h = xp.split(product(h) + recurrent_bias, 3)
        z, r = xp.sigmoid(x_z + h_z), xp.sigmoid(x_r + h_r)
        candidate = xp.tanh(x_h + r * h_h)
        return (z * h + (1 - z) * candidate,)


EPSILON = 1e-5
"""Added to the variance: if all columns of a lane are equal, the result is 0, without a division by zero."""


class _Normalized(Cell):
    """A cell with layer normalisation, with a gain for each column of x W and of h U."""

    additive = False

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Return the shapes of the cell's weights without normalisation, and of the gains."""
        columns = len(self.gates) * units
        gains = {"input_gain": (columns,), "recurrent_gain": (columns,)}
        return {**super().weight_shapes(input_size, units), **gains}

    def input_bias(self, weights: Mapping[str, Array]) -> Array:
        """Return zeros, (G·H,): the equation adds the bias after the normalisation."""
        return 0 * weights["input_gain"]

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return the gain of x W, the gain of h U, and the bias, (G·H,) each."""
        return weights["input_gain"], weights["recurrent_gain"], weights["bias"]


class NormalizedSimpleRnn(_Normalized, SimpleRnn):
    """h = tanh(g∘LN(x W) + g'∘LN(h U) + b)."""

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        (h,) = state
        input_gain, recurrent_gain, bias = parameters
        return (xp.tanh(input_gain * xp.normalized(x) + recurrent_gain * xp.normalized(product(h)) + bias),)


class NormalizedLstm(_Normalized, Lstm):
    """An LSTM whose gates read g∘LN(x W) + g'∘LN(h U) + b, and h = o∘tanh(g''∘LN(c) + b'')."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Return the shapes of the LSTM's weights, of the gains, and of the gain and bias of LN(c)."""
        memory = {"memory_gain": (units,), "memory_bias": (units,)}
        return {**super().weight_shapes(input_size, units), **memory}

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return both gains and the bias, (4·H,) each; the gain and the bias of LN(c), (H,) each."""
        return *super().parameters(weights), weights["memory_gain"], weights["memory_bias"]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        h, c = state
        input_gain, recurrent_gain, bias, memory_gain, memory_bias = parameters
        sums = input_gain * xp.normalized(x) + recurrent_gain * xp.normalized(product(h)) + bias
        i, f, candidate, o = xp.split(sums, 4)
        c = xp.sigmoid(f) * c + xp.sigmoid(i) * xp.tanh(candidate)
        return xp.sigmoid(o) * xp.tanh(memory_gain * xp.normalized(c) + memory_bias), c


class NormalizedGru(_Normalized, GruResetAfter):
    """A reset-after GRU: g∘LN(x W) + b replaces x W + b, and g'∘LN(h U) + b' replaces h U + b'.

    One normalisation covers the columns of all three gates; the paper normalises h̃ separately from z and r.
    """

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Return both gains and both rows of the bias, (3·H,) each."""
        bias = weights["bias"]
        return weights["input_gain"], weights["recurrent_gain"], bias[0], bias[1]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """Return the state after one time step."""
        (h,) = state
        input_gain, recurrent_gain, bias, recurrent_bias = parameters
        x_z, x_r, x_h = xp.split(input_gain * xp.normalized(x) + bias, 3)
        h_z, h_r, h_h = xp.split(recurrent_gain * xp.normalized(product(h)) + recurrent_bias, 3)
        z, r = xp.sigmoid(x_z + h_z), xp.sigmoid(x_r + h_r)
        return (z * h + (1 - z) * xp.tanh(x_h + r * h_h),)
