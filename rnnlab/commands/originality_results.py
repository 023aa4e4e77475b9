"""The originality of samples, as `rnnlab generate --originality` prints it: a table, or fields of JSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.errors import count_of
from rnnlab.terminal.tables import Column, fitted_text, table

if TYPE_CHECKING:
    from rnnlab.evaluation.originality import (
        HeldOutOriginality,
        LongestCopy,
        OriginalityReport,
        SampleOriginality,
        Shares,
    )
    from rnnlab.generation.writing import Writing
    from rnnlab.models.model_file import Trained
    from rnnlab.runs.folder import RunFolder

_MOST_ROWS = 20
"""Largest number of samples that have a row."""

_LONGEST_TEXT = 60


def measured_originality(
    trained: "Trained", run: "RunFolder | None", path: Path, writing: "Writing"
) -> "OriginalityReport | str":
    """Return the originality of samples, or a sentence on why it cannot be told and what to do."""
    from rnnlab.evaluation.originality import originality_of_samples
    from rnnlab.runs.kept_tokens import kept_tokens

    kept = kept_tokens(trained, run, path)
    return kept if isinstance(kept, str) else originality_of_samples(trained, writing.samples, kept)


def originality_lines(found: "OriginalityReport | str") -> str:
    """Return a table with a row for each sample and one for held-out data, and the judgement."""
    if isinstance(found, str):
        return found
    shown = found.samples[:_MOST_ROWS]
    rows = [_row(f"sample {number}", each) for number, each in enumerate(shown, start=1)]
    if found.held_out:
        held = found.held_out
        rows.append(_row(f"{held.part}, {count_of(held.stretches, 'stretch')}", held))
    lengths = next(iter(found.samples)).new_ngrams if found.samples else {}
    columns = (
        Column("originality", left=True, least=10),
        Column("longest copy"),
        *(Column(f"{'' if number else 'new '}{n}-grams", rank=number) for number, n in enumerate(lengths)),
    )
    more = count_of(len(found.samples) - len(shown), "more sample")
    left_out = f"and {more}" if len(found.samples) > len(shown) else ""
    lines = [table(columns, rows, more=left_out, err=True)]
    copies = [each.longest_copy for each in found.samples if each.longest_copy]
    if copies:
        longest = max(copies, key=lambda copy: copy.length)
        copied = f"the longest copy, at {longest.place}: {_shortened(longest.text)}"
        lines.append(fitted_text(copied, err=True))
    return "\n".join([*lines, fitted_text(found.judgement, err=True)])


def originality_fields(found: "OriginalityReport | str") -> dict[str, Any]:
    """Return the fields of the JSON beside the samples: the held-out data, the verdict and the judgement."""
    if isinstance(found, str):
        return {"held_out": None, "verdict": None, "judgement": found}
    held = found.held_out
    return {
        "held_out": held
        and {
            "part": held.part,
            "stretches": held.stretches,
            "tokens": held.tokens,
            "longest_copy": _copy_fields(held.longest_copy),
            "median_length": held.median_length,
            "new_ngrams": _share_fields(held.new_ngrams),
            "copied": _share_fields(held.copied),
        },
        "verdict": found.verdict,
        "judgement": found.judgement,
    }


def originality_of_each(found: "OriginalityReport | str", samples: int) -> "list[dict[str, Any] | None]":
    """Return the fields of the JSON of each sample; None for each if it cannot be told."""
    if isinstance(found, str):
        return [None] * samples
    return [
        {
            "longest_copy": _copy_fields(each.longest_copy),
            "new_ngrams": _share_fields(each.new_ngrams),
            "copied": _share_fields(each.copied),
            "nearest": each.nearest
            and {
                "text": each.nearest.text,
                "place": each.nearest.place,
                "agreement": each.nearest.agreement,
            },
        }
        for each in found.samples
    ]


def _row(name: str, each: "SampleOriginality | HeldOutOriginality") -> list[str]:
    shares = ["–" if share is None else f"{share:.0%}" for share in each.new_ngrams.values()]
    return [name, f"{each.longest_copy.length:,}" if each.longest_copy else "none", *shares]


def _copy_fields(copy: "LongestCopy | None") -> "dict[str, Any] | None":
    if copy is None:
        return None
    return {"length": copy.length, "text": copy.text, "place": copy.place}


def _share_fields(shares: "Shares") -> "dict[str, float | None]":
    return {str(n): share for n, share in shares.items()}


def _shortened(text: str) -> str:
    """Return a text in quotes, with an ellipsis in place of the middle of a long one."""
    half = _LONGEST_TEXT // 2
    return repr(text if len(text) <= _LONGEST_TEXT else f"{text[:half]}…{text[-half:]}")
