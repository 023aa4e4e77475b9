"""A pytest plugin: `--quick` leaves out the tests that take long.

A test that imports a framework is skipped at the moment when it does, so nobody has to keep a list of them.
A test that takes long for another reason is marked `@pytest.mark.slow`: its processes train, for example.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

import pytest

FRAMEWORKS = {"keras", "tensorflow", "torch"}
REASON = "takes long"


class _FrameworkFinder(MetaPathFinder):
    """Skips the test, or the module of tests, that imports a framework."""

    def __init__(self, frameworks: set[str]) -> None:
        self.frameworks = frameworks

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        if fullname in self.frameworks:
            pytest.skip(REASON, allow_module_level=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out the tests that load Keras, TensorFlow or PyTorch, and those marked slow",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; --quick leaves it out")
    if config.option.quick:
        finder = _FrameworkFinder(FRAMEWORKS)
        sys.meta_path.insert(0, finder)
        config.add_cleanup(lambda: sys.meta_path.remove(finder))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.quick:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason=REASON))
