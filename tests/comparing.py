"""Comparisons without training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rnnlab.comparison.measures import Contender, Trial
from rnnlab.datasets.parts import Ceiling
from rnnlab.evaluation.free_running import FreeRunning

TRIAL = Trial(
    run="runs/song-1",
    random_seed=0,
    parameters=1234,
    epochs=400,
    seconds=2.5,
    task="next_token",
    split="validation",
    data="abc",
    loss=0.0,
    targets=50,
    accuracy=0.9,
    correct=45,
)


def contender(
    name: str, losses: list[float], *, free: list[int] | None = None, ceiling: int | None = None
) -> Contender:
    """A contender with a trial for each loss, random seeds 0, 1, …; free runs have so many of 50 right."""
    trials = []
    for seed, loss in enumerate(losses):
        trial = replace(
            TRIAL,
            run=f"runs/{name}-seed-{seed}",
            random_seed=seed,
            loss=loss,
            ceiling=None if ceiling is None else Ceiling(ceiling, 50),
            free_running=None if free is None else free_run(free[seed]),
        )
        trials.append(trial)
    return Contender(name, tuple(trials))


def solver(
    name: str, shares: Mapping[int, list[float]], *, task: str = "label", losses: Sequence[float] = ()
) -> Contender:
    """A contender on generated examples, with the fraction that each random seed has right at each length."""
    seeds = range(len(losses) or len(next(iter(shares.values()))))
    each_loss = losses or [math.nan] * len(seeds)
    trials = [
        replace(
            TRIAL,
            run=f"runs/{name}-seed-{seed}",
            random_seed=seed,
            task=task,
            split="test",
            loss=each_loss[seed],
            examples=50,
            by_length={length: own[seed] for length, own in shares.items()},
        )
        for seed in seeds
    ]
    return Contender(name, tuple(trials))


def free_run(correct: int) -> FreeRunning:
    """A free run of 50 tokens of which the first ones are right."""
    return FreeRunning("g8", 50, correct, None if correct == 50 else correct + 1, ("g8",) * 50, ("g8",) * 50)
