"""The corpora and experiments of the tests of datasets, for the folds of a cross-validation."""

from tests.datasets.conftest import experiment, numbered

__all__ = ["experiment", "numbered"]
