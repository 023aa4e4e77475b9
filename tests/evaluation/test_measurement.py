"""Everything that `rnnlab evaluate` measures, on models whose opinion is known."""

import dataclasses
import math
from pathlib import Path

import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets.parts import Ceiling
from rnnlab.errors import DataError, UsageError, VocabularyError
from rnnlab.evaluation.measurement import Evaluation, evaluate
from tests.evaluation.opinionated import model_that_expects
from tests.experiments import SENTENCE, SONG, STREAM, experiment
from tests.trained import trained

SPLIT = "dataset.split={kind: contiguous, validation: 0.25, test: 0.25}"
SHORT = ("dataset.window=2", "dataset.split.gap=0")
CHANGED = "the data has changed since this model was trained on it; the figures are of the new data"


def evaluated(text: str, *overrides: str) -> Evaluation:
    """The evaluation of random weights."""
    return evaluate(trained(text, Path.cwd(), *overrides))


def test_the_song_is_measured_in_every_way() -> None:
    """A model that is 3 to 1 for d8 against each other note: 2 of 9 targets, and d8 when it plays."""
    result = evaluate(model_that_expects("d8", experiment(SONG), odds=3))

    likely, unlikely = math.log(10 / 3), math.log(10)
    assert (result.split, result.metrics.correct, result.metrics.tokens) == ("train", 2, 9)
    assert result.metrics.loss == pytest.approx((2 * likely + 7 * unlikely) / 9, rel=1e-6)
    assert result.free_running is not None
    assert result.free_running.sequence == ("d8",) * 9
    assert (result.free_running.correct, result.free_running.first_divergence) == (2, 2)
    assert (result.ceiling, result.reconstruction, result.notes) == (None, None, ())


def test_windows_without_a_state_have_a_ceiling() -> None:
    """The nine windows of the song's first line are all different."""
    assert evaluated(SONG, "model.stateful=false").ceiling == Ceiling(9, 9)


def test_windows_of_text_are_put_together_again() -> None:
    """49 characters, windows of 5: 44 of them give 5 + 44 − 1 characters."""
    sentence = experiment(SENTENCE)
    result = evaluate(model_that_expects("t", sentence, odds=9))

    assert result.reconstruction == "t" * 48
    assert result.metrics.tokens == 5 * 44


@pytest.mark.parametrize(
    ("text", "overrides"), [(SONG, ()), (STREAM, ()), (SENTENCE, ("dataset.target=next",))]
)
def test_other_data_is_not_put_together(text: str, overrides: tuple[str, ...]) -> None:
    """Notes, a stream, and windows of which only the last step counts."""
    assert evaluated(text, *overrides).reconstruction is None


def test_what_was_held_out_is_measured_first() -> None:
    """Validation where there is one; else the training part, which is all there is."""
    assert evaluated(STREAM).split == "validation"
    assert evaluated(STREAM, "dataset.split={kind: none}").split == "train"


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_part_can_be_named(split: str) -> None:
    """By the configuration, or by the caller, who comes first; the parts' tokens add up."""
    model = trained(STREAM, Path.cwd(), SPLIT, f"evaluation.split={split}")

    assert evaluate(model).split == split
    assert evaluate(model, split="train").split == "train"
    assert evaluate(model).metrics == evaluate(model, split=split).metrics


def test_the_parts_are_cut_on_a_token() -> None:
    """96 characters as 48, 24 and 24: each target but its first, a window left out between two."""
    model = trained(STREAM, Path.cwd(), SPLIT)

    assert [evaluate(model, split=name).metrics.tokens for name in ("train", "validation", "test")] == [
        42,
        18,
        23,
    ]


def test_a_part_that_is_not_there_is_refused() -> None:
    """With those that are, and where parts are made."""
    with pytest.raises(UsageError, match=r"split='test': .* only train, validation; see dataset\.split"):
        evaluate(trained(STREAM, Path.cwd()), split="test")


def test_without_a_seed_nobody_misses_the_free_run() -> None:
    """No seed was asked for, so there is no note of it."""
    result = evaluated(SENTENCE)

    assert (result.free_running, result.notes) == (None, ())


def test_no_seeds_are_none() -> None:
    """A caller who wants no free runs from windows gives 0; left out, the configuration says how many."""
    model = trained(STREAM, Path.cwd(), "evaluation.seeds=2", "generation.length=3")

    assert evaluate(model, seeds=0).seed_runs is None
    runs = evaluate(model).seed_runs
    assert runs is not None
    assert runs.seeds == 2


def test_a_seed_that_is_not_in_the_data_is_said() -> None:
    """The figures come all the same."""
    result = evaluated(SONG, "generation.seed=d4 d4")

    assert result.free_running is None
    assert result.notes == (
        "no free running: no sequence of the data has the seed 'd4 d4' with a token after it",
    )
    assert result.metrics.tokens == 9


def test_a_seed_that_the_model_does_not_know_is_said() -> None:
    """A page for any text may have a seed that a text lacks; the figures come all the same."""
    result = evaluated(SONG, "generation.seed=a4")

    assert result.free_running is None
    assert result.notes[0].startswith(
        "no free running: generation.seed:1:1: note 'a4' is not in the vocabulary"
    )
    assert result.metrics.tokens == 9


def test_only_what_is_held_out_has_baselines() -> None:
    """A part that is not trained on, or other data; text has bits per character, notes have none."""
    assert evaluated(SONG).baselines is None
    assert evaluated(STREAM, "evaluation.split=train").baselines is None
    held_out = evaluated(STREAM)
    assert held_out.baselines is not None
    assert held_out.baselines.tokens == held_out.metrics.tokens
    assert held_out.bits_per_character == held_out.metrics.bits_per_token
    assert evaluated(SONG).bits_per_character is None


def test_seeds_can_be_a_setting() -> None:
    """The caller comes first; without either there are none."""
    model = trained(STREAM, Path.cwd(), "evaluation.seeds=2", "generation.length=3")

    assert [
        runs.seeds for runs in (evaluate(model).seed_runs, evaluate(model, seeds=1).seed_runs) if runs
    ] == [2, 1]
    assert evaluated(STREAM).seed_runs is None


def on_file(folder: Path, data: str) -> Experiment:
    (folder / "song.notes").write_text(data)
    return experiment(SONG, "dataset.inline=null", f"dataset.path={folder / 'song.notes'}")


def test_changed_data_is_measured_and_said(tmp_path: Path) -> None:
    """The digest of the data is in the model; a model without one says nothing."""
    model = model_that_expects("d8", on_file(tmp_path, "g8 e8 e4 f8 d8 d4 c8"))
    assert evaluate(model).notes == ()

    (tmp_path / "song.notes").write_text("g8 e8 e4 f8 d8 d8")

    assert evaluate(model).notes == (CHANGED,)
    assert evaluate(model).metrics.tokens == 2
    assert evaluate(dataclasses.replace(model, data_sha256="")).notes == ()


def test_another_file_is_measured_whole(tmp_path: Path) -> None:
    """All its windows, under the name `data`, free run and all, without a word on the other data."""
    other = tmp_path / "other.notes"
    other.write_text("c8 g8 e8 e4 f8 d8 d8")
    model = model_that_expects("d8", experiment(SONG, SPLIT, *SHORT), odds=3)

    result = evaluate(model, data=other)

    assert (result.split, result.metrics.tokens, result.metrics.correct) == ("data", 5, 2)
    assert result.free_running is not None
    assert (result.free_running.length, result.free_running.exact) == (2, True)
    assert result.notes == ()


def test_another_file_is_read_with_the_models_vocabulary(tmp_path: Path) -> None:
    """A note that the model does not know is refused, with its place."""
    other = tmp_path / "other.notes"
    other.write_text("c8 g8 e8\nb4 e4 f8")

    with pytest.raises(VocabularyError, match=r"other\.notes:2:1: .*'b4'"):
        evaluate(trained(SONG, Path.cwd()), data=other)


def test_another_file_has_no_parts(tmp_path: Path) -> None:
    """Of --data and --split one must go."""
    (tmp_path / "any.notes").write_text("g8 e8 e4 f8 d8")

    with pytest.raises(UsageError, match=r"split train: .* so it has no parts"):
        evaluate(trained(SONG, Path.cwd()), split="train", data=tmp_path / "any.notes")


def test_a_file_that_is_missing_needs_no_hint_to_name_one(tmp_path: Path) -> None:
    """It was named with --data; only its name was wrong."""
    with pytest.raises(DataError, match=r"typo\.notes") as error:
        evaluate(trained(SONG, Path.cwd()), data=tmp_path / "typo.notes")
    assert "--data" not in str(error.value)


@pytest.mark.parametrize("text", [SONG, STREAM])
def test_another_file_that_is_too_short_has_no_share_to_enlarge(text: str, tmp_path: Path) -> None:
    """By how much, and nothing of `dataset.split`, which has no part in it."""
    other = tmp_path / "short.txt"
    other.write_text("c8" if text == SONG else "a")

    with pytest.raises(DataError, match="the data part is too short") as error:
        evaluate(trained(text, Path.cwd()), data=other)
    assert "dataset.split" not in str(error.value)


def test_data_that_is_gone_can_be_named(tmp_path: Path) -> None:
    """On another machine the configuration's path leads nowhere: the remedy is --data."""
    model = model_that_expects("d8", on_file(tmp_path, "g8 e8 e4 f8 d8 d4 c8"))
    (tmp_path / "song.notes").rename(tmp_path / "moved.notes")

    with pytest.raises(DataError, match=r"song\.notes: no such file"):
        evaluate(model)
    assert evaluate(model, data=tmp_path / "moved.notes").metrics.tokens == 3


def test_no_data_is_read_into_the_state() -> None:
    """Twice the same figures, to the bit."""
    model = trained(STREAM, Path.cwd())

    assert evaluate(model) == evaluate(model)
