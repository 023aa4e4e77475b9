"""Whether models are measured on the same data: on other data a loss means something else."""

import hashlib
from collections.abc import Sequence

import numpy as np

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.errors import UsageError


def digest(corpus: Corpus, part: Part) -> str:
    """A digest of a part's tokens, whichever ids a vocabulary gives them, and where drawn windows are."""
    used, places = np.unique(corpus.ids[part.begin : part.end], return_inverse=True)
    tokens = [corpus.vocabulary.tokens[number] for number in used]
    order = sorted(range(len(tokens)), key=tokens.__getitem__)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    found = hashlib.sha256("\n".join(sorted(tokens)).encode())
    found.update(ranks[places].tobytes())
    is_drawn = (part.runs[:, 1] - part.runs[:, 0] == 1).all() and len(part.runs) > 1
    if is_drawn:
        found.update(part.runs.tobytes())
    return found.hexdigest()


def check_same_data(contenders: Sequence[tuple[str, str, str]]) -> None:
    """Refuse to compare what was measured on different data.

    Args:
        contenders: of each its name, the part that is measured, and the digest of that.

    Raises:
        UsageError: the first two that differ.
    """
    first, *others = contenders
    for other in others:
        if other[1:] != first[1:]:
            what = f"the {first[1]} part" if other[1] == first[1] else f"{first[1]} and {other[1]}"
            raise UsageError(
                f"{first[0]} and {other[0]}: measured on different data ({what}); expected the same dataset"
                " and the same split for all that are compared"
            )
