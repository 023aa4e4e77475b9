"""The text that the programs of `benchmarks.gpu` read: seeded, of 65 tokens, as long as tinyshakespeare."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import VOCABULARY, Case

TOKENS = 2**20
WORDS = 2000


def text_ids(case: Case, *, tokens: int = TOKENS) -> NDArray[np.int64]:
    """Return the token ids (S,) of a text of random words, of which some are frequent (Zipf's law).

    Args:
        case: its N·T divides S − 1, so that no batch of an epoch is smaller than the others.
        tokens: wanted length S; S is at least N·T + 1.
    """
    rng = np.random.default_rng(0)
    words = [np.append(rng.integers(1, VOCABULARY, rng.integers(2, 9)), 0) for _ in range(WORDS)]
    frequencies = 1 / np.arange(1, WORDS + 1)
    size = max(1, tokens // case.tokens) * case.tokens + 1
    # A word has three tokens or more.
    drawn = rng.choice(WORDS, size // 3 + 1, p=frequencies / frequencies.sum())
    body = np.concatenate([words[number] for number in drawn])
    return np.concatenate([np.arange(VOCABULARY), body])[:size]
