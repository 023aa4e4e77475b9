"""A gap before what is held out, and parts that it leaves too short."""

import re

import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.errors import DataError
from tests.experiments import STREAM, experiment

NAMED = re.compile(
    r"the (\w+) part .* or set dataset.split.gap, which takes ([\d,]+) tokens .* to (\d+) or less"
)


def problem_of(gap: int, batching: str, test: float = 0, *, window: int = 5) -> str:
    """What is wrong with 96 tokens of which a fifth is held out, or two; empty if nothing is."""
    split = f"dataset.split={{kind: contiguous, validation: 0.2, test: {test}, gap: {gap}}}"
    try:
        load_data(experiment(STREAM, f"training.batching={batching}", f"dataset.window={window}", split))
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("batching", ["windows", "stream"])
@pytest.mark.parametrize("test", [0, 0.2])
@pytest.mark.parametrize("gap", [75, 80, 1000])
def test_a_gap_that_leaves_too_little_is_named_with_the_most_that_it_may_be(batching, test, gap):
    """Rather than more data alone. With that much the part will do, and with one token more it does not."""
    tried = [gap]
    while problem := problem_of(tried[-1], batching, test):
        found = NAMED.fullmatch(problem)
        assert found, problem
        assert int(found[2].replace(",", "")) == tried[-1]
        assert problem_of(int(found[3]) + 1, batching, test).startswith(f"the {found[1]} part ")
        tried.append(int(found[3]))

    assert len(tried) > 1
    assert tried[-1] > 0


def test_a_part_that_no_gap_could_mend_does_not_name_it():
    """Windows of 60 tokens do not fit into a fifth of 96, with any gap."""
    problem = problem_of(0, "windows", window=60)

    assert "the validation part is too short" in problem
    assert "gap" not in problem
