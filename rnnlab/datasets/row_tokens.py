"""The tokens of a row: what a token of each task is, and how the tokens of a text are split and joined."""

from collections.abc import Iterable, Mapping, Sequence

from rnnlab.config.task_data import RowsDataset
from rnnlab.datasets.examples import Kind
from rnnlab.datasets.row_formats import FieldText


def kinds_of(dataset: RowsDataset) -> tuple[Kind, Kind]:
    """Return what a token of an input is, and what a token of a target is."""
    own: Kind = getattr(dataset, "token", "word")
    kinds: Mapping[str, tuple[Kind, Kind]] = {
        "label": (own, "label"),
        "tags": ("word", "label"),
        "from_label": ("label", own),
        "pairs": (getattr(dataset, "source_token", own), getattr(dataset, "target_token", own)),
    }
    return kinds[dataset.task]


def tokens_of_text(text: FieldText, kind: Kind) -> Sequence[str]:
    """Return the tokens of a text; a text of characters is the sequence of its characters."""
    if isinstance(text, tuple):
        return text
    if kind == "label":
        return (text,)
    return text if kind == "character" else text.split()


def whole_text(text: FieldText) -> str:
    """Return a text as it is, or the tokens of a sequence joined into a text."""
    return text if isinstance(text, str) else joined(text)


def joined(tokens: Iterable[str]) -> str:
    """Return tokens joined with spaces; a space within a token becomes a no-break space."""
    return " ".join(token.replace(" ", "\N{NO-BREAK SPACE}") for token in tokens)
