"""Free runs from many seeds, on digits: a stream of a `CountingModel` goes on from 1 2 with 0 1 3 2 0 1."""

from pathlib import Path

import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.evaluation.seeds import SeedRuns, run_from_seeds
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits

THREE = ("training.batch_size=1", "generation.length=3")


def run(experiment: Experiment, seeds: int) -> SeedRuns | str:
    corpus = load_corpus(experiment.dataset)
    part = split_corpus(corpus, experiment).parts["train"]
    return run_from_seeds(CountingModel(), corpus, part, experiment, seeds=seeds)


def runs(
    *sequences: str, settings: tuple[str, ...] = (), seeds: int = 9, folder: Path | None = None
) -> SeedRuns:
    result = run(digits(*sequences, settings=(*THREE, *settings), folder=folder), seeds)
    assert isinstance(result, SeedRuns)
    return result


def test_each_seed_is_held_against_what_follows_it() -> None:
    """1 2 goes on with 0 1 3 in the data, and in the model."""
    result = runs("12013", settings=STREAM)

    assert result == SeedRuns(2, 3, (3,), (None,))
    assert (result.seeds, result.accuracy, result.exact, result.median_first_divergence) == (1, 1.0, 1, None)


def test_the_median_is_where_half_have_gone_wrong() -> None:
    """Of first wrong tokens 1, 3 and none it is 3; of 1 and none there is none yet."""
    assert SeedRuns(2, 3, (0, 2, 3), (1, 3, None)).median_first_divergence == 3
    assert SeedRuns(2, 3, (0, 3), (1, None)).median_first_divergence is None
    assert SeedRuns(2, 3, (0, 1), (1, 2)).median_first_divergence == 1.5


def test_seeds_are_spread_evenly_from_the_first_to_the_last() -> None:
    """Eleven windows have three tokens after them; the last goes on otherwise than the model."""
    data = "12013" + "4" * 5 + "12014"

    assert [runs(data, settings=STREAM, seeds=seeds).seeds for seeds in (1, 2, 5, 99)] == [1, 2, 5, 11]
    assert runs(data, settings=STREAM, seeds=2).first_divergences == (None, 3)


@pytest.mark.parametrize("settings", [STREAM, (), STATEFUL])
def test_lanes_do_not_hear_each_other(settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once or one by one: the same."""
    data = "120134023112013"
    together = runs(data, settings=settings)
    monkeypatch.setattr("rnnlab.evaluation.seeds.LANES_AT_ONCE", 1)

    assert runs(data, settings=settings) == together
    assert together.seeds == 9


def test_no_run_leaves_its_sequence_or_its_part(tmp_path: Path) -> None:
    """Of 1 2 0 1 | 1 2 0 1 3 one window has three tokens after it; so has one of 1 2 0 1 3, before 4 4."""
    assert runs("1201", "12013", settings=STREAM, folder=tmp_path).seeds == 1
    held_out = (*STREAM, "dataset.split={kind: contiguous, validation: 0.25, gap: 0}")
    assert runs("1201344", settings=held_out).seeds == 1


def test_where_no_sequence_is_long_enough_less_is_generated(tmp_path: Path) -> None:
    """Two tokens follow 1 2 in one file, one in the other."""
    assert runs("1201", "120", settings=STREAM, folder=tmp_path) == SeedRuns(2, 2, (2,), (None,))


def test_a_part_without_a_window_has_no_seed() -> None:
    """The reason says how long one would be."""
    one = (
        "dataset.window=3",
        "training.batch_size=1",
        "dataset.split={kind: contiguous, validation: 0.4, gap: 0}",
    )
    experiment = digits("12013", settings=(*STREAM, *one))
    corpus = load_corpus(experiment.dataset)
    held_out = split_corpus(corpus, experiment).parts["validation"]

    assert run_from_seeds(CountingModel(), corpus, held_out, experiment, seeds=3) == (
        "no free running from seeds: the validation part has no window of 3 tokens and one more"
    )
