"""The corpora and experiments of the tests of datasets, for folds, and the programs that tests compile."""

from collections.abc import Iterator

import pytest

from tests.datasets.conftest import experiment, numbered

__all__ = ["experiment", "numbered"]


@pytest.fixture(scope="module")
def kept_programs() -> Iterator[None]:
    """Every program that a test has compiled is kept for the module's later tests, not the latest one alone.

    A test that patches what decides how a program is built, other than its problem, needs `nothing_idle` too.
    """
    from rnnlab.training import problem

    idle: dict[str, problem.Built] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem, "_idle", idle)
        patch.setattr(problem, "_give_back", idle.__setitem__)
        yield
    idle.clear()


@pytest.fixture
def nothing_idle() -> None:
    """No program is there to be used again."""
    from rnnlab.training import problem

    problem._idle.clear()
