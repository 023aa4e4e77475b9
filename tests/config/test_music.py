"""The settings that only music has."""

from pathlib import Path

import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment
from rnnlab.config.writing import write_experiment
from rnnlab.errors import ConfigError


def parse(dataset: str, *overrides: str) -> Experiment:
    """The experiment of the inside of a section."""
    text = f"dataset: {{{dataset}}}\nmodel: {{kind: lstm, units: 4}}\n"
    return parse_experiment(text, name="a.yaml", folder=Path("/tunes"), overrides=overrides)


def test_all_of_it_is_off_unless_it_is_wanted() -> None:
    """Notes are read as they are written, once."""
    dataset = parse("kind: notes, path: a").dataset

    assert (dataset.transpose, dataset.shifts, dataset.reading.model_dump(exclude_none=True)) == (
        None,
        (),
        {},
    )


@pytest.mark.parametrize(
    ("semitones", "expected"),
    [
        ("-2..2", (-2, -1, 1, 2)),
        ("1..3", (1, 2, 3)),
        ("[2, -2, 0, 2]", (-2, 2)),
        ("[12]", (12,)),
        ("[]", ()),
    ],
)
def test_copies_are_a_range_or_a_list(semitones: str, expected: tuple[int, ...]) -> None:
    """Each interval once; 0 is the data itself, which is always there."""
    assert parse(f"kind: notes, path: a, augment: {{semitones: {semitones}}}").dataset.shifts == expected


@pytest.mark.parametrize("grid", ["1/16,1/24", "exact", "1/8"])
def test_a_page_that_is_written_out_is_read_back(grid: str) -> None:
    """Every key of it."""
    lengths = "[" + grid + "]"
    experiment = parse(
        "kind: notes, path: a, transpose: ees, augment: {semitones: -5..6},"
        f" reading: {{track: 2, channel: 3, polyphony: chords, voice: 2, grid: {lengths}}}"
    )

    written = write_experiment(experiment, folder=Path("/tunes"))

    assert experiment.dataset.reading.grid == grid  # type: ignore[union-attr]
    assert parse_experiment(written, name="b.yaml", folder=Path("/tunes")) == experiment


@pytest.mark.parametrize(("voice", "expected"), [("2", "2"), ("soprano", "soprano"), ("' 1 '", "1")])
def test_a_voice_is_a_number_or_a_name(voice: str, expected: str) -> None:
    """Scores number their voices; ABC names them."""
    dataset = parse(f"kind: notes, path: a, reading: {{voice: {voice}}}").dataset

    assert dataset.reading.voice == expected  # type: ignore[union-attr]


def test_they_can_be_set_on_the_command_line() -> None:
    """A sign is no hindrance."""
    dataset = parse("kind: notes, path: a", "dataset.transpose=-3", "dataset.augment.semitones=-1..1").dataset

    assert (dataset.transpose, dataset.shifts) == (-3, (-1, 1))


@pytest.mark.parametrize(
    ("dataset", "line"),
    [
        ("transpose: h", "transpose: expected semitones such as -3, or a tonic such as c, received 'h'"),
        ("transpose: 1.5", "transpose: expected semitones such as -3, or a tonic such as c, received 1.5"),
        ("transpose: true", "transpose: expected semitones such as -3, or a tonic such as c, received true"),
        ("transpose: 128", "transpose: expected semitones such as -3, or a tonic such as c, received 128"),
        (
            "augment: {semitones: 5}",
            "augment.semitones: expected a range such as -5..6, or a list such as [-2, 2], received 5",
        ),
        (
            "augment: {semitones: 6..-5}",
            "augment.semitones: expected a range such as -5..6, or a list such as [-2, 2], received '6..-5'",
        ),
        (
            "augment: {semitones: [1, x]}",
            "augment.semitones: expected a range such as -5..6, or a list such as [-2, 2], received [1, 'x']",
        ),
        (
            "reading: {grid: 1/0}",
            "reading.grid: expected a grid such as 1/16, 1/16,1/24 (with triplets) or exact, not finer than"
            " 1/384, received '1/0'",
        ),
        ("reading: {channel: 17}", "reading.channel: expected at most 16, received 17"),
        (
            "reading: {voice: 0}",
            "reading.voice: expected the number of a voice such as 2, or its name, received 0",
        ),
        (
            "reading: {voice: ' '}",
            "reading.voice: expected the number of a voice such as 2, or its name, received ' '",
        ),
        ("reading: {tracks: 2}", "reading.tracks: unknown key; did you mean 'track'?"),
    ],
)
def test_what_is_meant_must_be_clear(dataset: str, line: str) -> None:
    """Five semitones, or up to five both ways: nobody has to guess."""
    with pytest.raises(ConfigError) as raised:
        parse(f"kind: notes, path: a, {dataset}")

    assert str(raised.value).partition(": dataset.")[2] == line


@pytest.mark.parametrize("key", ["transpose: c", "augment: {semitones: [1]}", "reading: {track: 1}"])
def test_text_has_no_key_and_no_tracks(key: str) -> None:
    """The kind that has is named."""
    with pytest.raises(ConfigError, match="only kind: notes has this key; leave it out, or change"):
        parse(f"kind: text, path: a, {key}")


def test_what_is_read_of_files_needs_files() -> None:
    """Notes on the page are read whole."""
    with pytest.raises(
        ConfigError,
        match=r"dataset\.reading: is for the MIDI files and scores of dataset\.path, which is missing",
    ):
        parse("kind: notes, inline: c4, reading: {track: 1}")
