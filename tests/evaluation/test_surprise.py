"""How surprised a model is by each token, in every regime."""

import math
from pathlib import Path

import pytest

from rnnlab.evaluation import surprise
from rnnlab.evaluation.measurement import evaluate
from rnnlab.evaluation.surprise import Surprises, surprises
from tests.counting_model import CountingModel
from tests.evaluation.digits import STATEFUL, STREAM, digits
from tests.evaluation.opinionated import model_that_expects
from tests.experiments import SONG, experiment
from tests.trained import STREAM as SENTENCE_STREAM
from tests.trained import trained

SHIFTED = ("dataset.target=shifted",)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model counts: after tokens it expects their sum + how many they are, mod 5, for 1 bit; else 3."""
    monkeypatch.setattr(surprise, "numpy_model", lambda trained: CountingModel())


def of_digits(*sequences: str, settings: tuple[str, ...] = (), folder: Path | None = None) -> Surprises:
    return surprises(model_that_expects("0", digits(*sequences, settings=settings, folder=folder)))


def bits(found: Surprises) -> list[tuple[int, str, int, str]]:
    """Index, token, bits and the token that was expected."""
    return [(each.index, each.token, round(each.nats / math.log(2)), each.expected) for each in found.tokens]


def test_each_token_is_shown_with_what_was_expected() -> None:
    """A model that is 3 to 1 for d8 against each of seven others; its rank is 1, theirs the order of ids."""
    found = surprises(model_that_expects("d8", experiment(SONG), odds=3))

    assert found.split == "train"
    assert [each.index for each in found.tokens] == list(range(5, 14))
    d8, d4 = found.tokens[:2]
    assert (d8.token, d8.rank, d8.expected, d8.probability) == ("d8", 1, "d8", pytest.approx(0.3, rel=1e-6))
    assert (d4.token, d4.expected, d4.nats) == ("d4", "d8", pytest.approx(math.log(10), rel=1e-6))
    assert d4.rank > 1


@pytest.mark.usefixtures("counting")
def test_a_stream_is_read_by_one_lane() -> None:
    """0 → 1 and 0 1 → 3 are right; 0 1 3 → 7, not 1; 0 1 3 1 → 9, not 2; however many lanes training has."""
    for lanes in (1, 2):
        found = of_digits("01312", settings=(*STREAM, f"training.batch_size={lanes}"))
        assert bits(found) == [(2, "1", 1, "1"), (3, "3", 1, "3"), (4, "1", 3, "2"), (5, "2", 3, "4")]


@pytest.mark.usefixtures("counting")
def test_of_windows_each_token_is_shown_once_after_the_most_tokens() -> None:
    """0 → 1 and 0 1 → 3 in the first window; 1 3 → 6 in the second, 3 1 → 6 in the third, both a 1."""
    expected = [(2, "1", 1, "1"), (3, "3", 1, "3"), (4, "1", 1, "1"), (5, "2", 3, "1")]

    assert bits(of_digits("01312", settings=SHIFTED)) == expected
    assert bits(of_digits("01312")) == expected[1:]


@pytest.mark.usefixtures("counting")
def test_windows_with_a_state_go_on_with_it() -> None:
    """0 1 → 3; then 0 1 1 3 → 9, not 1; then 0 1 1 3 3 1 → 15, not 2. Shifted also shows 0 → 1."""
    expected = [(2, "1", 1, "1"), (3, "3", 1, "3"), (4, "1", 3, "4"), (5, "2", 3, "0")]

    assert bits(of_digits("01312", settings=(*STATEFUL, *SHIFTED))) == expected
    assert bits(of_digits("01312", settings=STATEFUL)) == expected[1:]


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize("settings", [STREAM, SHIFTED, (*STATEFUL, *SHIFTED)])
def test_each_sequence_begins_anew(settings: tuple[str, ...], tmp_path: Path) -> None:
    """0 1 3 | 1 2 0: its first token is nobody's target, and what follows knows nothing of the other file."""
    found = of_digits("013", "120", settings=(*settings, "training.batch_size=1"), folder=tmp_path)

    assert bits(found) == [(2, "1", 1, "1"), (3, "3", 1, "3"), (5, "2", 1, "2"), (6, "0", 1, "0")]


def test_their_mean_is_the_loss() -> None:
    """Of one lane over the held-out part, to the last bits of float32."""
    model = trained(SENTENCE_STREAM, Path.cwd(), "training.batch_size=1")

    tokens = surprises(model).tokens

    assert sum(each.nats for each in tokens) / len(tokens) == pytest.approx(evaluate(model).metrics.loss)
