"""What a comparison comes to, in plain words."""

from collections.abc import Iterator, Sequence

from rnnlab.comparison.measures import Comparison, Contender, Difference
from rnnlab.errors import count_of

TESTS = {"sign_flip": "exact sign-flip test", "paired_t": "paired t-test"}


def verdict(comparison: Comparison) -> list[str]:
    """The sentences: which plays on its own to the end, and which losses differ."""
    return [*_of_free_runs(comparison.contenders), *_of_losses(comparison)]


def _of_free_runs(contenders: Sequence[Contender]) -> Iterator[str]:
    """Which contenders are right to the last token, hearing only themselves."""
    if not all(contender.free_runs for contender in contenders):
        return
    exact = [each for each in contenders if all(run.exact for run in each.free_runs)]
    sometimes = [each for each in contenders if _exact(each) and each not in exact]
    others = [each for each in contenders if not _exact(each)]
    lengths = {run.length for each in contenders for run in each.free_runs}
    last = f"the last of {count_of(lengths.pop(), 'token')}" if len(lengths) == 1 else "the last token"
    if exact:
        only = "only " if len(exact) == 1 < len(contenders) and not sometimes else ""
        are = f"{_names(exact)} {'is' if len(exact) == 1 else 'are'}"
        yield f"Running free, {only}{are} right to {last}{_every_seed(exact)}."
    for each in sometimes:
        seeds = f"{_exact(each)} of {len(each.trials)} random seeds"
        yield f"{each.name} is right to the last token with {seeds}."
    if others:
        best = [max(each.free_runs, key=lambda run: run.correct) for each in others]
        counts = ", ".join(
            f"{each.name} has at best {run.correct} of {run.length} right"
            for each, run in zip(others, best, strict=True)
        )
        yield f"{'' if exact or sometimes else 'Running free, '}{counts}."


def _of_losses(comparison: Comparison) -> Iterator[str]:
    contenders, differences = comparison.contenders, comparison.differences()
    tested = [each for each in differences if each.test]
    if differences and not tested:
        yield (
            "Loss: nothing can be said of whether a difference would come again with another random seed, as"
            " there are not two seeds that are shared."
        )
        return
    for each in tested:
        yield _of_difference(contenders[each.first], contenders[each.second], each)
    if len(tested) < len(differences):
        yield "Of the other pairs nothing can be said: they share fewer than two random seeds."


def _of_difference(first: Contender, second: Contender, difference: Difference) -> str:
    test, p = difference.test, difference.p
    if test is None or p is None:
        raise ValueError("expected a difference that was tested")
    how = f"{test.pairs} seeds, p = {p:.2g}"
    if not difference.is_significant:
        return f"Loss: no difference between {first.name} and {second.name} that is more than chance ({how})."
    lower, higher = (first, second) if test.difference < 0 else (second, first)
    size = f"{abs(test.difference):.4g} nats per token"
    return f"Loss: {lower.name} is lower than {higher.name}, by {size} ({how})."


def _exact(contender: Contender) -> int:
    """With how many random seeds the free run is right to the last token."""
    return sum(run.exact for run in contender.free_runs)


def _every_seed(contenders: Sequence[Contender]) -> str:
    count = max(len(each.trials) for each in contenders)
    return f", with each of {count} random seeds" if count > 1 else ""


def _names(contenders: Sequence[Contender]) -> str:
    *first, last = [each.name for each in contenders]
    return f"{', '.join(first)} and {last}" if first else last
