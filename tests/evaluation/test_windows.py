"""The accuracy that no model of single windows can pass."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.parts import Ceiling, part_of_windows, whole, window_ceiling
from rnnlab.evaluation.measurement import reconstruct
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits, digits_corpus

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
    monkeypatch.setattr("rnnlab.datasets.parts.MOST_TOKENS", 8)
    assert ceiling(digits("01020")) is None
    monkeypatch.setattr("rnnlab.datasets.parts.MOST_TOKENS", 9)
    assert ceiling(digits("01020")) is not None


def test_the_first_windows_steps_and_then_each_last_step() -> None:
    """0 1 → 0 + 1, 1 + 2; then 1 3 → 4 + 2 and 3 1 → 4 + 2: T + W − 1 tokens."""
    corpus = digits_corpus("01312")

    assert reconstruct(CountingModel(), corpus, whole(corpus, window=2), 2) == "1311"


def test_a_single_window_gives_its_own_steps() -> None:
    """W = 1: the T predictions."""
    corpus = digits_corpus("0131")

    assert reconstruct(CountingModel(), corpus, whole(corpus, window=3), 3) == "132"


@pytest.mark.parametrize("at_once", [1, 7, 170, 256])
def test_the_ship_comes_back_with_179_characters(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """E5: 170 windows of 10; every window from a zero state, however many are read at once."""
    monkeypatch.setattr("rnnlab.evaluation.measurement.LANES_AT_ONCE", at_once)
    corpus = load_corpus(read_experiment(CONFIGS / "ship_stacked_lstm.yaml").dataset)
    ids = corpus.ids.astype(int)
    expected = [int(ids[: t + 1].sum() + t + 1) % 25 for t in range(10)]
    expected += [int(ids[start : start + 10].sum() + 10) % 25 for start in range(1, 170)]

    text = reconstruct(CountingModel(25), corpus, whole(corpus, window=10), 10)

    assert text is not None
    assert len(text) == 179
    assert text == corpus.vocabulary.join(expected)


def test_windows_that_do_not_follow_one_another_are_no_text(tmp_path: Path) -> None:
    """Windows drawn at random, two sequences, or none at all."""
    corpus = digits_corpus("0131201")
    two = digits_corpus("0131", "0131", folder=tmp_path)

    drawn = part_of_windows(corpus, "train", np.array([0, 1, 3]))
    assert reconstruct(CountingModel(), corpus, drawn, 2) is None
    assert reconstruct(CountingModel(), two, whole(two, window=2), 2) is None
    assert reconstruct(CountingModel(), corpus, whole(corpus, window=7), 7) is None


def test_very_many_windows_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads a text that long."""
    corpus = digits_corpus("01312")
    monkeypatch.setattr("rnnlab.evaluation.measurement.MOST_WINDOWS", 2)

    assert reconstruct(CountingModel(), corpus, whole(corpus, window=2), 2) is None
