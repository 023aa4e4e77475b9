"""Trained models that expect the same token always, with a probability that the test sets."""

import math

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel


def model_that_expects(token: str, experiment: Experiment, *, odds: float = 1.0) -> TrainedModel:
    """All weights 0, but the head's bias: the token is `odds` times as likely as each other one."""
    corpus = load_corpus(experiment.dataset)
    tokens = corpus.vocabulary.tokens
    shapes = architecture_of(experiment, len(tokens)).weight_shapes()
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    weights["head/bias"][tokens.index(token)] = math.log(odds)
    return TrainedModel(experiment, tokens, weights, corpus.sha256)
