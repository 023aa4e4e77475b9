"""What the tests of pages share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One browser for all tests of a module."""
    from tests.browser import chromium  # other tests of exports need no Playwright

    with chromium() as started:
        yield started
