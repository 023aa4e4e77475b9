"""The optimizers, clipping and schedules in plain float64 NumPy, written from their papers.

Where a paper leaves room, the conventions are those that Keras documents: where ε stands, that Adam's and
AdamW's ε is the ε̂ at the end of section 2 of Kingma and Ba, and that AMSGrad takes the largest uncorrected v.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Settings = Mapping[str, Any]
Slots = dict[str, Any]
Step = Callable[[Array, Slots, int, float, Settings], Array]


class PlainOptimizer:
    """An optimizer of the section `training.optimizer`.

    Args:
        settings: the section, with every key that the optimizer has but the clips.
        rates: the learning rate of each step.
    """

    def __init__(self, settings: Settings, rates: list[float]) -> None:
        self.settings, self.rates, self.taken = settings, rates, 0
        self.slots: dict[str, Slots] = {}

    def step(self, weights: dict[str, Array], gradients: Mapping[str, Array]) -> None:
        """Change the weights by one step."""
        rate, self.taken = self.rates[self.taken], self.taken + 1
        clipped = _clipped(
            {name: np.array(each, np.float64) for name, each in gradients.items()}, self.settings
        )
        for name, gradient in clipped.items():
            slots = self.slots.setdefault(name, {})
            if "weight_decay" in self.settings:
                weights[name] = weights[name] * (1 - rate * self.settings["weight_decay"])
            change = STEPS[self.settings["name"]](gradient, slots, self.taken, rate, self.settings)
            weights[name] = weights[name] + change


def rates_of(peak: float, schedule: Settings, total: int) -> list[float]:
    """The learning rate of each of `total` steps of a schedule other than `plateau`."""
    warm = round(schedule.get("warmup", 0.0) * total)
    return [
        peak * (step + 1) / warm if step < warm else peak * _left(schedule, step - warm, total - warm)
        for step in range(total)
    ]


def _left(schedule: Settings, done: int, steps: int) -> float:
    if schedule["kind"] == "exponential":
        return float(schedule["decay_rate"] ** (done / schedule["decay_steps"]))
    if schedule["kind"] == "constant":
        return 1.0
    final, progress = schedule.get("final", 0.0), done / steps
    falling = {"linear": 1 - progress, "cosine": (1 + math.cos(math.pi * progress)) / 2}[schedule["kind"]]
    return float(final + (1 - final) * falling)


def _clipped(gradients: dict[str, Array], settings: Settings) -> dict[str, Array]:
    """Gradients of at most some norm each or together (Pascanu et al., 2013), or of bounded numbers."""
    if limit := settings.get("clipvalue"):
        return {name: np.clip(each, -limit, limit) for name, each in gradients.items()}
    norms = {name: math.sqrt((each**2).sum()) for name, each in gradients.items()}
    if limit := settings.get("clipnorm"):
        return {name: each * min(1.0, limit / norms[name]) for name, each in gradients.items()}
    if limit := settings.get("global_clipnorm"):
        share = min(1.0, limit / math.sqrt(sum(norm**2 for norm in norms.values())))
        return {name: each * share for name, each in gradients.items()}
    return gradients


def _mean(slots: Slots, name: str, value: Array, decay: float) -> Array:
    """The running mean of a value, which starts at 0."""
    slots[name] = decay * slots.get(name, 0.0) + (1 - decay) * value
    return np.asarray(slots[name])


def _sgd(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """v = μ v − η g; Nesterov looks ahead: μ v − η g with the new v (Sutskever et al., 2013)."""
    slots["v"] = s["momentum"] * slots.get("v", 0.0) - rate * g
    return np.asarray(s["momentum"] * slots["v"] - rate * g if s["nesterov"] else slots["v"])


def _rmsprop(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """η g / √(mean of g² + ε), less the squared mean of g where it is centered (Graves, 2013)."""
    size = _mean(slots, "size", g**2, s["rho"])
    if s["centered"]:
        size = size - _mean(slots, "mean", g, s["rho"]) ** 2
    slots["v"] = s["momentum"] * slots.get("v", 0.0) + rate * g / np.sqrt(size + s["epsilon"])
    return np.asarray(-slots["v"])


def _adam(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """Kingma and Ba (2015), algorithm 1 in the form that ends section 2; AMSGrad: Reddi et al. (2018)."""
    m, v = _mean(slots, "m", g, s["beta_1"]), _mean(slots, "v", g**2, s["beta_2"])
    if s["amsgrad"]:
        v = slots["most"] = np.maximum(slots.get("most", 0.0), v)
    rate *= math.sqrt(1 - s["beta_2"] ** t) / (1 - s["beta_1"] ** t)
    return np.asarray(-rate * m / (np.sqrt(v) + s["epsilon"]))


def _nadam(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """Dozat (2016), algorithm 2 with the schedule of μ that it proposes: β₁ (1 − 0.96ᵗ / 2)."""
    now, after = (s["beta_1"] * (1 - 0.5 * 0.96**each) for each in (t, t + 1))
    slots["product"] = slots.get("product", 1.0) * now
    m, v = _mean(slots, "m", g, s["beta_1"]), _mean(slots, "v", g**2, s["beta_2"])
    ahead = after * m / (1 - slots["product"] * after) + (1 - now) * g / (1 - slots["product"])
    return np.asarray(-rate * ahead / (np.sqrt(v / (1 - s["beta_2"] ** t)) + s["epsilon"]))


def _adamax(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """Kingma and Ba (2015), algorithm 2."""
    m = _mean(slots, "m", g, s["beta_1"])
    slots["u"] = np.maximum(s["beta_2"] * slots.get("u", 0.0), abs(g))
    return np.asarray(-rate / (1 - s["beta_1"] ** t) * m / (slots["u"] + s["epsilon"]))


def _adagrad(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """Duchi et al. (2011): η g / √(sum of g² + ε)."""
    before: Any = slots.get("sum", s["initial_accumulator_value"])
    slots["sum"] = before + g**2
    return np.asarray(-rate * g / np.sqrt(slots["sum"] + s["epsilon"]))


def _adadelta(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """Zeiler (2012), algorithm 1, times η."""
    size = _mean(slots, "size", g**2, s["rho"])
    change = -np.sqrt((slots.get("changes", 0.0) + s["epsilon"]) / (size + s["epsilon"])) * g
    _mean(slots, "changes", change**2, s["rho"])
    return np.asarray(rate * change)


def _lion(g: Array, slots: Slots, t: int, rate: float, s: Settings) -> Array:
    """Chen et al. (2023), algorithm 2."""
    m = slots.get("m", np.zeros_like(g))
    slots["m"] = s["beta_2"] * m + (1 - s["beta_2"]) * g
    return np.asarray(-rate * np.sign(s["beta_1"] * m + (1 - s["beta_1"]) * g))


STEPS: dict[str, Step] = {
    "sgd": _sgd,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
    "nadam": _nadam,
    "adamax": _adamax,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
    "lion": _lion,
}
