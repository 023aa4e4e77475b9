"""The section of a report on copies: what the samples have in common with the training data."""

from collections.abc import Iterator

from rnnlab.errors import count_of
from rnnlab.evaluation.originality import (
    HeldOutOriginality,
    LongestCopy,
    OriginalityReport,
    SampleOriginality,
)
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.tables import table_of_rows

MOST_ROWS_OF_COPIES = 6
"""Largest number of samples that have a row: those with the longest copies."""

_MOST_SHOWN = 400
"""Largest number of characters of a copy that are shown."""


def copies_section(found: OriginalityReport | str) -> Iterator[Markup]:
    """Yield the judgement, a table of the samples and of held-out data, and the longest copy."""
    if isinstance(found, str):
        yield tag("p", f"{found[0].upper()}{found[1:]}.", class_="remark")
        return
    yield tag("p", tag("strong", found.judgement))
    longest = sorted(enumerate(found.samples, start=1), key=lambda pair: -_length(pair[1]))
    shown = sorted(longest[:MOST_ROWS_OF_COPIES], key=lambda pair: pair[0])
    rows = [_row(f"Sample {number}", each) for number, each in shown]
    if held := found.held_out:
        rows.append(_row(f"{held.part.capitalize()} part, {count_of(held.stretches, 'stretch')}", held))
    lengths = next(iter(found.samples)).new_ngrams
    names = ["", "longest copy", "where", *(f"new {n}-grams" for n in lengths)]
    yield table_of_rows(names, rows, caption=_which(found), class_="data copies")
    yield tag("p", _meaning(found), class_="remark")
    copies = [each for each in found.samples if each.longest_copy and each.nearest]
    if copies:
        yield from _longest(max(copies, key=_length), found.noun)


def _length(sample: SampleOriginality) -> int:
    return sample.longest_copy.length if sample.longest_copy else 0


def _which(found: OriginalityReport) -> str:
    """Return a caption that says which samples have a row; empty if all have one."""
    count = len(found.samples)
    if count <= MOST_ROWS_OF_COPIES:
        return ""
    return f"The {MOST_ROWS_OF_COPIES} of {count:,} samples with the longest copies"


def _row(name: str, each: SampleOriginality | HeldOutOriginality) -> list[str]:
    copy = each.longest_copy
    shares = ("–" if share is None else f"{share:.0%}" for share in each.new_ngrams.values())
    return [name, f"{copy.length:,}" if copy else "none", copy.place if copy else "", *shares]


def _meaning(found: OriginalityReport) -> str:
    """Return what the columns are."""
    said = (
        f"Longest copy: the most {found.noun}s in a row of a sample, without its seed, that stand in the"
        " training data. New n-grams: of all runs of n, those that the training data does not have."
    )
    if found.held_out is None:
        return f"{said} Nothing is held out, so there is nothing to compare with."
    return f"{said} Held-out data is measured in stretches as long as the samples."


def _longest(sample: SampleOriginality, noun: str) -> Iterator[Markup]:
    """Yield the longest copy, and the passage around it."""
    copy, nearest = sample.longest_copy, sample.nearest
    if copy is None or nearest is None:
        return
    yield tag("p", f"The longest copy, {count_of(copy.length, noun)}, stands at {copy.place}:")
    yield tag("p", _shortened(copy), class_="written", dir="auto")
    around = (
        f"The passage around it begins at {nearest.place}. If the whole sample is laid beside it,"
        f" {nearest.agreement:.0%} of the sample agrees."
    )
    yield tag("p", around, class_="remark")


def _shortened(copy: LongestCopy) -> str:
    half = _MOST_SHOWN // 2
    return copy.text if len(copy.text) <= _MOST_SHOWN else f"{copy.text[:half]} … {copy.text[-half:]}"
