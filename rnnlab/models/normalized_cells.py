"""The cells with layer normalisation (Ba, Kiros and Hinton, 2016, equations 20 to 28).

What the inputs bring and what h brings are normalised apart: the columns of x W of one lane, and those of
h U, each to mean 0 and variance 1, and then each is multiplied by a gain of its own. The bias is added after
that, so that it is not taken out again; the paper's three biases for each gate are one.

Their interface is that of `models.cells`, and one thing more: `xp.normalized(v)`, over the columns of each
lane. x comes in without a bias. The kernel's scale no longer matters, and x and h U do not share a gradient.
"""

from collections.abc import Mapping
from typing import Any

from rnnlab.models.cells import Array, Cell, GruResetAfter, Lstm, Product, Shapes, SimpleRnn, State

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
