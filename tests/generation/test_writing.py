"""From a seed as text to samples as text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rnnlab.config.schema import Generation
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import ConfigError, UsageError, VocabularyError
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.writing import Writing, write_samples
from tests.evaluation.opinionated import model_that_expects
from tests.experiments import SONG, STREAM, experiment
from tests.trained import trained


def song(**settings: Any) -> Writing:
    """What a model writes that expects d8 always."""
    model = model_that_expects("d8", experiment(SONG), odds=9)
    return write_samples(model, Generation(**{"seed": "g8 e8 e4 f8", "length": 3, **settings}))


def test_the_text_is_the_seed_and_what_follows() -> None:
    """The sequence is what was written alone; both are spelled as the model's own notation."""
    (sample,) = song(seed="g8 e8 | e4 f8").samples

    assert sample.sequence == ("d8", "d8", "d8")
    assert sample.text == "g8 e8 e4 f8 d8 d8 d8"


def test_what_was_written_is_valid_input_again() -> None:
    """Written on from its own text, it goes on."""
    (first,) = song().samples
    (second,) = song(seed=first.text).samples

    assert second.text == first.text + " d8 d8 d8"


def test_characters_stand_side_by_side() -> None:
    """Text has no separator."""
    (sample,) = write_samples(
        model_that_expects("o", experiment(STREAM), odds=9), Generation(seed="f", length=2, temperature=0)
    ).samples

    assert (sample.text, sample.sequence) == ("foo", ("o", "o"))


def test_a_stop_token_ends_the_text() -> None:
    """It is a token of the model's notation, in any spelling, and is not written."""
    (sample,) = song(stop="d8").samples

    assert (sample.text, sample.sequence, sample.log_probability) == ("g8 e8 e4 f8", (), 0.0)


@pytest.mark.parametrize("stop", ["d8 e8", "", "|"])
def test_a_stop_that_is_not_one_token_is_refused(stop: str) -> None:
    """With how many it is."""
    with pytest.raises(UsageError, match=r"stop: expected one token, received [02]"):
        song(stop=stop)


def test_an_unknown_stop_token_is_refused() -> None:
    """As a seed's would be, and by the option's name."""
    with pytest.raises(UsageError, match=r"stop: .*'b4'"):
        song(stop="b4")


def test_no_seed_is_refused_with_an_example() -> None:
    """One that the model knows."""
    with pytest.raises(UsageError, match="seed='"):
        song(seed=None)
    with pytest.raises(UsageError, match="expected at least one token"):
        song(seed="|")


def test_an_unknown_token_in_the_seed_is_refused() -> None:
    """With its place."""
    with pytest.raises(VocabularyError, match=r"seed:1:4: .*'b4'"):
        song(seed="g8 b4")


def test_a_short_seed_is_said() -> None:
    """Two notes of a window of four; of a stream there is no window to fill."""
    assert song(seed="g8 e8").notes[0].startswith("the seed has 2 of the 4 tokens of a window")
    assert song().notes == ()
    assert write_samples(trained(STREAM, Path.cwd()), Generation(seed="f", length=2)).notes == ()


def test_settings_and_digest_are_handed_on() -> None:
    """What it takes to write the same again."""
    writing = song(samples=2, random_seed=5)

    assert (writing.settings.samples, writing.settings.random_seed, len(writing.samples)) == (2, 5, 2)
    assert writing.model_sha256 == ""


def test_the_same_settings_write_the_same() -> None:
    """Drawn from a network with random weights, in every sample; another random seed writes other samples."""
    model = trained(STREAM, Path.cwd())
    settings = Generation(seed="the ", length=30, temperature=1.0, samples=3)

    assert write_samples(model, settings) == write_samples(model, settings)
    other = write_samples(model, settings.model_copy(update={"random_seed": 1}))
    assert not {s.text for s in other.samples} & {s.text for s in write_samples(model, settings).samples}


def test_options_go_before_the_configuration() -> None:
    """What was not given stays as configured; a zero is given."""
    configured = Generation(seed="a", length=9, temperature=0.5)

    settings = generation_settings(configured, {"length": 3, "temperature": 0.0, "top_k": None})

    assert (settings.seed, settings.length, settings.temperature, settings.top_k) == ("a", 3, 0.0, None)


@pytest.mark.parametrize("top_k", [28, 99_999])
def test_more_than_the_vocabulary_has_is_no_restriction(top_k: int) -> None:
    """The K most probable tokens are then all of them, in the configuration and as an option."""
    model = trained(STREAM, Path.cwd())
    assert len(model.tokens) == 28

    free = write_samples(
        model, generation_settings(model.experiment.generation, {"seed": "the ", "temperature": 1.0})
    )
    settings = generation_settings(
        model.experiment.generation, {"seed": "the ", "temperature": 1.0, "top_k": top_k}
    )

    assert write_samples(model, settings).samples == free.samples
    assert experiment(STREAM, f"generation.top_k={top_k}").generation.top_k == top_k


def test_a_setting_outside_its_range_is_refused() -> None:
    """By the schema's own rule, wherever it was given."""
    for name, value in {"top_k": 10_000_001, "samples": 10_001, "length": 0, "random_seed": 2**31}.items():
        with pytest.raises(UsageError, match=f"^generate: {name}: expected "):
            generation_settings(Generation(), {name: value})
        with pytest.raises(ConfigError, match=f"generation.{name}: expected "):
            experiment(STREAM, f"generation.{name}={value}")


def test_a_temperature_that_is_left_out_is_that_of_the_training() -> None:
    """A model of a stream draws; one of windows takes the most probable token."""
    model = trained(STREAM, Path.cwd())
    open_, drawn = Generation(seed="the ", length=30), Generation(seed="the ", length=30, temperature=1.0)

    assert write_samples(model, open_).samples == write_samples(model, drawn).samples


LINES = 'dataset: {kind: notes, unit: line, inline: "g8 e8\\nd8"}\nmodel: {kind: lstm, units: 4}'


def test_a_model_of_lines_begins_and_ends_by_itself() -> None:
    """It needs no seed, and the boundary that ends a sample is not written."""
    never = write_samples(
        model_that_expects("g8", experiment(LINES), odds=9), Generation(length=3, temperature=0)
    )
    at_once = write_samples(
        model_that_expects("\n", experiment(LINES), odds=9), Generation(seed="d8", temperature=0)
    )

    assert [sample.text for sample in never.samples] == ["g8 g8 g8"]
    assert [(sample.sequence, sample.text) for sample in at_once.samples] == [((), "d8")]


KINDS = {
    "text": ("inline: ship, sea and shore", ["character", "line", "document"], "ship"),
    "notes": ("inline: g8 e8 e4 f8 d8 <c e>4 r4 c8*2/3 g4.", ["note", "line", "document"], "g8 e8"),
}
CASES = [
    (kind, unit, encoding)
    for kind, (_, units, _) in KINDS.items()
    for unit in units
    for encoding in ("one_hot", "scalar", "embedding", *["pitch_duration"] * (kind == "notes"))
]


@pytest.mark.parametrize(("kind", "unit", "encoding"), CASES)
def test_what_is_written_is_read_again_for_every_kind_unit_and_encoding(
    tmp_path: Path, kind: str, unit: str, encoding: str
) -> None:
    """As a seed, with every token, and as data, whose sequences are those between the boundaries."""
    data, _, seed = KINDS[kind]
    page = f"""
dataset: {{kind: {kind}, window: 4, target: next}}
model: {{kind: lstm, units: 6}}
training: {{batching: windows, batch_size: 4}}
"""
    source = f"dataset.{data.replace(': ', '=', 1)}"
    model = trained(page, tmp_path, source, f"dataset.unit={unit}", f"dataset.encoding={encoding}")
    dataset = model.experiment.dataset
    vocabulary = Vocabulary(model.tokens, dataset.kind, dataset.boundary)
    how = Generation(seed=seed, length=40, temperature=1000, stop=vocabulary.tokens[-1], samples=20)

    samples = write_samples(model, how).samples

    assert sum(len(sample.sequence) for sample in samples) > 60
    for sample in samples:
        written = [*vocabulary.decode(vocabulary.parse(seed, name="seed")), *sample.sequence]
        read = vocabulary.decode(vocabulary.parse(sample.text, name="seed"))
        assert _sequences(read, dataset.boundary) == _sequences(written, dataset.boundary)
        corpus = load_corpus(dataset.model_copy(update={"inline": sample.text}), vocabulary=vocabulary)
        found = [
            vocabulary.decode(corpus.ids[begin:end])
            for begin, end in zip(corpus.starts, corpus.ends, strict=True)
        ]
        assert [each for one in found for each in _sequences(one, dataset.boundary)] == _sequences(
            written, dataset.boundary
        )


def _sequences(tokens: Sequence[str], boundary: str | None) -> list[list[str]]:
    """The tokens between boundaries, where there are some."""
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == boundary:
            found.append([])
        else:
            found[-1].append(token)
    return [sequence for sequence in found if sequence]
