"""What an experiment consists of, before any training."""

from collections import Counter
from pathlib import Path

import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.datasets.batching import gather
from rnnlab.errors import ConfigError, DataError
from rnnlab.evaluation.ceiling import Ceiling
from rnnlab.reports.description import Description, TargetShare, describe
from tests.experiments import SENTENCE, SONG, STREAM, experiment

CONFIGS = Path(__file__).parents[2] / "configs"


def config(name: str) -> Description:
    return describe(read_experiment(CONFIGS / f"{name}.yaml"))


def test_the_song_has_the_lectures_windows() -> None:
    """E1: shape (50, 5), and how it begins."""
    found = config("nabiya_stateful_lstm")

    assert found.windows_shape == (50, 5)
    assert found.windows.tolist()[:5] == [
        [11, 9, 2, 10, 8],
        [9, 2, 10, 8, 1],
        [2, 10, 8, 1, 7],
        [10, 8, 1, 7, 8],
        [8, 1, 7, 8, 9],
    ]
    assert found.window_texts()[:2] == ["g8 e8 e4 f8 → d8", "e8 e4 f8 d8 → d4"]
    assert len(found.windows) == len(found.window_texts()) == 10


def test_the_ship_has_the_lectures_windows() -> None:
    """E5: 170 windows of 10, each shifted by one."""
    found = config("ship_stacked_lstm")

    assert found.windows_shape == (170, 11)
    assert found.window_texts()[:2] == ["if you wan → f you want", "f you want →  you want "]
    assert found.architecture.parameters == 10_850


@pytest.mark.parametrize(
    ("name", "ceiling"),
    [("nabiya_mlp", Ceiling(46, 50)), ("nabiya_lstm", Ceiling(46, 50)), ("nabiya_stateful_lstm", None)],
)
def test_windows_alone_have_a_ceiling(name: str, ceiling: Ceiling | None) -> None:
    """E1: 46 of 50 without a state; with one, what came before the window is known too."""
    assert config(name).ceiling == ceiling


def test_targets_are_counted_once_for_each_window() -> None:
    """The last targets of the nine windows, most frequent first; equals by id."""
    found = describe(experiment(SONG))

    assert found.targets[:2] == (TargetShare("d8", 2, 2 / 9), TargetShare("g8", 2, 2 / 9))
    assert sum(target.count for target in found.targets) == 9
    assert sum(target.share for target in found.targets) == pytest.approx(1)
    assert "e4" not in {target.token for target in found.targets}


def test_only_the_training_part_is_shown() -> None:
    """A held-out end is in neither windows nor targets: 10 of 13 notes make 6 windows."""
    found = describe(
        experiment(SONG, "dataset.split={kind: contiguous, validation: 0.4, gap: 0}", "dataset.window=2")
    )

    assert found.splits.parts["train"].end == 8
    assert found.windows_shape == (6, 3)
    assert found.window_texts()[-1] == "d4 c8 → d8"
    assert sum(target.count for target in found.targets) == 6


def test_a_stream_is_shown_by_its_lanes() -> None:
    """Three lanes of the 72 characters; each is cut every 5 steps, and a cut goes on where the last ended."""
    found = describe(experiment(STREAM))

    assert (found.windows_shape, found.window_texts()) == ((0, 6), [])
    assert [lane.tokens for lane in found.lanes] == [24, 24, 23]
    text = found.corpus.vocabulary.join(found.corpus.ids)
    for lane, begin in zip(found.lanes, (0, 24, 48), strict=True):
        assert ["".join(cut) for cut in lane.cuts] == [text[begin + at : begin + at + 5] for at in (0, 5, 10)]
    assert found.ceiling is None
    assert found.batches.lanes == 3


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("training.batch_size=2", "dataset.window=3"),
        ("dataset.unit=line", "dataset.inline=null", "dataset.path=lines", "dataset.split={kind: none}"),
    ],
    ids=["three lanes", "two lanes", "lines"],
)
def test_lanes_and_targets_are_those_of_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]
) -> None:
    """What the batches of an epoch read, and what they are asked for."""
    monkeypatch.chdir(tmp_path)
    Path("lines").write_text("the fox\njumps\nover\nthe lazy dog and\nthe cat\n")
    found = describe(experiment(STREAM, *settings))
    batches, corpus = found.batches, found.corpus
    steps = [
        gather(corpus, starts, counts, window=batches.window, target="shifted", first=False)
        for starts, counts in zip(*batches.epoch(0), strict=True)
    ]

    for number, lane in enumerate(found.lanes):
        for step, cut in zip(steps, lane.cuts, strict=False):
            assert corpus.vocabulary.decode(step.inputs[number][: len(cut)]) == list(cut)
    asked = Counter(
        corpus.vocabulary.tokens[target]
        for step in steps
        for target, weight in zip(step.targets.flat, step.weights.flat, strict=True)
        if weight
    )
    assert {share.token: share.count for share in found.targets} == asked


def test_windows_come_from_every_sequence(tmp_path: Path) -> None:
    """Three files of one, no and two windows."""
    for name, text in [("a", "abc"), ("b", "ab"), ("c", "cbab")]:
        (tmp_path / name).write_text(text)
    paths = ", ".join(str(tmp_path / name) for name in "abc")

    found = describe(
        experiment(
            SENTENCE,
            "dataset.inline=null",
            f"dataset.path=[{paths}]",
            "dataset.window=2",
            "training.batch_size=1",
        )
    )

    assert found.windows_shape == (3, 3)
    assert found.window_texts() == ["ab → bc", "cb → ba", "ba → ab"]
    assert found.targets == (
        TargetShare("a", 1, 1 / 3),
        TargetShare("b", 1, 1 / 3),
        TargetShare("c", 1, 1 / 3),
    )


def test_a_stream_of_sequences_shorter_than_a_window_is_shown_too(tmp_path: Path) -> None:
    """It can be trained on: the lanes run on over the sequences' ends, whose next token is no target."""
    for name in "abc":
        (tmp_path / name).write_text("abcd")
    paths = ", ".join(str(tmp_path / name) for name in "abc")

    found = describe(
        experiment(
            STREAM,
            "dataset.inline=null",
            f"dataset.path=[{paths}]",
            "dataset.split={kind: none}",
            "training.batch_size=1",
        )
    )

    (lane,) = found.lanes
    assert ["".join(cut) for cut in lane.cuts] == ["abcda", "bcdab", "c"]
    assert found.targets == tuple(TargetShare(token, 3, 1 / 3) for token in "bcd")
    assert found.batches.steps == 3


def test_data_shorter_than_a_window_is_refused() -> None:
    """By how much, and what to set."""
    with pytest.raises(DataError, match=r"dataset\.window 13 .* need 14 tokens .* 1 too few"):
        describe(experiment(SONG, "dataset.window=13"))


def test_a_network_that_does_not_fit_the_vocabulary_is_refused() -> None:
    """Without a head the last layer needs a unit for each of the eight tokens."""
    with pytest.raises(ConfigError, match=r"must equal the vocabulary's 8 tokens"):
        describe(experiment(SONG, "model={kind: lstm, units: 9, head: none}"))
