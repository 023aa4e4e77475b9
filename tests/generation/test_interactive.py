"""A text that is drawn, chosen and taken back token by token.

`CountingModel` expects (sum + count) mod 5 of what it has read, with probability 1/2, and any other of its
five tokens with 1/8.
"""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.generation import Generation
from rnnlab.config.schema import Regime
from rnnlab.engines import Ids
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import ModelFileError, UsageError, VocabularyError
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.interactive import KEPT_EVERY, Continuation, InteractiveModel
from rnnlab.generation.label_writing import write_for_label
from rnnlab.generation.repetition import Penalty
from rnnlab.generation.sampling import Sampling, uniform_streams
from rnnlab.generation.writing import write_samples
from tests.counting_model import CountingModel
from tests.trained import SENTENCE, SONG, STREAM, trained
from tests.trained_tasks import FROM_LABEL, trained_task

REGIMES: list[Regime] = ["stream", "windows", "stateful_windows"]

LONG = 2 * KEPT_EVERY + 5

LINES = """
dataset: {kind: text, unit: line, inline: "kim\\npark\\nlee\\nchoi\\nkang\\nyoon"}
model: {kind: gru, units: 6}
"""

NETWORKS = {
    "mlp": SONG.replace("{kind: lstm, units: 6, stateful: true}", "{kind: mlp, units: 6}"),
    "lstm": SONG,
    "stack": SENTENCE.replace("[5, 7]", "[6, 6, 6], residual: true"),
}


def counted(regime: Regime = "stream", **settings) -> Continuation:
    """A text of the counting model that begins with 1 2; at temperature 1 unless the settings say more."""
    how = Decoding(regime, 2, 1, **{"sampling": Sampling(1.0), **settings})
    return Continuation(CountingModel(), np.array([1, 2]), how)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize(
    "settings",
    [{}, {"sampling": Sampling(0.0)}, {"sampling": Sampling(0.7, 3, 0.9), "dry": Penalty(1.0, 2.0, 1)}],
    ids=["free", "greedy", "limited"],
)
def test_whoever_only_draws_gets_what_generate_writes(regime, settings):
    """With the same random seed, in each regime."""
    text = counted(regime, random_seed=3, **settings)

    drawn = tuple(text.draw() for _ in range(LONG))

    how = Decoding(regime, 2, LONG, **{"sampling": Sampling(1.0), "random_seed": 3, **settings})
    (sample,) = decode(CountingModel(), np.array([1, 2]), how)
    assert drawn == text.ids == sample.ids


def test_alternatives_are_those_of_the_model_and_what_is_drawn_stands_beside_them():
    """1 2 → 0 with 1/2; at temperature 1/2 with 16/20, and the others with 1/20."""
    text = counted(sampling=Sampling(0.5))

    found = text.likeliest(3)

    assert [each.token for each in found] == [0, 1, 2]
    np.testing.assert_allclose([each.probability for each in found], [1 / 2, 1 / 8, 1 / 8], atol=1e-6)
    np.testing.assert_allclose([each.drawn for each in found], [16 / 20, 1 / 20, 1 / 20], atol=1e-6)


@pytest.mark.parametrize(
    ("sampling", "drawn"),
    [
        (Sampling(1.0, top_k=2), [4 / 5, 1 / 5, 0, 0, 0]),
        (Sampling(1.0, top_p=0.5), [1, 0, 0, 0, 0]),
        (Sampling(1.0, min_p=0.5), [1, 0, 0, 0, 0]),
        (Sampling(0.0), [1, 0, 0, 0, 0]),
        (Sampling(1.0, top_k=1), [1, 0, 0, 0, 0]),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_has_no_chance_but_keeps_its_probability(sampling, drawn):
    """Of the five tokens after 1 2."""
    found = counted(sampling=sampling).likeliest(9)

    np.testing.assert_allclose([each.drawn for each in found], drawn, atol=1e-6)
    np.testing.assert_allclose([each.probability for each in found], [1 / 2, *[1 / 8] * 4], atol=1e-6)


def test_the_penalty_on_repetition_changes_what_is_drawn_only():
    """After 1 2 1 the 2 would be a repetition: its weight is divided by e. 4 + 3 → 2 is expected."""
    text = counted(dry=Penalty(1.0, 2.0, 1))
    text.take(1)

    first, second, *_ = text.likeliest(5)

    assert (first.token, second.token) == (2, 0)
    assert first.probability == pytest.approx(1 / 2, abs=1e-6)
    assert first.drawn == pytest.approx(4 / np.e / (4 / np.e + 4), abs=1e-6)


def test_a_token_that_is_never_drawn_can_be_taken():
    """At temperature 0 the model takes 0 after 1 2; after 1 2 3 it takes 6 + 3 → 4."""
    text = counted(sampling=Sampling(0.0))

    text.take(3)

    assert (text.draw(), text.ids) == (4, (3, 4))


@pytest.mark.parametrize("token", [-1, 5])
def test_only_a_token_of_the_vocabulary_can_be_taken(token):
    """Its five have the ids 0 to 4."""
    text = counted()

    with pytest.raises(ValueError, match="expected an id from 0 to 4"):
        text.take(token)
    assert text.ids == ()


def test_there_is_no_way_back_before_the_beginning():
    """The seed stays."""
    text = counted()
    text.take(4)

    assert [text.back(), text.back(), text.ids] == [True, False, ()]
    assert text.likeliest(1)[0].token == 0


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("steps", [1, 5, KEPT_EVERY + 6, LONG])
def test_after_going_back_all_is_as_if_the_tokens_had_never_been(regime, network, steps):
    """Bit for bit: the alternatives, and those after one more token."""
    model = numpy_model(trained(NETWORKS[network], Path.cwd()))
    how = Decoding(regime, 3, 1, sampling=Sampling(0.8), dry=Penalty(1.0, 2.0, 1))
    text, other = (Continuation(model, np.array([0, 1, 2, 0]), how) for _ in range(2))
    for _ in range(LONG):
        text.draw()

    for _ in range(steps):
        text.back()

    for token in text.ids:
        other.take(token)
    assert len(text.ids) == LONG - steps
    assert text.likeliest(99) == other.likeliest(99)
    text.take(1)
    other.take(1)
    assert text.likeliest(99) == other.likeliest(99)


def test_going_back_and_on_again_and_back_again():
    """What was kept of the tokens that were taken away is of no use any more."""
    text = counted()
    for token in [1] * LONG:
        text.take(token)
    for _ in range(KEPT_EVERY + 10):
        text.back()
    for token in [3] * (KEPT_EVERY + 10):
        text.take(token)
    text.back()

    other = counted()
    for token in text.ids:
        other.take(token)

    assert text.likeliest(5) == other.likeliest(5)


def test_going_back_reads_few_tokens_again():
    """However long the text is."""
    read: list[int] = []

    class Listening(CountingModel):
        def forward(self, ids: Ids, *how, **more):  # type: ignore[no-untyped-def]
            read.extend(ids.ravel().tolist())
            return super().forward(ids, *how, **more)

    text = Continuation(Listening(), np.array([1, 2]), Decoding("stream", 2, 1))
    for _ in range(20 * KEPT_EVERY):
        text.draw()
    read.clear()

    text.back()

    assert len(read) == KEPT_EVERY - 1


def test_each_draw_takes_the_next_random_number():
    """Going back does not give it back, so the next draw may give another token."""
    uniforms = uniform_streams(1, 1)
    cumulated = np.cumsum([1 / 2, *[1 / 8] * 4])
    text = counted(random_seed=1)

    for _ in range(10):
        token = text.draw()
        assert token == np.searchsorted(cumulated, next(uniforms)[0], side="right")
        text.back()


def test_the_stop_token_ends_the_text_until_it_is_taken_back():
    """0 is the stop token, and is expected after 1 2."""
    text = counted(sampling=Sampling(0.0), stop=0)

    assert (text.draw(), text.ended, text.ids) == (0, True, (0,))
    with pytest.raises(ValueError, match="has ended"):
        text.draw()
    with pytest.raises(ValueError, match="has ended"):
        text.take(1)
    assert text.back()
    assert (text.ended, text.ids, text.likeliest(1)[0].token) == (False, (), 0)


def test_logits_that_are_no_numbers_are_an_error():
    """As in `generate`."""

    class Diverged(CountingModel):
        def forward(self, ids: Ids, *how, **more):  # type: ignore[no-untyped-def]
            logits, state = super().forward(ids, *how, **more)
            return logits * np.nan, state

    text = Continuation(Diverged(), np.array([1]), Decoding("stream", 2, 1, sampling=Sampling(0.0)))

    with pytest.raises(ModelFileError, match="not numbers"):
        text.likeliest(5)


@pytest.mark.parametrize("page", [SONG, SENTENCE, STREAM], ids=["notes", "sentence", "stream"])
def test_a_trained_model_writes_what_generate_writes(page):
    """The same settings, and the text with its beginning."""
    model = trained(page, Path.cwd())
    seed = model.experiment.generation.seed or "the"
    settings = Generation(seed=seed, length=40, temperature=0.9, top_k=4, random_seed=5)
    session = InteractiveModel.of(model, settings)

    text = session.begin(seed)
    for _ in range(40):
        text.draw()

    assert session.text_of(text) == write_samples(model, settings).samples[0].text


def test_a_model_of_lines_begins_and_ends_by_itself():
    """Neither of the boundaries is part of the text."""
    model = trained(LINES, Path.cwd())
    settings = Generation(length=400, temperature=1.0)
    session = InteractiveModel.of(model, settings)

    text = session.begin(None)
    while not text.ended:
        text.draw()

    assert session.text_of(text) == write_samples(model, settings).samples[0].text


def test_a_model_for_labels_writes_for_the_label():
    """With a beginning, up to the end."""
    model = trained_task(FROM_LABEL, Path.cwd())
    settings = Generation(seed="k", length=60, temperature=1.0, random_seed=2)
    session = InteractiveModel.of(model, settings, "Polish")

    text = session.begin("k")
    while not text.ended and len(text.ids) < 60:
        text.draw()

    assert session.text_of(text) == write_for_label(model, "Polish", settings).samples[0].text


def test_a_beginning_that_the_model_cannot_write_is_named():
    """Its first such token; and a beginning is needed where there is no boundary token."""
    session = InteractiveModel.of(trained(SONG, Path.cwd()), Generation())

    with pytest.raises(VocabularyError, match="seed:1:4"):
        session.begin("g8 a8")
    with pytest.raises(UsageError, match="no seed"):
        session.begin(None)
