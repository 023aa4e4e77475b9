"""The section `training` of a random configuration: every optimizer, schedule and setting."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.drawing import flag, fraction, number, optional, random_seed, size

Section = dict[str, Any]
Maker = Callable[[Random], Any]

CALLBACKS = ("keras.callbacks:TerminateOnNaN", "keras.callbacks:EarlyStopping", "keras.callbacks:History")


def drawn_training(rng: Random, regime: str, *, lanes: int, epochs: int, seeds: Sequence[str]) -> Section:
    """The section.

    Args:
        rng: what draws it.
        regime: `windows`, `stateful` or `stream`.
        lanes: `batch_size`.
        epochs: so many take about a second.
        seeds: texts that samples may begin with; none where they could be of unknown tokens.
    """
    section: Section = {}
    if regime != "stream" or flag(rng):
        section["batching"] = "stream" if regime == "stream" else "windows"
    section |= optional(
        rng, 0.9, batch_size=lambda: lanes, epochs=lambda: rng.randint(1 + epochs // 3, epochs)
    )
    if regime != "stream":  # which alone chooses what is left out by the size of its data
        section |= {"batch_size": lanes, "epochs": section.get("epochs", epochs)}
    if regime == "windows":
        section |= optional(rng, 0.6, shuffle=lambda: flag(rng))
    most = section.get("epochs", 10)
    return section | optional(
        rng,
        0.4,
        random_seed=lambda: random_seed(rng),
        optimizer=lambda: _optimizer(rng),
        schedule=lambda: _schedule(rng),
        early_stopping=lambda: (
            {"patience": size(rng, 10)} | optional(rng, 0.4, min_delta=lambda: _delta(rng))
        ),
        label_smoothing=lambda: fraction(rng, 0.3),
        on_non_finite=lambda: rng.choice(("stop", "skip_step")),
        checkpoint=lambda: _checkpoint(rng, most),
        samples=lambda: _samples(rng, most, seeds),
        snapshots=lambda: rng.choice((0, 1, size(rng, 20))),
        tensorboard=lambda: flag(rng),
        callbacks=lambda: _callbacks(rng),
        distribute=lambda: _distribute(rng),
    )


def _distribute(rng: Random) -> Section:
    """One process trains alone: no variable names others, and there is one device."""
    return {"strategy": rng.choice(("multi_worker", "mirrored"))} | optional(
        rng, 0.5, port=lambda: rng.randint(1024, 65_000), wait_seconds=lambda: number(rng, 1, 600)
    )


def _optimizer(rng: Random) -> Section:
    """One of the nine, with some of its settings."""
    name = rng.choice(list(_SETTINGS))
    makers = {"learning_rate": _rate, **_SETTINGS[name]}
    section = {"name": name, **optional(rng, 0.5, **{key: _bound(make, rng) for key, make in makers.items()})}
    if rng.random() < 0.3:
        section[rng.choice(("clipnorm", "global_clipnorm", "clipvalue"))] = number(rng, 1e-3, 10)
    return section


def _schedule(rng: Random) -> Section:
    """One of the five, with some of its settings."""
    kind = rng.choice(list(_SCHEDULES))
    required, others = _SCHEDULES[kind]
    makers = {"warmup": lambda rng: fraction(rng, 0.5), **others}
    return {
        "kind": kind,
        **{key: make(rng) for key, make in required.items()},
        **optional(rng, 0.6, **{key: _bound(make, rng) for key, make in makers.items()}),
    }


def _checkpoint(rng: Random, epochs: int) -> Section:
    when = rng.choice(("every_seconds", "every_epochs", "every_epochs", ""))
    section: Section = {when: number(rng, 0.01, 2) if when == "every_seconds" else size(rng, epochs)}
    section.pop("", None)
    return section | optional(rng, 0.5, keep=lambda: size(rng, 5))


def _samples(rng: Random, epochs: int, seeds: Sequence[str]) -> Section:
    section = {"every_epochs": size(rng, epochs)} | optional(
        rng,
        0.5,
        length=lambda: size(rng, 40),
        count=lambda: size(rng, 3),
        temperature=lambda: rng.choice((0, 1.0, number(rng, 0.1, 5))),
    )
    if seeds:
        section |= optional(rng, 0.7, seed=lambda: rng.choice(seeds))
    return section


def _callbacks(rng: Random) -> Any:
    """One callback or a list of them, by name or with arguments."""
    drawn: list[Any] = rng.sample(CALLBACKS, rng.randint(0, 2))
    drawn += [_with_arguments(rng) for _ in range(rng.randint(0, 2))]
    return drawn[0] if len(drawn) == 1 and flag(rng) else drawn


def _with_arguments(rng: Random) -> Section:
    name = rng.choice(list(_ARGUMENTS))
    arguments = optional(rng, 0.6, **{key: _bound(make, rng) for key, make in _ARGUMENTS[name].items()})
    return {"class": name} | optional(rng, 0.9, arguments=lambda: arguments)


def _rate(rng: Random) -> float:
    """A learning rate: mostly one that learns, now and then one that does not, or diverges."""
    return number(rng, 3e-4, 3e-2) if rng.random() < 0.9 else number(rng, 1e-12, 1e3)


def _decay(rng: Random) -> float:
    return rng.choice((number(rng, 0.5, 0.9999), fraction(rng)))


def _epsilon(rng: Random) -> float:
    return number(rng, 1e-10, 1e-3) if rng.random() < 0.9 else number(rng, 1e-30, 1e3)


def _delta(rng: Random) -> float:
    return rng.choice((0, number(rng, 1e-9, 0.1)))


def _momentum(rng: Random) -> float:
    return fraction(rng, 0.95)


def _bound(make: Maker, rng: Random) -> Callable[[], Any]:
    return lambda: make(rng)


_ARGUMENTS: dict[str, dict[str, Maker]] = {
    "keras.callbacks:EarlyStopping": {
        "monitor": lambda rng: rng.choice(("loss", "loss", "accuracy")),
        "patience": lambda rng: size(rng, 5),
        "min_delta": _delta,
        "restore_best_weights": flag,
        "baseline": lambda rng: rng.choice((None, number(rng, 0.1, 3))),
    },
    "keras.callbacks:ReduceLROnPlateau": {
        "monitor": lambda rng: rng.choice(("loss", "loss", "accuracy")),
        "factor": lambda rng: number(rng, 0.1, 0.9),
        "patience": lambda rng: size(rng, 3),
        "mode": lambda rng: rng.choice(("min", "max", "auto")),
    },
}
"""Of each callback that is drawn with arguments, what they may be."""

_MOMENTS: dict[str, Maker] = {"beta_1": _decay, "beta_2": _decay, "epsilon": _epsilon}
_SETTINGS: dict[str, dict[str, Maker]] = {
    "sgd": {"momentum": _momentum, "nesterov": flag},
    "rmsprop": {"rho": _decay, "momentum": _momentum, "epsilon": _epsilon, "centered": flag},
    "adam": {**_MOMENTS, "amsgrad": flag},
    "adamw": {**_MOMENTS, "weight_decay": _delta, "amsgrad": flag},
    "nadam": _MOMENTS,
    "adamax": _MOMENTS,
    "adagrad": {"initial_accumulator_value": lambda rng: number(rng, 1e-3, 10), "epsilon": _epsilon},
    "adadelta": {"rho": _decay, "epsilon": _epsilon},
    "lion": {"beta_1": _decay, "beta_2": _decay},
}

_FINAL: dict[str, Maker] = {"final": lambda rng: fraction(rng, 0.5)}
_SCHEDULES: dict[str, tuple[dict[str, Maker], dict[str, Maker]]] = {
    "constant": ({}, {}),
    "linear": ({}, _FINAL),
    "cosine": ({}, _FINAL),
    "exponential": (
        {
            "decay_rate": lambda rng: rng.choice((1, number(rng, 0.1, 1))),
            "decay_steps": lambda rng: size(rng, 2**31 - 1),
        },
        {},
    ),
    "plateau": (
        {},
        {
            **_FINAL,
            "factor": lambda rng: number(rng, 0.01, 0.99),
            "patience": lambda rng: size(rng, 4),
            "min_delta": _delta,
        },
    ),
}
"""Of each kind the settings that it needs, and those that may be left out."""
