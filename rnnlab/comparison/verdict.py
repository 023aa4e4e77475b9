"""The result of a comparison in sentences."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rnnlab.comparison.measures import Comparison, Contender, Difference
from rnnlab.errors import count_of


def verdict(comparison: Comparison) -> list[str]:
    """Return the result in sentences.

    The sentences are on the right tokens of the free runs, or on the lengths that are solved, and on the
    differences of the losses.
    """
    contenders = comparison.contenders
    return [*_of_free_runs(contenders), *_of_lengths(contenders), *_of_losses(comparison)]


def _of_free_runs(contenders: Sequence[Contender]) -> Iterator[str]:
    """Yield sentences on the right tokens of the free runs; none if a contender lacks a free run."""
    if not all(contender.free_runs for contender in contenders):
        return
    exact = [each for each in contenders if all(run.exact for run in each.free_runs)]
    sometimes = [each for each in contenders if _exact(each) and each not in exact]
    others = [each for each in contenders if not _exact(each)]
    lengths = {run.length for each in contenders for run in each.free_runs}
    each_token = f"each of {count_of(lengths.pop(), 'token')}" if len(lengths) == 1 else "every token"
    if exact:
        only = "only " if len(exact) == 1 < len(contenders) and not sometimes else ""
        predict = f"{_names(exact)} {'predicts' if len(exact) == 1 else 'predict'}"
        seeds = _every_seed(exact)
        yield f"Running free, {only}{predict} {each_token} right{seeds and ', '}{seeds}."
    for each in sometimes:
        seeds = f"{_exact(each)} of {len(each.trials)} random seeds"
        yield f"{each.name} predicts every token right with {seeds}."
    if others:
        best = [max(each.free_runs, key=lambda run: run.correct) for each in others]
        counts = ", ".join(
            f"{each.name} has at most {run.correct} of {run.length} right"
            for each, run in zip(others, best, strict=True)
        )
        yield f"{'' if exact or sometimes else 'Running free, '}{counts}."


def _of_lengths(contenders: Sequence[Contender]) -> Iterator[str]:
    """Yield sentences on the lengths that contenders solve; none without measures of single lengths.

    A contender solves the exercise up to a length if it solves this length and all shorter ones with every
    random seed.
    """
    lengths = contenders[0].lengths
    solvers = [
        [each for each in contenders if all(_always_solves(each, below) for below in lengths[: number + 1])]
        for number in range(len(lengths))
    ]
    by_solvers = [
        (solving, [length for length, _ in group])
        for solving, group in groupby(zip(lengths, solvers, strict=True), key=lambda pair: pair[1])
    ]
    if by_solvers:
        (first, own), *later = by_solvers
        seeds = _every_seed(first or contenders)
        if first:
            solve = f"{_who(first, contenders)} {'solves' if len(first) == 1 else 'solve'} the exercise"
            begin = f"Up to length {own[-1]:,}, {solve}"
        else:
            begin = f"At {_listed_lengths(own)}, no contender solves the exercise"
        rest = (f"; at {_listed_lengths(own)}, {_who(solving, contenders)}" for solving, own in later)
        yield f"{begin}{seeds and ' '}{seeds}{''.join(rest)}."
    for each in contenders:
        total = len(each.trials)
        some = [(length, each.solving(length)) for length in lengths if 0 < each.solving(length) < total]
        if some:
            counts = _joined([f"length {length:,} with {solving}" for length, solving in some])
            yield f"{each.name} solves {counts} of {total} random seeds."


def _always_solves(contender: Contender, length: int) -> bool:
    return contender.solving(length) == len(contender.trials)


def _who(solving: Sequence[Contender], contenders: Sequence[Contender]) -> str:
    """Return the names of the contenders that solve a length: `only lstm`, `gru and lstm` or `none`."""
    only = "only " if len(solving) == 1 < len(contenders) else ""
    return f"{only}{_names(solving)}" if solving else "none"


def _listed_lengths(lengths: Sequence[int]) -> str:
    """Return lengths in words: `length 20`, `lengths 40 and 100`."""
    noun = "length" if len(lengths) == 1 else "lengths"
    return f"{noun} {_joined([f'{length:,}' for length in lengths])}"


def _of_losses(comparison: Comparison) -> Iterator[str]:
    """Yield a sentence on each tested difference of losses, and one on the pairs that are not tested."""
    contenders, differences = comparison.contenders, comparison.differences()
    tested = [each for each in differences if each.test]
    if differences and not tested:
        needed = "two random seeds that both contenders have, each with a finite loss"
        yield f"Loss: no difference is tested, since a test needs {needed}."
        return
    for each in tested:
        unit = f"nats per {comparison.figures.unit}"
        yield _of_difference(contenders[each.first], contenders[each.second], each, unit)
    if len(tested) < len(differences):
        shared = "fewer than two random seeds with finite losses"
        yield f"Loss: the other pairs are not tested, since they share {shared}."


def _of_difference(first: Contender, second: Contender, difference: Difference, unit: str) -> str:
    test, p = difference.test, difference.p
    if test is None or p is None:
        raise ValueError("expected a difference that was tested")
    how = f"{test.pairs} seeds, p = {p:.2g}"
    if not difference.is_significant:
        return f"Loss: the difference between {first.name} and {second.name} is not significant ({how})."
    lower, higher = (first, second) if test.difference < 0 else (second, first)
    size = f"{abs(test.difference):.4g} {unit}"
    return f"Loss: {lower.name} is lower than {higher.name} by {size} ({how})."


def _exact(contender: Contender) -> int:
    """Return the number of random seeds with which the free run has no mistake."""
    return sum(run.exact for run in contender.free_runs)


def _every_seed(contenders: Sequence[Contender]) -> str:
    """Return the end of a sentence on the random seeds of contenders; empty if each has a single seed."""
    counts = {len(each.trials) for each in contenders}
    if counts == {1}:
        return ""
    return f"with each of {counts.pop()} random seeds" if len(counts) == 1 else "with every random seed"


def _names(contenders: Sequence[Contender]) -> str:
    return _joined([each.name for each in contenders])


def _joined(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
