"""A sampler whose draws depend on the slot of a trial, and not on the worker that has the trial."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from rnnlab.trials.slots import SLOT

STARTUP_TRIALS = 8
"""Number of trials that are drawn at random before TPE learns from them."""


class SlotSampler(BaseSampler):
    """A sampler of Optuna that begins anew with each trial, with a random seed from the trial's slot.

    So the values of a random search depend on the slot alone, workers never draw the same values, and a study
    that goes on later does not repeat its first draws. TPE also depends on the trials that have ended.

    Args:
        kind: `tpe` or `random`.
        random_seed: random seed of the sweep.
    """

    def __init__(self, kind: str, random_seed: int) -> None:
        self._kind, self._random_seed = kind, random_seed
        self._sampler = self._new(0)

    def _new(self, slot: int) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._random_seed, slot]).generate_state(1)[0])
        if self._kind == "tpe":
            return TPESampler(
                seed=seed,
                multivariate=True,
                group=True,
                constant_liar=True,
                n_startup_trials=STARTUP_TRIALS,
            )
        return RandomSampler(seed=seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin anew for the slot of a trial."""
        self._sampler = self._new(int(trial.user_attrs.get(SLOT, trial.number)))
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the settings that are drawn together."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the values of the settings that are drawn together."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the value of a setting that is drawn alone."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Take note of the end of a trial."""
        self._sampler.after_trial(study, trial, state, values)
