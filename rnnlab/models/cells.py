"""The equation of each recurrent cell, written once, for every engine.

A cell maps what one time step brings, and the state before it, to the state after it. For N lanes:

    x        (N, G·H)   input pre-activations x_t W + b, a block of H columns for each of the cell's G gates
    product             product(v) is v U, shape (N, G·H); product(v, "zr") only the columns of gates z and r
    state    (N, H) each, by the cell's `state` names: h, and for the LSTM family the memory c
    xp                  the engine's `tanh`, `sigmoid`, and `split(v, k)` into k equal blocks of columns

The products are the engine's work, the element-wise rest is the cell's; that is why an engine can
differentiate the rest alone, and multiply all time steps at once for the gradient of U. An equation never
names an axis, so an engine may also hold every array the other way round, as (G·H, N) and (H, N).

Weight names, shapes and the order of gates are those of Keras: LSTM i f c o, GRU z r h.

The cells with layer normalisation (Ba, Kiros and Hinton, 2016, equations 20 to 28).

What the inputs bring and what h brings are normalised apart: the columns of x W of one lane, and those of
h U, each to mean 0 and variance 1, and then each is multiplied by a gain of its own. The bias is added after
that, so that it is not taken out again; the paper's three biases for each gate are one.

Their interface is that of `models.cells`, and one thing more: `xp.normalized(v)`, over the columns of each
lane. x comes in without a bias. The kernel's scale no longer matters, and x and h U do not share a gradient.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

Array = Any
State = tuple[Array, ...]
Shapes = dict[str, tuple[int, ...]]


class Product(Protocol):
    """The recurrent product of one time step, given by the engine."""

    def __call__(self, operand: Array, gates: str = ..., /) -> Array:
        """Operand (N, H) times the columns of U that belong to some gates, which stand side by side."""


class Cell:
    """What every cell tells an engine about itself."""

    gates: ClassVar[str]
    state: ClassVar[tuple[str, ...]] = ("h",)
    additive: ClassVar[bool] = True
    """Whether x and product(h) are only ever added, so that they share one gradient."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Shape of each weight of a layer with D inputs and H units, by Keras' names."""
        columns = len(self.gates) * units
        return {"kernel": (input_size, columns), "recurrent_kernel": (units, columns), "bias": (columns,)}

    def input_bias(self, weights: Mapping[str, Array]) -> Array:
        """The (G·H,) bias that is added to the input product."""
        return weights["bias"]

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """The vectors, (H,) or (G·H,) each, that the equation uses besides its pre-activations."""
        del weights
        return ()

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        raise TypeError(f"{type(self).__name__} has no equation")


class SimpleRnn(Cell):
    """h = tanh(x W + h U + b) (Elman, 1990)."""

    gates = "h"

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        (h,) = state
        return (xp.tanh(x + product(h)),)


class Lstm(Cell):
    """c = f∘c + i∘c̃, h = o∘tanh(c) (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000)."""

    gates = "ifco"
    state = ("h", "c")

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        h, c = state
        i, f, candidate, o = xp.split(x + product(h), 4)
        c = xp.sigmoid(f) * c + xp.sigmoid(i) * xp.tanh(candidate)
        return xp.sigmoid(o) * xp.tanh(c), c


class PeepholeLstm(Lstm):
    """An LSTM whose gates i and f also see the old c, and o the new one (Gers et al., 2002)."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Keras' three weights, and the peepholes of i, f and o, one row each."""
        return {**super().weight_shapes(input_size, units), "peephole_kernel": (3, units)}

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """The peephole of each gate, (H,)."""
        kernel = weights["peephole_kernel"]
        return kernel[0], kernel[1], kernel[2]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        h, c = state
        peep_i, peep_f, peep_o = parameters
        i, f, candidate, o = xp.split(x + product(h), 4)
        c = xp.sigmoid(f + peep_f * c) * c + xp.sigmoid(i + peep_i * c) * xp.tanh(candidate)
        return xp.sigmoid(o + peep_o * c) * xp.tanh(c), c


class CoupledLstm(Cell):
    """An LSTM that writes as much as it forgets: c = f∘c + (1 − f)∘c̃ (Greff et al., 2017)."""

    gates = "fco"
    state = ("h", "c")

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        h, c = state
        f, candidate, o = xp.split(x + product(h), 3)
        f = xp.sigmoid(f)
        c = f * c + (1 - f) * xp.tanh(candidate)
        return xp.sigmoid(o) * xp.tanh(c), c


class CoupledPeepholeLstm(CoupledLstm):
    """A coupled LSTM whose gate f also sees the old c, and o the new one."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Keras' three weights, and the peepholes of f and o, one row each."""
        return {**super().weight_shapes(input_size, units), "peephole_kernel": (2, units)}

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """The peephole of each gate, (H,)."""
        kernel = weights["peephole_kernel"]
        return kernel[0], kernel[1]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        h, c = state
        peep_f, peep_o = parameters
        f, candidate, o = xp.split(x + product(h), 3)
        f = xp.sigmoid(f + peep_f * c)
        c = f * c + (1 - f) * xp.tanh(candidate)
        return xp.sigmoid(o + peep_o * c) * xp.tanh(c), c


class GruResetBefore(Cell):
    """h = z∘h + (1 − z)∘tanh(x W + (r∘h) U + b) (Cho et al., 2014): r acts before the product.

    z points as in Keras: it keeps the old h. In the lecture's slide z lets the new one in; the two are
    the same cell with the sign of z's pre-activation turned.
    """

    gates = "zrh"
    additive = False

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        (h,) = state
        x_z, x_r, x_h = xp.split(x, 3)
        h_z, h_r = xp.split(product(h, "zr"), 2)
        z, r = xp.sigmoid(x_z + h_z), xp.sigmoid(x_r + h_r)
        candidate = xp.tanh(x_h + product(r * h, "h"))
        return (z * h + (1 - z) * candidate,)


class GruResetAfter(Cell):
    """h = z∘h + (1 − z)∘tanh(x W + b + r∘(h U + b')): r acts after the product, as in cuDNN and in Keras.

    z points as in `GruResetBefore`. The bias has two rows, b for the input and b' for the recurrence.
    """

    gates = "zrh"
    additive = False

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Keras' three weights; the bias has two rows."""
        return {**super().weight_shapes(input_size, units), "bias": (2, 3 * units)}

    def input_bias(self, weights: Mapping[str, Array]) -> Array:
        """The first row, (3·H,)."""
        return weights["bias"][0]

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """The second row, (3·H,)."""
        return (weights["bias"][1],)

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        (h,) = state
        (recurrent_bias,) = parameters
        x_z, x_r, x_h = xp.split(x, 3)
        h_z, h_r, h_h = xp.split(product(h) + recurrent_bias, 3)
        z, r = xp.sigmoid(x_z + h_z), xp.sigmoid(x_r + h_r)
        candidate = xp.tanh(x_h + r * h_h)
        return (z * h + (1 - z) * candidate,)


EPSILON = 1e-5
"""Added to the variance, so that equal columns become zeros."""


class _Normalized(Cell):
    """What these cells have in common: a gain for each column of x W and of h U."""

    additive = False

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Those of the cell without normalisation, and the gains."""
        columns = len(self.gates) * units
        gains = {"input_gain": (columns,), "recurrent_gain": (columns,)}
        return {**super().weight_shapes(input_size, units), **gains}

    def input_bias(self, weights: Mapping[str, Array]) -> Array:
        """Zeros, (G·H,): a bias comes after the normalisation."""
        return 0 * weights["input_gain"]

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Both gains and the bias, (G·H,) each."""
        return weights["input_gain"], weights["recurrent_gain"], weights["bias"]


class NormalizedSimpleRnn(_Normalized, SimpleRnn):
    """h = tanh(g∘LN(x W) + g'∘LN(h U) + b)."""

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        (h,) = state
        input_gain, recurrent_gain, bias = parameters
        return (xp.tanh(input_gain * xp.normalized(x) + recurrent_gain * xp.normalized(product(h)) + bias),)


class NormalizedLstm(_Normalized, Lstm):
    """An LSTM of i, f, c̃, o = g∘LN(x W) + g'∘LN(h U) + b that shows h = o∘tanh(g''∘LN(c) + b'')."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        """Those of the LSTM, the gains, and gain and bias of the memory that is shown."""
        memory = {"memory_gain": (units,), "memory_bias": (units,)}
        return {**super().weight_shapes(input_size, units), **memory}

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Both gains and the bias, (4·H,) each; gain and bias of the memory, (H,) each."""
        return *super().parameters(weights), weights["memory_gain"], weights["memory_bias"]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        h, c = state
        input_gain, recurrent_gain, bias, memory_gain, memory_bias = parameters
        sums = input_gain * xp.normalized(x) + recurrent_gain * xp.normalized(product(h)) + bias
        i, f, candidate, o = xp.split(sums, 4)
        c = xp.sigmoid(f) * c + xp.sigmoid(i) * xp.tanh(candidate)
        return xp.sigmoid(o) * xp.tanh(memory_gain * xp.normalized(c) + memory_bias), c


class NormalizedGru(_Normalized, GruResetAfter):
    """A GRU, reset after the product, of g∘LN(x W) + b and g'∘LN(h U) + b'.

    All three gates are normalised together, as an LSTM's four are; the paper takes h̃ apart from z and r.
    """

    def parameters(self, weights: Mapping[str, Array]) -> State:
        """Both gains and both rows of the bias, (3·H,) each."""
        bias = weights["bias"]
        return weights["input_gain"], weights["recurrent_gain"], bias[0], bias[1]

    def step(self, xp: Any, x: Array, product: Product, state: State, parameters: State) -> State:
        """The state after one time step."""
        (h,) = state
        input_gain, recurrent_gain, bias, recurrent_bias = parameters
        x_z, x_r, x_h = xp.split(input_gain * xp.normalized(x) + bias, 3)
        h_z, h_r, h_h = xp.split(recurrent_gain * xp.normalized(product(h)) + recurrent_bias, 3)
        z, r = xp.sigmoid(x_z + h_z), xp.sigmoid(x_r + h_r)
        return (z * h + (1 - z) * xp.tanh(x_h + r * h_h),)
