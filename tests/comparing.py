"""Comparisons without training."""

from dataclasses import replace

from rnnlab.comparison.measures import Contender, Trial
from rnnlab.datasets.parts import Ceiling
from rnnlab.evaluation.free_running import FreeRunning
from rnnlab.evaluation.metrics import Metrics

TRIAL = Trial(
    run="runs/song-1",
    random_seed=0,
    parameters=1234,
    epochs=400,
    seconds=2.5,
    split="validation",
    data="abc",
    metrics=Metrics(total_loss=0.0, correct=45, tokens=50),
    ceiling=None,
    free_running=None,
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
            metrics=replace(TRIAL.metrics, total_loss=loss * 50),
            ceiling=None if ceiling is None else Ceiling(ceiling, 50),
            free_running=None if free is None else free_run(free[seed]),
        )
        trials.append(trial)
    return Contender(name, tuple(trials))


def free_run(correct: int) -> FreeRunning:
    """A free run of 50 tokens of which the first ones are right."""
    return FreeRunning("g8", 50, correct, None if correct == 50 else correct + 1, ("g8",) * 50, ("g8",) * 50)
