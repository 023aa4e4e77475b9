"""Free running on digits: after 1 2 the stream of a `CountingModel` goes on with 0 1 3 2 0 1."""

from pathlib import Path

import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.errors import VocabularyError
from rnnlab.evaluation.free_running import FreeRunning, SeedRuns, run_freely, run_from_seeds
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits

SEED = (*STREAM, "generation.seed=12")


def run(experiment: Experiment) -> FreeRunning | str:
    return run_freely(CountingModel(), load_corpus(experiment.dataset), experiment)


def free(*sequences: str, settings: tuple[str, ...] = SEED, folder: Path | None = None) -> FreeRunning:
    result = run(digits(*sequences, settings=settings, folder=folder))
    assert isinstance(result, FreeRunning)
    return result


def test_a_run_that_follows_the_data_is_exact() -> None:
    """Every token right; no place where it first goes wrong."""
    result = free("4120132")

    assert result == FreeRunning("12", 4, 4, None, ("0", "1", "3", "2"), ("0", "1", "3", "2"))
    assert (result.exact, result.accuracy) == (True, 1.0)


def test_the_first_wrong_token_is_counted_from_one() -> None:
    """0 1 3 [2] 0 1 against 0 1 3 4 0 1: the fourth is wrong, and those after it count again."""
    result = free("12013401")

    assert (result.first_divergence, result.correct, result.length) == (4, 5, 6)
    assert (result.exact, result.accuracy) == (False, 5 / 6)
    assert result.sequence == tuple("013201")


def test_a_run_can_go_wrong_at_once() -> None:
    """The first token it plays is number 1."""
    assert free("1241").first_divergence == 1


def test_the_last_token_alone_can_be_wrong() -> None:
    """0 1 3 against 0 1 4."""
    assert (free("12014").first_divergence, free("12014").correct) == (3, 2)


def test_the_length_asked_for_is_enough() -> None:
    """`generation.length` of the tokens that follow."""
    result = free("12013401", settings=(*SEED, "generation.length=3"))

    assert (result.length, result.exact) == (3, True)


def test_the_regime_is_that_of_training() -> None:
    """Windows of two from a zero state go on with 0 4 1 2."""
    assert free("120412", settings=("generation.seed=12",)).exact


def test_the_seeds_first_occurrence_counts() -> None:
    """12 stands twice, and goes on differently."""
    assert free("0120412013").sequence == tuple("0132013")
    assert free("0120412013").first_divergence == 2


def test_a_seed_may_overlap_itself() -> None:
    """11 in 0111: what follows the first of its two occurrences is a single 1."""
    assert free("0111", settings=(*STREAM, "generation.seed=11")).length == 1


def test_a_seed_across_two_sequences_is_no_occurrence(tmp_path: Path) -> None:
    """…1 | 2 0… is passed over, and so is a 12 that ends a sequence; the third file has one."""
    result = free("3301", "2044", "3312", "12013", folder=tmp_path)

    assert (result.length, result.exact) == (3, True)


def test_the_data_ends_with_its_sequence(tmp_path: Path) -> None:
    """After 12 in the first file comes 0, and then another file."""
    assert free("120", "1324", folder=tmp_path).length == 1


@pytest.mark.parametrize("data", ["4444", "0412", "1", "2112"])
def test_a_seed_that_nothing_follows_gives_no_run(data: str) -> None:
    """It does not occur, or it ends the data, or is longer than it; the reason names it."""
    reason = run(digits(data, settings=SEED))

    assert reason == "no free running: no sequence of the data has the seed '12' with a token after it"


def test_without_a_seed_there_is_no_run() -> None:
    """The reason names the setting."""
    reason = run(digits("12013", settings=STREAM))

    assert reason == "no free running: the configuration has no generation.seed"


def test_a_seed_without_a_token_gives_no_run() -> None:
    """Notes may be written with bar checks; those alone are no seed."""
    experiment = digits(
        "0",
        settings=(
            "dataset={kind: notes, inline: c4 d4 e4 f4, window: 2}",
            "training.batching=stream",
            "generation.seed=|",
        ),
    )

    assert run(experiment) == "no free running: generation.seed has no token"


def test_an_unknown_token_in_the_seed_is_refused() -> None:
    """With its place in the setting."""
    with pytest.raises(VocabularyError, match=r"generation\.seed:1:2: .*'7'"):
        run(digits("12013", settings=(*STREAM, "generation.seed=17")))


THREE = ("training.batch_size=1", "generation.length=3")


def run_seeds(experiment: Experiment, seeds: int) -> SeedRuns | str:
    corpus = load_corpus(experiment.dataset)
    part = split_corpus(corpus, experiment).parts["train"]
    return run_from_seeds(CountingModel(), corpus, part, experiment, seeds=seeds)


def runs(
    *sequences: str, settings: tuple[str, ...] = (), seeds: int = 9, folder: Path | None = None
) -> SeedRuns:
    result = run_seeds(digits(*sequences, settings=(*THREE, *settings), folder=folder), seeds)
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
    monkeypatch.setattr("rnnlab.evaluation.free_running.LANES_AT_ONCE", 1)

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
        "no free running from seeds: no sequence of the validation part has 4 tokens: a window and the"
        " token after it"
    )
