"""The learning rate over the steps of a training: the equations, for every array library."""

from math import pi
from typing import Any


def learning_rate(
    xp: Any, done: Any, *, peak: float, schedule: dict[str, Any], total: Any, left: Any = 1.0
) -> Any:
    """The learning rate of steps: it rises in a straight line from 0 while warming up, then follows its kind.

    With p, from 0 to 1, the share of the steps after the warm-up that are done, and `final` the share of the
    rate that is left at the end:

        constant     1
        linear       1 − (1 − final) · p
        cosine       final + (1 − final) · (1 + cos πp) / 2         (Loshchilov and Hutter, 2017)
        exponential  decay_rate ^ (steps after the warm-up / decay_steps)
        plateau      what the losses so far have left of it (`rnnlab.training.plateau`)

    Args:
        xp: the library's `round`, `minimum`, `maximum` and `cos`.
        done: how many steps have been taken before each, (…).
        peak: `training.optimizer.learning_rate`.
        schedule: the section `training.schedule`.
        total: steps of the whole training.
        left: what a plateau schedule leaves of the rate, 0 to 1.
    """
    warm_steps = xp.round(schedule["warmup"] * total)
    rising = xp.minimum((done + 1) / xp.maximum(warm_steps, 1.0), 1.0)
    after = xp.maximum(done - warm_steps, 0.0)
    return peak * rising * _decay(xp, after, schedule, xp.maximum(total - warm_steps, 1.0), left)


def _decay(xp: Any, after: Any, schedule: dict[str, Any], steps: Any, left: Any) -> Any:
    """The share of the learning rate that is left some steps after the warm-up."""
    if schedule["kind"] == "constant":
        return 1.0
    if schedule["kind"] == "plateau":
        return left
    if schedule["kind"] == "exponential":
        return schedule["decay_rate"] ** (after / schedule["decay_steps"])
    progress, final = xp.minimum(after / steps, 1.0), schedule["final"]
    if schedule["kind"] == "linear":
        return 1 - (1 - final) * progress
    return final + (1 - final) * (1 + xp.cos(pi * progress)) / 2
