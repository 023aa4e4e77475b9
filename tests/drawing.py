"""Random numbers as people write them, and as programs do: few digits or many, ordinary or extreme."""

from collections.abc import Callable
from math import exp, log
from random import Random
from typing import Any

LARGEST_SEED = 2**31 - 1


def number(rng: Random, low: float, high: float) -> float:
    """A number between two positive ones, as likely in each decade, with 1 to 17 digits."""
    found = exp(rng.uniform(log(low), log(high)))
    return min(max(float(f"{found:.{rng.randint(1, 17)}g}"), low), high)


def size(rng: Random, most: int) -> int:
    """A whole number from 1 to the most that there may be, small ones more often."""
    return min(most, int(exp(rng.uniform(0, log(most + 1)))))


def fraction(rng: Random, most: float = 1.0) -> float:
    """A share from 0 to less than 1; mostly no more than the ordinary most."""
    if rng.random() < 0.9:
        return number(rng, 0.01, min(most, 0.999))
    return rng.choice((0, 0.0, 1e-300, 1e-12, 0.5, 1 - 2**-20, 1 - 2**-53))


def random_seed(rng: Random) -> int:
    """A random seed, small or large."""
    return rng.choice((0, rng.randrange(1000), rng.randrange(LARGEST_SEED), LARGEST_SEED))


def flag(rng: Random) -> bool:
    """True or false."""
    return rng.random() < 0.5


def optional(rng: Random, probability: float, **makers: Callable[[], Any]) -> dict[str, Any]:
    """Some of the keys, each as likely, with what is made for them."""
    return {key: make() for key, make in makers.items() if rng.random() < probability}
