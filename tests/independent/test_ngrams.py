"""The n-grams beside a network's loss are those of the papers, on the same targets with the same context."""

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.evaluation.baselines import Baselines
from rnnlab.evaluation.measurement import evaluate
from rnnlab.models.model_file import TrainedModel
from tests.independent.drawing import BATCH_SIZES, REGIMES, Drawn, Regime, draw, draw_windows
from tests.independent.plain_measuring import all_windows
from tests.independent.plain_network import Page
from tests.independent.plain_ngrams import PlainNGrams
from tests.independent.training import batched

HIGHEST_ORDER = 8
Sequences = Sequence[Sequence[int]]
Target = tuple[Sequence[int], int, int]


def targets(page: Page, sequences: Sequences, windows: Sequence[tuple[int, int]]) -> Iterator[Target]:
    """Each target of the network: its sequence, its place, and how many tokens before it are heard."""
    if page["training"]["batching"] == "stream":
        yield from ((ids, place, place) for ids in sequences for place in range(1, len(ids)))
        return
    length = page["dataset"]["window"]
    for number, begin in windows:
        for place in range(begin + 1, begin + length + 1):
            heard = place if page["model"].get("stateful") else place - begin
            if page["dataset"]["target"] == "shifted" or place == begin + length:
                yield sequences[number], place, heard


def assert_the_losses_of(models: PlainNGrams, asked: list[Target], received: Baselines) -> None:
    """Every order and smoothing, to 1e-5."""
    expected = {}
    for order in range(1, models.orders + 1):
        for name in ("witten_bell", "kneser_ney"):
            total = 0.0
            for ids, place, heard in asked:
                context = tuple(ids[place - min(heard, order - 1) : place])
                total -= math.log(getattr(models, name)(context, ids[place]))
            expected[order, name] = total / len(asked)
    found = {(each.order, str(each.smoothing)): each.loss for each in received.all}

    assert received.tokens == len(asked)
    assert found == pytest.approx(expected, abs=1e-5)


def baselines_of(model: TrainedModel) -> Baselines:
    """What `evaluate` shows beside the loss of the validation part."""
    found = evaluate(model, split="validation").baselines
    assert found is not None
    return found


def model_of(drawn: Drawn) -> TrainedModel:
    return drawn.model(np.random.default_rng(0))


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("regime", REGIMES)
def test_every_ngram_model_is_that_of_the_papers(tmp_path: Path, regime: Regime, number: int) -> None:
    """On files, lines and parts of a text, at every batch size; only what training reads is counted."""
    rng = np.random.default_rng([zlib.crc32(regime.encode()), number])
    drawn = draw(rng, tmp_path, cell="simple_rnn", regime=regime, size=3)
    model, window = model_of(drawn), drawn.page["dataset"]["window"]
    train = drawn.sequences("train", model.tokens)
    counted = train if regime == "stream" else [ids for ids in train if len(ids) > window]
    models = PlainNGrams(counted, vocab_size=len(model.tokens), most=HIGHEST_ORDER)
    held_out = drawn.sequences("validation", model.tokens)
    asked = [*targets(drawn.page, held_out, all_windows(held_out, window))]

    for batch_size in BATCH_SIZES:
        assert_the_losses_of(models, asked, baselines_of(batched(model, batch_size)))


@pytest.mark.parametrize("target", ["next", "shifted"])
def test_windows_that_are_drawn_are_counted_as_far_as_they_reach(tmp_path: Path, target: str) -> None:
    """Training windows that share a token are one range of tokens, and nothing between ranges is counted."""
    drawn = draw_windows(np.random.default_rng(0), tmp_path, cell="gru_reset_after", target=target)
    model = model_of(drawn)
    ids = [model.tokens.index(letter) for letter in drawn.page["dataset"]["inline"]]
    parts = load_data(drawn.experiment()).splits.parts
    train, held_out = (parts[name].window_starts.tolist() for name in ("train", "validation"))
    ranges: list[list[int]] = []
    for begin in train:
        if not ranges or begin >= ranges[-1][1]:
            ranges.append([begin, begin + 4])
        ranges[-1][1] = begin + 4
    models = PlainNGrams(
        [ids[begin:end] for begin, end in ranges], vocab_size=len(model.tokens), most=HIGHEST_ORDER
    )

    received = baselines_of(model)

    assert 2 < len(ranges) < len(train), json.dumps(ranges)
    assert_the_losses_of(models, [*targets(drawn.page, [ids], [(0, begin) for begin in held_out])], received)
