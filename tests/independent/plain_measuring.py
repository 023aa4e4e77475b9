"""What a network's loss is, by the plain network: one lane that reads a part in order from a zero state.

stream             all tokens of a sequence, one after another, from a zero state
windows            each window from a zero state
stateful windows   window after window, each one token further, with the state of the window before it;
                   from a zero state where a sequence begins and where a window does not follow the last
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from tests.independent.plain_network import Page, PlainNetwork, State, cost

Place = tuple[int, int]
Windows = Sequence[Place]


@dataclass(frozen=True)
class Scored:
    """What one target cost.

    Attributes:
        place: number of its sequence, and of its token in that.
        nats: its cross-entropy.
    """

    place: Place
    nats: float


def loss(network: PlainNetwork, sequences: Sequence[Sequence[int]], windows: Windows | None = None) -> float:
    """The mean cost of all targets of a part, nats per token."""
    return fmean(each.nats for each in scored(network, sequences, windows))


def costs_per_token(
    network: PlainNetwork, sequences: Sequence[Sequence[int]], windows: Windows | None = None
) -> list[float]:
    """The cost of each token of a part once, in order, after as much of its sequence as any window has."""
    first: dict[Place, float] = {}
    for each in scored(network, sequences, windows):
        first.setdefault(each.place, each.nats)
    return [first[place] for place in sorted(first)]


def scored(
    network: PlainNetwork, sequences: Sequence[Sequence[int]], windows: Windows | None = None
) -> Iterator[Scored]:
    """Every target of a part, in order.

    Args:
        network: the network.
        sequences: the token ids of each sequence; with boundaries, those before and after it.
        windows: the sequence and the first token of each window; left out, all that there are.
    """
    if network.page["training"]["batching"] == "stream":
        yield from _of_a_stream(network, sequences)
        return
    length, state = network.page["dataset"]["window"], _zero(network)
    for place, follows in _in_order(all_windows(sequences, length) if windows is None else windows):
        if not (follows and network.model.get("stateful", False)):
            state = _zero(network)
        found, state = _of_a_window(network, sequences[place[0]], place, state)
        yield from found


def all_windows(sequences: Sequence[Sequence[int]], length: int) -> list[Place]:
    """Each window of inputs, and a target, that lies wholly in a sequence."""
    return [
        (number, begin) for number, ids in enumerate(sequences) for begin in range(max(len(ids) - length, 0))
    ]


def targets_of(page: Page, sequences: Sequence[Sequence[int]]) -> int:
    """How many targets a part has, as `evaluate` counts them."""
    if page["training"]["batching"] == "stream":
        return sum(len(ids) - 1 for ids in sequences)
    length = page["dataset"]["window"]
    each = length if page["dataset"]["target"] == "shifted" else 1
    return each * len(all_windows(sequences, length))


def _of_a_stream(network: PlainNetwork, sequences: Sequence[Sequence[int]]) -> Iterator[Scored]:
    for number, ids in enumerate(sequences):
        state = network.zero_state()
        for place, token in enumerate(ids[:-1]):
            logits, state = network.step(token, state)
            yield Scored((number, place + 1), cost(logits, ids[place + 1]))


def _in_order(windows: Windows) -> Iterator[tuple[Place, bool]]:
    """Each window, and whether it begins one token after the window before it, in the same sequence."""
    last = (-1, math.inf)
    for number, begin in windows:
        yield (number, begin), (number, begin - 1) == last
        last = number, begin


def _of_a_window(
    network: PlainNetwork, ids: Sequence[int], place: Place, state: list[State]
) -> tuple[list[Scored], list[State]]:
    """The targets of one window, and the state after it."""
    number, begin = place
    end, found = begin + network.page["dataset"]["window"], list[Scored]()
    if network.model["kind"] == "mlp":
        logits = network.window(ids[begin:end])
        return [Scored((number, end), cost(logits, ids[end]))], []
    for step in range(begin, end):
        logits, state = network.step(ids[step], state)
        if network.page["dataset"]["target"] == "shifted" or step == end - 1:
            found.append(Scored((number, step + 1), cost(logits, ids[step + 1])))
    return found, state


def _zero(network: PlainNetwork) -> list[State]:
    return [] if network.model["kind"] == "mlp" else network.zero_state()
