"""Bach's chorales as note text: the highest voice, one note for each sixteenth, one chorale per line."""

import json
from pathlib import Path

from rnnlab.music.notation import pitch_of

PARTS = {"train": "train", "valid": "validation", "test": "test"}


def read_chorales(source: Path) -> dict[str, list[str]]:
    """Return the note text of each chorale, by part: train, validation and test.

    Args:
        source: JSON of {"train", "valid", "test"} → chorales → frames → MIDI pitches, the highest first.
    """
    pieces = json.loads(source.read_text(encoding="utf-8"))
    return {name: [" ".join(map(_note, chorale)) for chorale in pieces[part]] for part, name in PARTS.items()}


def write_chorales(source: Path, folder: Path) -> None:
    """Write `train.notes`, `validation.notes` and `test.notes` into a folder."""
    for name, lines in read_chorales(source).items():
        (folder / f"{name}.notes").write_text("\n".join(lines) + "\n", encoding="ascii")


def _note(pitches: list[int]) -> str:
    return f"{pitch_of(int(max(pitches)))}16" if pitches else "r16"
