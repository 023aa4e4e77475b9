"""The command line as a function, as the tests of the commands have it."""

from tests.commands.conftest import rnnlab

__all__ = ["rnnlab"]
