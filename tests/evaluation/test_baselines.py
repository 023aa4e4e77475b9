"""What counting alone is worth, on the targets of a network."""

import math
from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.evaluation import baselines
from rnnlab.evaluation.baselines import Baselines, best_baselines, measure_baselines
from rnnlab.evaluation.metrics import Metrics, measure
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits

HELD_OUT = "dataset.split={kind: contiguous, validation: 0.4, gap: 0}"
DRAWN = "dataset.split={kind: stratified_shuffle, validation: 0.3}"
LONG = "01312" * 10 + "4"


def measured(experiment: Experiment) -> Baselines:
    """The baselines of the validation part."""
    corpus = load_corpus(experiment.dataset)
    parts = split_corpus(corpus, experiment).parts
    order = reading_order(parts["validation"], corpus, experiment)
    return measure_baselines(corpus, parts["train"], corpus, order, experiment)


def test_the_unigram_on_a_stream() -> None:
    """Counted on 1, 3, 1 after 0; asked for 0 after 2: of 3 + 2 shares, one in five of the two left over."""
    result = measured(digits("013120", settings=(*STREAM, HELD_OUT, "training.batch_size=1")))

    assert result.unigram.loss == pytest.approx(-math.log(2 / 5 / 5))
    assert (result.unigram.order, result.tokens, result.counted, result.left_out) == (1, 1, 4, 0)


def test_the_best_is_the_lowest_on_the_part() -> None:
    """After 1 comes 3 or 2, which two tokens tell; all orders and both smoothings are there."""
    result = measured(digits(LONG, settings=(*STREAM, HELD_OUT, "training.batch_size=1")))

    assert result.best.loss == min(each.loss for each in result.all) < result.unigram.loss / 2
    assert result.best.order >= 3
    assert sorted((each.order, each.smoothing) for each in result.all) == [
        (order, smoothing) for order in range(1, 9) for smoothing in ("kneser_ney", "witten_bell")
    ]


@pytest.mark.parametrize(
    "settings",
    [STREAM, (), ("dataset.target=shifted",), STATEFUL, (DRAWN,), (DRAWN, "dataset.target=shifted")],
)
def test_targets_are_those_of_the_network(settings: tuple[str, ...], tmp_path: Path) -> None:
    """As many as `measure` counts, in every regime, over two sequences."""
    experiment = digits(LONG, LONG[:13], settings=(HELD_OUT, *settings), folder=tmp_path)
    corpus = load_corpus(experiment.dataset)
    part = split_corpus(corpus, experiment).parts["validation"]
    order = reading_order(part, corpus, experiment)

    metrics = measure(CountingModel(), corpus, order, target=experiment.dataset.target)

    assert measured(experiment).tokens == metrics.tokens


def test_a_window_of_two_is_worth_no_more_than_a_trigram() -> None:
    """The network sees two tokens; so does each model of a higher order."""
    result = measured(digits(LONG, settings=(HELD_OUT,)))
    losses = {each.order: each.loss for each in result.all if each.smoothing == "witten_bell"}

    assert losses[2] > losses[3]
    assert [losses[order] for order in range(4, 9)] == [losses[3]] * 5


def test_no_context_crosses_into_another_sequence(tmp_path: Path) -> None:
    """Trained on 1 | 2 0 | 1 | 2 0 | 1 | 2: 0 has come twice after 2, and nothing after 1. Then 0 → 1 → 0."""
    settings = (
        *STREAM,
        "training.batch_size=1",
        "dataset.split={kind: contiguous, validation: 0.25, gap: 0}",
    )
    result = measured(digits("1", "20", "1", "20", "1", "2010", settings=settings, folder=tmp_path))
    bigram = next(each for each in result.all if each.order == 2 and each.smoothing == "witten_bell")

    assert result.tokens == 2
    assert bigram.loss == pytest.approx(np.mean([-math.log(1 / 15), -math.log((2 + 1 / 5) / (2 + 1))]))


def test_the_end_of_a_line_is_asked_for() -> None:
    """Trained on lines 1 3 and 1 2: 1 begins both, 3 or 2 follows it, and then the end. Asked for 1 2."""
    lines = ("dataset.inline=13\n12\n12", "dataset.unit=line", "training.batch_size=1")
    split = "dataset.split={kind: sequences, validation: 0.34, shuffle: false}"
    result = measured(digits("0", settings=(*STREAM, *lines, split)))
    bigram = next(each for each in result.all if each.order == 2 and each.smoothing == "witten_bell")

    def unigram(count: int) -> float:
        return (count + 4 / 6) / (6 + 4)  # 1 and the end twice, 2 and 3 once

    likely = [(2 + unigram(2)) / 3, (1 + 2 * unigram(1)) / 4, (1 + unigram(2)) / 2]
    assert result.tokens == 3
    assert bigram.loss == pytest.approx(-np.log(likely).mean())


def test_of_a_large_text_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four tokens at most: 3, 1, 2 after 1; the rest is said to be left out."""
    monkeypatch.setattr(baselines, "MOST_TOKENS", 4)
    result = measured(digits("44441312" + "13131", settings=(*STREAM, HELD_OUT, "training.batch_size=1")))

    likely = {token: (count + 3 / 5) / 6 for token, count in {1: 1, 3: 1}.items()}
    assert (result.counted, result.left_out) == (4, 4)
    assert result.unigram.loss == pytest.approx(np.mean([-math.log(likely[each]) for each in (3, 1, 3, 1)]))


UP = "c4 d4 e4 c4 d4 e4 c4 d4 e4 c4 d4 e4"


@pytest.mark.parametrize(("held_out", "copies"), [("fis4 gis4 bes4 fis4 gis4 bes4", 1), (UP, 0)])
def test_of_the_data_with_and_without_copies_the_better_is_counted(
    held_out: str, copies: int, tmp_path: Path
) -> None:
    """Copies help where the held-out tune is in another key, and harm where it is in the same."""
    for name, text in (("train", UP), ("held", held_out)):
        (tmp_path / f"{name}.notes").write_text(text)
    page = (
        "dataset: {kind: notes, path: train.notes, split: {kind: files, validation: held.notes},"
        " augment: {semitones: [6]}}\nmodel: {kind: lstm, units: 2}\ntraining: {batch_size: 1}"
    )
    settings = parse_experiment(page, name="page", folder=tmp_path, overrides=["dataset.window=2"])
    corpus = load_corpus(settings.dataset)
    parts = split_corpus(corpus, settings).parts
    order = reading_order(parts["validation"], corpus, settings)

    plain = measure_baselines(corpus, parts["train"], corpus, order, settings)
    result = best_baselines(corpus, parts["train"], corpus, order, settings)

    assert (plain.copies, result.copies) == (None, copies)
    assert (result.best.loss < plain.best.loss) == bool(copies)
    assert result.counted == plain.counted * (1 + copies)


@pytest.mark.parametrize("settings", [STREAM, ()])
def test_one_token_alone_is_certain(settings: tuple[str, ...]) -> None:
    """Every loss is 0, and no rounding error above or below it."""
    alone = ("dataset.vocabulary=0", "training.batch_size=1")
    result = measured(digits("0" * 40, settings=(*settings, HELD_OUT, *alone)))

    assert {str(each.loss) for each in result.all} == {"0.0"}
    assert str(Metrics(total_loss=-0.0, correct=1, tokens=1).loss) == "0.0"
