"""The accuracy that no model of single windows can pass."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.parts import part_of_windows, whole
from rnnlab.evaluation.ceiling import Ceiling, window_ceiling
from tests.evaluation.digits import STATEFUL, STREAM, digits

CONFIGS = Path(__file__).parents[2] / "configs"


def ceiling(experiment: Experiment) -> Ceiling | None:
    corpus = load_corpus(experiment.dataset)
    return window_ceiling(corpus, whole(corpus, window=experiment.dataset.window), experiment)


@pytest.mark.parametrize("config", ["nabiya_mlp", "nabiya_lstm"])
def test_four_notes_of_the_song_tell_46_of_50(config: str) -> None:
    """E1: 0.92, which is what the lecture's MLP reached."""
    result = ceiling(read_experiment(CONFIGS / f"{config}.yaml"))

    assert result == Ceiling(46, 50)
    assert result.accuracy == 0.92


def test_every_step_has_its_own_ceiling_where_all_count() -> None:
    """0 1 → 1 0, 1 0 → 0 2, 0 2 → 2 0: a first 0 is followed by 1 or 2, so one of them is wrong."""
    assert ceiling(digits("01020", settings=("dataset.target=shifted",))) == Ceiling(5, 6)


@pytest.mark.parametrize("settings", [STATEFUL, STREAM])
def test_a_carried_state_has_no_ceiling(settings: tuple[str, ...]) -> None:
    """It can know what came before the window."""
    assert ceiling(digits("01020", settings=settings)) is None


def test_it_is_that_of_the_part() -> None:
    """Only the part's windows count: 0 1 → 0 and 0 1 → 2 are one window each in the whole."""
    experiment = digits("010012")
    corpus = load_corpus(experiment.dataset)

    assert window_ceiling(corpus, whole(corpus, window=2), experiment) == Ceiling(3, 4)
    assert window_ceiling(corpus, part_of_windows(corpus, "train", np.array([0, 1])), experiment) == Ceiling(
        2, 2
    )


def test_too_many_windows_are_not_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three windows of three tokens are nine."""
    monkeypatch.setattr("rnnlab.evaluation.ceiling.MOST_TOKENS", 8)
    assert ceiling(digits("01020")) is None
    monkeypatch.setattr("rnnlab.evaluation.ceiling.MOST_TOKENS", 9)
    assert ceiling(digits("01020")) is not None
