"""A network in plain float64 NumPy: one lane, one token after another, written from the equations.

Nothing here is rnnlab's: a network is made of the page of YAML as a dictionary with every key written out, of
the tokens by id, and of the weights by their names in a model file. Tests hold rnnlab's numbers against it.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
State = tuple[Vector, ...]
Weights = Mapping[str, Vector]
Page = dict[str, Any]

SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


class PlainNetwork:
    """A trained network.

    Args:
        page: the configuration, every key that matters written out.
        tokens: the vocabulary by id.
        weights: by their names in a model file, `layer/weight`.
    """

    def __init__(self, page: Page, tokens: Sequence[str], weights: Mapping[str, Any]) -> None:
        self.page, self.model = page, page["model"]
        self.weights = {name: np.asarray(array, np.float64) for name, array in weights.items()}
        self.rows = self._encoded(tokens)

    def zero_state(self) -> list[State]:
        """The state of each recurrent layer before the first token."""
        parts = 2 if self.model["kind"] == "lstm" else 1
        return [(np.zeros(units),) * parts for units in self.model["units"]]

    def step(self, token: int, state: list[State]) -> tuple[Vector, list[State]]:
        """The logits (V,) after one more token of a recurrent network, and the state after it."""
        values, after, kind = self.rows[token], list[State](), self.model["kind"]
        for number, before in enumerate(state, start=1):
            own = self.layer(f"{kind}_{number}")
            after.append(cell_of(self.model)(values, before, own))
            outputs = after[-1][0]
            values = outputs + values if self.model.get("residual") and number > 1 else outputs
        if self.model["head"] == "none":
            return values, after
        return self._head(values), after

    def window(self, ids: Sequence[int]) -> Vector:
        """The logits (V,) of an MLP after a whole window of tokens."""
        values = np.concatenate([self.rows[token] for token in ids])
        for number in range(1, len(self.model["units"]) + 1):
            own = self.layer(f"dense_{number}")
            values = ACTIVATIONS[self.model["activation"]](values @ own["kernel"] + own["bias"])
        return self._head(values)

    def layer(self, name: str) -> Weights:
        """The weights of one layer by their own names."""
        return {
            key.removeprefix(f"{name}/"): array
            for key, array in self.weights.items()
            if key.startswith(f"{name}/")
        }

    def _head(self, values: Vector) -> Vector:
        own = self.layer("head")
        kernel = self.rows.T if self.model.get("tie_weights") else own["kernel"]
        return values @ kernel + own["bias"]

    def _encoded(self, tokens: Sequence[str]) -> Vector:
        """What the network sees of each token, (V, D)."""
        encoding = self.page["dataset"]["encoding"]
        if encoding == "embedding":
            return self.weights["encoding/embeddings"]
        if encoding == "one_hot":
            return np.eye(len(tokens))
        if encoding == "scalar":
            return np.arange(len(tokens))[:, None] / max(len(tokens) - 1, 1)
        return pitches_and_durations(tokens)


def cost(logits: Vector, target: int) -> float:
    """The cross-entropy of one target, nats: ln Σ exp(logits) − its logit."""
    most = max(logits)
    return float(most + math.log(sum(math.exp(logit - most) for logit in logits)) - logits[target])


def pitches_and_durations(tokens: Sequence[str]) -> Vector:
    """(V, 2) pitch from 0 (the lowest) to 1 (the highest), −1 of a rest; duration, 1 of the longest."""
    pitches, quarters = zip(*map(_pitch_and_quarters, tokens), strict=True)
    heard = [pitch for pitch in pitches if pitch is not None]
    span = max(max(heard) - min(heard), 1)
    scaled = [-1.0 if pitch is None else (pitch - min(heard)) / span for pitch in pitches]
    return np.array([scaled, [each / max(quarters) for each in quarters]]).T


def _pitch_and_quarters(token: str) -> tuple[int | None, float]:
    """The highest pitch of a token in semitones, None of a rest or a boundary, and its length in quarters."""
    found = re.fullmatch(r"(<.*>|[a-g](?:is|es)?['`,]*|r)(\d+)(\.*)", token)
    if not found:
        return None, 0.0
    names, number, dots = found.groups()
    quarters = 4 / int(number) * (2 - 0.5 ** len(dots))
    notes = re.findall(r"([a-g])(is|es)?([',]*)", names) if names != "r" else []
    heights = [
        SEMITONES[letter] + {"is": 1, "es": -1, "": 0}[sign] + 12 * (marks.count("'") - marks.count(","))
        for letter, sign, marks in notes
    ]
    return max(heights, default=None), quarters


ACTIVATIONS: dict[str, Callable[[Vector], Vector]] = {
    "relu": lambda v: np.where(v > 0, v, 0),
    "tanh": np.tanh,
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "elu": lambda v: np.where(v > 0, v, np.exp(v) - 1),
}


def sigmoid(v: Vector) -> Vector:
    """1 / (1 + exp(−v))."""
    return 1 / (1 + np.exp(-v))


def normalized(v: Vector) -> Vector:
    """Mean 0 and variance 1 (Ba et al., 2016, equation 4), 10⁻⁵ added to the variance."""
    off = v - v.mean()
    return np.asarray(off / math.sqrt(float((off**2).mean()) + 1e-5))


def cell_of(model: Page) -> Callable[[Vector, State, Weights], State]:
    """One time step of the cell that the section `model` describes."""
    if model["kind"] == "simple_rnn":
        return simple_rnn
    if model["kind"] == "gru":
        return gru if model.get("reset_after", True) else gru_that_resets_before
    return coupled_lstm if model.get("coupled_gates") else lstm


def simple_rnn(x: Vector, state: State, w: Weights) -> State:
    """h = tanh(x W + h U + b) (Elman, 1990)."""
    return (np.tanh(_from_inputs(x, w) + _from_state(state[0], w) + w["bias"]),)


def lstm(x: Vector, state: State, w: Weights) -> State:
    """Hochreiter and Schmidhuber (1997), Gers et al. (2000); peepholes of i, f and o: Gers et al. (2002)."""
    h, c = state
    units = len(h)
    sums = _from_inputs(x, w) + _from_state(h, w) + w["bias"]
    peep = w.get("peephole_kernel", np.zeros((3, units)))
    i = sigmoid(sums[:units] + peep[0] * c)
    f = sigmoid(sums[units : 2 * units] + peep[1] * c)
    c = f * c + i * np.tanh(sums[2 * units : 3 * units])
    o = sigmoid(sums[3 * units :] + peep[2] * c)
    shown = c
    if "memory_gain" in w:
        shown = w["memory_gain"] * normalized(c) + w["memory_bias"]
    return o * np.tanh(shown), c


def coupled_lstm(x: Vector, state: State, w: Weights) -> State:
    """i = 1 − f (Greff et al., 2017), the peepholes of f and o."""
    h, c = state
    units = len(h)
    sums = _from_inputs(x, w) + _from_state(h, w) + w["bias"]
    peep = w.get("peephole_kernel", np.zeros((2, units)))
    f = sigmoid(sums[:units] + peep[0] * c)
    c = f * c + (1 - f) * np.tanh(sums[units : 2 * units])
    return sigmoid(sums[2 * units :] + peep[1] * c) * np.tanh(c), c


def gru(x: Vector, state: State, w: Weights) -> State:
    """h = z∘h + (1 − z)∘tanh(x W + b + r∘(h U + b')), as in cuDNN."""
    h = state[0]
    own = np.split(_from_inputs(x, w) + w["bias"][0], 3)
    recurrent = np.split(_from_state(h, w) + w["bias"][1], 3)
    z, r = sigmoid(own[0] + recurrent[0]), sigmoid(own[1] + recurrent[1])
    return (z * h + (1 - z) * np.tanh(own[2] + r * recurrent[2]),)


def gru_that_resets_before(x: Vector, state: State, w: Weights) -> State:
    """h = z∘h + (1 − z)∘tanh(x W + (r∘h) U + b) (Cho et al., 2014)."""
    h = state[0]
    (w_z, w_r, w_h), (u_z, u_r, u_h) = np.split(w["kernel"], 3, 1), np.split(w["recurrent_kernel"], 3, 1)
    b_z, b_r, b_h = np.split(w["bias"], 3)
    z, r = sigmoid(x @ w_z + h @ u_z + b_z), sigmoid(x @ w_r + h @ u_r + b_r)
    return (z * h + (1 - z) * np.tanh(x @ w_h + (r * h) @ u_h + b_h),)


def _from_inputs(x: Vector, w: Weights) -> Vector:
    """x W, with layer normalisation g∘LN(x W)."""
    product = x @ w["kernel"]
    return w["input_gain"] * normalized(product) if "input_gain" in w else product


def _from_state(h: Vector, w: Weights) -> Vector:
    """h U, with layer normalisation g'∘LN(h U)."""
    product = h @ w["recurrent_kernel"]
    return w["recurrent_gain"] * normalized(product) if "recurrent_gain" in w else product
