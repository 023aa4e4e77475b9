"""What a batch costs, against the definition written out target by target."""

import numpy as np
import pytest

from rnnlab.engines.tensorflow.objective import Costs
from rnnlab.engines.tensorflow.start import tf

T, N, V = 3, 2, 4
COUNTED = np.float32([[1, 0], [1, 1], [0, 1]])


def case() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(0, 2, (T, N, V)).astype(np.float32), rng.integers(0, V, (T, N)).astype(np.int32)


def by_hand(logits: np.ndarray, targets: np.ndarray, smoothing: float) -> float:
    """−Σ q log p over the targets that count, with q the target's share and an even rest."""
    total = 0.0
    for t, n in np.argwhere(COUNTED):
        p = np.exp(logits[t, n]) / np.exp(logits[t, n]).sum()
        q = np.full(V, smoothing / V)
        q[targets[t, n]] += 1 - smoothing
        total -= float((q * np.log(p)).sum())
    return total


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_what_is_lowered_spreads_a_share_over_all_tokens(smoothing: float) -> None:
    """Cross-entropy with the targets (1 − ε) + ε/V and ε/V; what does not count costs nothing."""
    logits, targets = case()

    lowered = Costs(logits, targets, tf.constant(COUNTED)).lowered(smoothing)

    assert float(lowered) == pytest.approx(by_hand(logits, targets, smoothing), rel=1e-5)


def test_what_is_shown_is_the_cross_entropy() -> None:
    """The sums know nothing of smoothing: nats, correct targets, counted targets."""
    logits, targets = case()
    right = (logits.argmax(axis=-1) == targets) * COUNTED

    sums = Costs(logits, targets, tf.constant(COUNTED)).sums

    np.testing.assert_allclose(sums, [by_hand(logits, targets, 0.0), right.sum(), 4], rtol=1e-5)
