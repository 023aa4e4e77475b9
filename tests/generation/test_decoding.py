"""What each regime feeds back, on a model whose answers are worked out by hand.

`CountingModel` expects (sum + count) mod 5 of the ids it has read: a token or a state too many shows at once.
"""

import numpy as np
import pytest

from rnnlab.config.schema import Regime
from rnnlab.engines import Ids
from rnnlab.generation import decoding
from rnnlab.generation.decoding import Decoding, Sample, decode, tokens
from rnnlab.generation.sampling import Sampling
from tests.counting_model import CountingModel

REGIMES: list[Regime] = ["stream", "windows", "stateful_windows"]


def greedy(regime: Regime, *seed: int, length: int = 4, stop: int | None = None) -> tuple[int, ...]:
    (sample,) = decode(CountingModel(), np.array(seed), Decoding(regime, 2, length, stop=stop))
    return sample.ids


def samples(how: Decoding, *seed: int) -> list[Sample]:
    return decode(CountingModel(), np.array(seed), how)


def test_a_stream_reads_each_token_once() -> None:
    """1 2 → 3 + 2 → 0; +0 → 3 + 3 → 1; +1 → 4 + 4 → 3; +3 → 7 + 5 → 2."""
    assert greedy("stream", 1, 2) == (0, 1, 3, 2)


def test_windows_are_read_from_a_zero_state() -> None:
    """1 2 → 3 + 2 → 0; 2 0 → 2 + 2 → 4; 0 4 → 4 + 2 → 1; 4 1 → 5 + 2 → 2."""
    assert greedy("windows", 1, 2) == (0, 4, 1, 2)


def test_stateful_windows_are_read_on_the_state_of_the_window_before() -> None:
    """1 2 → 3 + 2 → 0; 2 0 → 5 + 4 → 4; 0 4 → 9 + 6 → 0; 4 0 → 13 + 8 → 1."""
    assert greedy("stateful_windows", 1, 2) == (0, 4, 0, 1)


def test_a_stream_reads_all_of_a_long_seed() -> None:
    """3 1 2 4 → 10 + 4 → 4; +4 → 14 + 5 → 4."""
    assert greedy("stream", 3, 1, 2, 4, length=2) == (4, 4)


def test_windows_read_the_last_tokens_of_a_long_seed() -> None:
    """What came before a window is not known in training either."""
    assert greedy("windows", 4, 4, 3, 1, 2) == greedy("windows", 1, 2)


def test_stateful_windows_read_a_long_seed_window_after_window() -> None:
    """3 1 → 4 + 2; 1 2 → 7 + 4 → 1; 2 1 → 10 + 6 → 1; 1 1 → 12 + 8 → 0."""
    assert greedy("stateful_windows", 3, 1, 2, length=3) == (1, 1, 0)


def test_a_seed_and_what_follows_it_is_a_longer_seed() -> None:
    """Stateful windows: a seed with the first tokens that were written goes on as the run did."""
    written = greedy("stateful_windows", 1, 2, length=6)

    assert greedy("stateful_windows", 1, 2, *written[:3], length=3) == written[3:]


@pytest.mark.parametrize(
    ("regime", "expected"),
    [("stream", (4, 4, 4)), ("windows", (4, 4, 0)), ("stateful_windows", (4, 3, 2))],
)
def test_a_short_seed_is_read_as_it_is(regime: Regime, expected: tuple[int, ...]) -> None:
    """One token of a window of two, and nothing in place of the other.

    Stream: 3 + 1; 7 + 2; 11 + 3. Windows: 3 + 1; 3 4 → 7 + 2; 4 4 → 8 + 2. Stateful windows: 3 + 1;
    3 4 → 10 + 3; 4 3 → 17 + 5.
    """
    assert greedy(regime, 3, length=3) == expected


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("length", [1, 3])
def test_a_sample_is_as_long_as_asked_for(regime: Regime, length: int) -> None:
    """Neither the seed nor a token more."""
    assert greedy(regime, 1, 2, length=length) == greedy(regime, 1, 2)[:length]


def test_the_model_is_not_asked_for_more_than_is_written() -> None:
    """Of the last token nobody wants to know what follows."""
    read: list[int] = []

    class Listening(CountingModel):
        def forward(self, ids: Ids, *how, **more):  # type: ignore[no-untyped-def]
            read.extend(ids.ravel().tolist())
            return super().forward(ids, *how, **more)

    decode(Listening(), np.array([1, 2]), Decoding("stream", 2, 3))

    assert read == [1, 2, 0, 1]


def test_a_stop_token_ends_a_sample_and_is_not_written() -> None:
    """0 1 3 2 …, stopped by 3."""
    assert greedy("stream", 1, 2, length=100, stop=3) == (0, 1)
    assert greedy("stream", 1, 2, length=2, stop=3) == (0, 1)


def test_a_stop_token_can_come_first() -> None:
    """Then nothing is written."""
    (sample,) = samples(Decoding("stream", 2, 100, stop=0), 1, 2)

    assert sample == Sample((), 0.0)


def test_a_stop_token_in_the_seed_stops_nothing() -> None:
    """Only what is written is looked at."""
    assert greedy("stream", 1, 2, length=2, stop=2) == (0, 1)


def test_each_sample_stops_by_itself() -> None:
    """With a stop token each sample is what it is without, up to the first stop."""
    how = {"regime": "stream", "window": 2, "length": 12, "sampling": Sampling(1.0), "samples": 20}
    free = samples(Decoding(**how), 1)  # type: ignore[arg-type]
    stopped = samples(Decoding(**how, stop=4), 1)  # type: ignore[arg-type]

    ends = [sample.ids.index(4) if 4 in sample.ids else 12 for sample in free]
    assert [sample.ids for sample in stopped] == [
        sample.ids[:end] for sample, end in zip(free, ends, strict=True)
    ]
    assert len(set(ends)) > 3


def test_the_log_probability_is_that_of_the_written_tokens() -> None:
    """Greedy takes what has probability 1/2 each time: n tokens have n ln 1/2; the stop token has no part."""
    (four,) = samples(Decoding("stream", 2, 4), 1, 2)
    (two,) = samples(Decoding("stream", 2, 100, stop=3), 1, 2)

    assert four.log_probability == pytest.approx(4 * np.log(1 / 2))
    assert two.log_probability == pytest.approx(2 * np.log(1 / 2))


def test_the_log_probability_does_not_know_the_temperature() -> None:
    """Under the model itself: 1/2 for what it expects, 1/8 for any other token, however they were drawn."""
    for sample in samples(Decoding("stream", 2, 5, Sampling(50.0), samples=8), 1, 2):
        total, count, expected = 3, 2, 0.0
        for token in sample.ids:
            expected += np.log(1 / 2 if token == (total + count) % 5 else 1 / 8)
            total, count = total + token, count + 1

        assert sample.log_probability == pytest.approx(expected)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_sample_does_not_depend_on_how_many_there_are(regime: Regime) -> None:
    """The first two of seven are the two of two, and no two of the seven are alike."""
    seven = samples(Decoding(regime, 2, 30, Sampling(1.0), samples=7, random_seed=4), 1, 2)
    two = samples(Decoding(regime, 2, 30, Sampling(1.0), samples=2, random_seed=4), 1, 2)

    assert seven[:2] == two
    assert len({sample.ids for sample in seven}) == 7


def test_the_random_seed_decides_what_is_drawn() -> None:
    """The same seed writes the same, to the bit; another one does not."""
    first, again, other = (
        samples(Decoding("stream", 2, 30, Sampling(1.0), random_seed=seed), 1, 2) for seed in (1, 1, 2)
    )

    assert first == again
    assert first[0].ids != other[0].ids


def test_tokens_come_as_they_are_chosen() -> None:
    """A step at a time, for each lane a token and the logits that it was chosen by."""
    written = []
    for ids, logits in tokens(CountingModel(), np.array([1, 2]), Decoding("stream", 2, 2, samples=3)):
        assert (logits.argmax(axis=-1) == ids).all()
        written.append(ids.tolist())

    assert written == [[0, 0, 0], [1, 1, 1]]


def test_scores_do_not_depend_on_how_many_are_worked_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last block may be a part of one."""
    how = Decoding("stream", 2, 7, Sampling(temperature=1.0), samples=3)
    at_once = decode(CountingModel(), np.array([1, 2]), how)
    monkeypatch.setattr(decoding, "SCORED_AT_ONCE", 3)

    assert decode(CountingModel(), np.array([1, 2]), how) == at_once
