"""Small data of every kind that a dataset may name, the same for every drawn configuration."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnlab.music.files import collect, written
from rnnlab.music.melody import Reading
from rnnlab.music.notation import parse_notes

SHIPPED = Path(__file__).parents[1] / "data"

_HARBOUR = (SHIPPED / "harbour.txt").read_text(encoding="utf-8")
_SONG = (SHIPPED / "nabiya.notes").read_text(encoding="utf-8")
_WORDS = _HARBOUR.split()
_TUNE_LINES = [line for line in _SONG.splitlines() if not line.startswith("%")]

TEXTS = {
    "harbour.txt": _HARBOUR[:900],
    "short.txt": _HARBOUR[:60],
    "lines.txt": "".join(f"{' '.join(_WORDS[at : at + 5])}\n" for at in range(0, 150, 5)),
    "letters/one.txt": _HARBOUR[:200],
    "letters/two.txt": _HARBOUR[200:500],
    "letters/three.txt": _HARBOUR[500:640],
    "letters/four.txt": _HARBOUR[640:900],
    "later.txt": _HARBOUR[900:1150],
    "last.txt": _HARBOUR[1150:1400],
}
NOTES = {
    "song.notes": _SONG,
    "tunes/one.notes": "\n".join(_TUNE_LINES),
    "tunes/two.notes": "\n".join(reversed(_TUNE_LINES)),
    "tunes/three.notes": "\n".join(_TUNE_LINES[1:3]),
    "chords.notes": "c4 <c e g>4 r8 d8 e4.~ e8 c8*2/3 d8*2/3 e8*2/3 fis'4 bes,2\n" * 6,
    "later.notes": "\n".join([*_TUNE_LINES[2:], *_TUNE_LINES]),
    "last.notes": "\n".join(_TUNE_LINES[::2]),
}


@dataclass(frozen=True)
class Source:
    """Data that a configuration may name.

    Attributes:
        paths: what `dataset.path` says.
        tokens: of the data, in order, without boundaries.
        sequences: how many there are by `dataset.unit`.
    """

    paths: tuple[str, ...]
    tokens: tuple[str, ...]
    sequences: dict[str, int]


def write_material(folder: Path) -> None:
    """Write every file that a drawn configuration may name."""
    for name, text in {**TEXTS, **NOTES}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "packed.txt.gz").write_bytes(gzip.compress(TEXTS["harbour.txt"].encode(), mtime=0))
    song = collect([folder / "song.notes"], reading=Reading())
    (folder / "song.mid").write_bytes(written(song.tunes, ".mid"))


def text_sources() -> list[Source]:
    """Texts, alone and several together."""
    letters = tuple(name for name in TEXTS if name.startswith("letters/"))
    found = [_texts((name,), (name,)) for name in ("harbour.txt", "short.txt", "lines.txt")]
    found.append(_texts(("packed.txt.gz",), ("harbour.txt",)))
    found += [_texts(paths, letters) for paths in (("letters",), ("letters/*.txt",), letters)]
    return found


def note_sources() -> list[Source]:
    """Note texts, alone and several together, and a MIDI file."""
    tunes = tuple(name for name in NOTES if name.startswith("tunes/"))
    found = [_notes((name,), (name,)) for name in ("song.notes", "chords.notes")]
    found.append(_notes(("song.mid",), ("song.notes",)))
    found += [_notes(paths, tunes) for paths in (("tunes",), ("tunes/*.notes",), tunes)]
    return found


def _texts(paths: tuple[str, ...], names: tuple[str, ...]) -> Source:
    texts = [TEXTS[name] for name in names]
    lines = sum(text.strip("\n").count("\n") + 1 for text in texts)
    return Source(paths, tuple("".join(texts)), {"line": lines, "document": len(texts)})


def _notes(paths: tuple[str, ...], names: tuple[str, ...]) -> Source:
    tokens = tuple(token for name in names for token in parse_notes(NOTES[name], name=name))
    lines = sum(len(list(_lines_of(NOTES[name]))) for name in names)
    return Source(paths, tokens, {"line": lines, "document": len(names)})


def _lines_of(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip() and not line.startswith("%"))
