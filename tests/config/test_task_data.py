"""The section `dataset` of generated examples: its defaults, and what a run folder writes out."""

from pathlib import Path

import pytest

from rnnlab.config.reading import parse_any
from rnnlab.config.writing import write_experiment
from rnnlab.errors import ConfigError


def parse(dataset):
    """The experiment of the insides of a section `dataset`."""
    text = f"dataset: {{kind: generated, {dataset}}}\nmodel: {{kind: lstm, units: 4}}\n"
    return parse_any(text, name="test.yaml", folder=Path("/"))


def test_numbers_of_addition_have_three_digits_by_default():
    """Sequences have 20 tokens; `longest` can be set for both."""
    assert parse("name: addition").dataset.longest == 3
    assert parse("name: addition, longest: 5").dataset.longest == 5
    assert parse("name: copy").dataset.longest == 20


def test_test_lengths_are_a_list_or_a_number():
    """As `model.units`."""
    assert parse("name: copy, test_lengths: [20, 40]").dataset.test_lengths == (20, 40)
    assert parse("name: copy, test_lengths: 40").dataset.test_lengths == (40,)


@pytest.mark.parametrize("dataset", ["name: dates, encoding: one_hot", "name: addition", "name: parity"])
def test_a_configuration_that_is_written_out_is_read_again(dataset):
    """A run folder has every setting: also those that the task does not have, with their defaults."""
    experiment = parse(dataset)

    assert parse_any(write_experiment(experiment, folder=Path("/")), name="", folder=Path("/")) == experiment


def test_dates_have_lengths_of_their_own():
    """Another length than the default is refused."""
    with pytest.raises(ConfigError, match=r"dataset.longest: a date has its own length"):
        parse("name: dates, longest: 5")
