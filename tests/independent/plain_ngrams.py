"""N-gram models in plain Python, written from the papers, with the conventions of README and docs.

Interpolated Witten–Bell (Bell, Cleary and Witten, 1990) and interpolated modified Kneser–Ney (Kneser and
Ney, 1995; Chen and Goodman, 1999), both down to the uniform 1 / V. Where the papers leave room:

- the first token of a sequence is context, and no unigram is counted for it;
- in Kneser–Ney the beginning of a sequence is one more different context before an n-gram of two or more;
- where a count of counts is 0, or a discount not between 0 and its count, n1 / (n1 + 2 n2) is taken off every
  count (Kneser and Ney's own discount), or one half where n1 or n2 is 0;
- a token that has fewer tokens before it than a model wants is asked of the model of the order that they
  suffice for, whose counts are those of how often n-grams occur.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

Gram = tuple[int, ...]
Followers = dict[Gram, Counter[int]]


class PlainNGrams:
    """The models of orders 1 to `most`, or to the length of the longest sequence.

    Args:
        sequences: the token ids of each.
        vocab_size: V.
        most: the highest order.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], *, vocab_size: int, most: int) -> None:
        self.vocab_size = vocab_size
        self.orders = min(most, max(map(len, sequences)))
        self.counts = {order: _occurrences(sequences, order) for order in range(1, self.orders + 1)}
        self.continuations = {order: _contexts(sequences, order) for order in range(1, self.orders)}

    def witten_bell(self, context: Gram, token: int) -> float:
        """(c(h w) + T(h) P(w | h')) / (c(h) + T(h)), with T(h) different followers of h."""
        lower = self.witten_bell(context[1:], token) if context else 1 / self.vocab_size
        after = self.counts[len(context) + 1].get(context)
        if not after:
            return lower
        return (after[token] + len(after) * lower) / (after.total() + len(after))

    def kneser_ney(self, context: Gram, token: int, *, highest: bool = True) -> float:
        """(c − D(c) + (sum of D after h) P(w | h')) / c(h); below the highest order c counts contexts."""
        order = len(context) + 1
        followers = (self.counts if highest else self.continuations)[order]
        lower = self.kneser_ney(context[1:], token, highest=False) if context else 1 / self.vocab_size
        after = followers.get(context)
        if not after:
            return lower
        sizes = discounts(followers)
        own, given = after[token], sum(sizes[min(count, 3)] for count in after.values())
        return (own - sizes[min(own, 3)] + given * lower) / after.total()


def discounts(followers: Followers) -> list[float]:
    """What is taken off a count of 0, 1, 2, and of 3 or more (Chen and Goodman, equation 26)."""
    counts_of_counts = Counter(count for after in followers.values() for count in after.values())
    n1, n2, n3, n4 = (counts_of_counts[times] for times in (1, 2, 3, 4))
    if not (n1 and n2):
        return [0.0, 0.5, 0.5, 0.5]
    y = n1 / (n1 + 2 * n2)
    if n3 and n4:
        three = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        if 0 < three[0] < 1 and 0 < three[1] < 2 and 0 < three[2] < 3:
            return [0.0, *three]
    return [0.0, y, y, y]


def _occurrences(sequences: Sequence[Sequence[int]], order: int) -> Followers:
    """How often each token comes after each context of `order` − 1 tokens."""
    found: Followers = defaultdict(Counter)
    for ids in sequences:
        for place in range(max(order - 1, 1), len(ids)):
            found[tuple(ids[place - order + 1 : place])][ids[place]] += 1
    return dict(found)


def _contexts(sequences: Sequence[Sequence[int]], order: int) -> Followers:
    """How many different tokens, or a beginning, come before each n-gram of an order."""
    before: dict[Gram, set[int | None]] = defaultdict(set)
    for ids in sequences:
        for begin in range(len(ids) - order):
            before[tuple(ids[begin + 1 : begin + 1 + order])].add(ids[begin])
        if len(ids) >= order > 1:
            before[tuple(ids[:order])].add(None)
    found: Followers = defaultdict(Counter)
    for gram, contexts in before.items():
        found[gram[:-1]][gram[-1]] = len(contexts)
    return dict(found)
