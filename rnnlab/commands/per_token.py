"""`rnnlab evaluate --per-token`: how surprised a model is by each token."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.commands.progress import ReadingReport
from rnnlab.commands.rendering import as_json_text, table
from rnnlab.commands.terminal import echo

if TYPE_CHECKING:
    from rnnlab.evaluation.surprise import Surprises
    from rnnlab.models.model_file import TrainedModel


def show_surprises(
    trained: "TrainedModel",
    path: Path,
    *,
    split: str | None,
    data: Path | None,
    may_open: bool,
    as_json: bool,
) -> None:
    """Print a line, or an object, for each token of a part or a file."""
    from rnnlab.evaluation.surprise import surprises

    with ReadingReport(quiet=False) as reading:
        found = surprises(trained, split=split, data=data, may_open=may_open, report=reading.show)
    for note in found.notes:
        echo(note, err=True)
    if as_json:
        said = {"notes": list(found.notes), "left_out": dict(found.left_out)}
        echo(as_json_text({"split": found.split, "run": str(path), "per_token": _as_json(found), **said}))
    else:
        echo(_as_table(found, quoted=trained.experiment.dataset.kind == "text"))


def _as_json(surprises: "Surprises") -> list[dict[str, Any]]:
    """An object for each token."""
    return [
        {
            "index": each.index,
            "token": each.token,
            "nats": each.nats,
            "probability": each.probability,
            "rank": each.rank,
            "expected": each.expected,
        }
        for each in surprises.tokens
    ]


def _as_table(surprises: "Surprises", *, quoted: bool) -> str:
    """A line for each token."""
    rows = [
        (
            each.index,
            _shown(each.token, quoted),
            f"{each.nats:.3f}",
            f"{each.probability:.4f}",
            each.rank,
            _shown(each.expected, quoted),
        )
        for each in surprises.tokens
    ]
    return table(("index", "token", "nats", "probability", "rank", "expected"), rows)


def _shown(token: str, quoted: bool) -> str:
    """The token; a character, or a line break among notes, in quotes and spelled out."""
    return repr(token) if quoted or token.isspace() else token
