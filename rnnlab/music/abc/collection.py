"""Files of ABC: tunes, with the fields before them that hold for all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rnnlab.errors import DataError
from rnnlab.music.abc.tune_reader import TuneLine, TuneReader
from rnnlab.music.melody import Reading
from rnnlab.music.tune import Tune

_BLOCK = re.compile(r"\s*%%begin(\w+)")
_COMMENT = re.compile(r"(?<!\\)%.*")
_NUMBER = re.compile(r"\s*X:\s*([^%\s]*)")
_FIELD = re.compile(r"\s*[A-Za-z]:")


def read_abc(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield each tune of a collection, or what is wrong with the tune.

    A tune begins with its number, `X:`, and ends at an empty line or at the next number. Text between tunes
    is left out.

    Args:
        data: bytes of the file.
        name: what messages call the file.
        reading: which voice is read, and how a chord is.
    """
    header, tunes = _split(_text(data))
    for tune in tunes:
        called = f"{name} (X:{tune.number})" if tune.number and len(tunes) > 1 else name
        try:
            reader = TuneReader(reading)
            for line in (*header, *tune.lines):
                reader.read(line)
            yield reader.tune(called, end=tune.lines[-1].number, remarks=_remarks(tune))
        except DataError as error:
            yield DataError(f"{name}:{error}")


@dataclass
class _Lines:
    """The lines of a tune, and those between it and the next that look like music."""

    number: str = ""
    lines: list[TuneLine] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)


def _text(data: bytes) -> str:
    """Return the text of bytes: UTF-16 with its mark, UTF-8, or Latin-1, as old collections are."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _split(text: str) -> tuple[list[TuneLine], list[_Lines]]:
    """Return the lines of the file header, and the tunes; a file without a number is one tune."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_numbered = any(_NUMBER.match(line) for line in lines)
    header: list[TuneLine] = []
    tunes: list[_Lines] = [] if is_numbered else [_Lines()]
    is_open, block = (
        True,
        "",
    )  # whether lines belong to the header or the last tune; the %%begin… that is open
    for number, line in enumerate(lines, 1):
        if block:
            block = "" if re.match(rf"\s*%%end{block}", line) else block
        elif begin := _BLOCK.match(line):
            block = begin[1]
        elif not line.strip():
            is_open = not any((header, *(tune.lines for tune in tunes)))  # empty lines before all are none
        else:
            told = TuneLine(number, line if line.lstrip().startswith("%%") else _COMMENT.sub("", line))
            if match := _NUMBER.match(line):
                tunes.append(_Lines(match[1]))
                is_open = True
            if is_open and tunes:
                tunes[-1].lines.append(told)
            elif is_open and (_FIELD.match(line) or line.startswith("%%")):
                header.append(told)
            elif tunes and "|" in told.text:
                tunes[-1].stray.append(number)
    return header, [tune for tune in tunes if tune.lines]


def _remarks(tune: _Lines) -> tuple[str, ...]:
    """Say that lines after an empty one look like music, which an empty line ends."""
    if not tune.stray:
        return ()
    first, last = tune.stray[0], tune.stray[-1]
    where = f"line {first} has" if first == last else f"lines {first} to {last} have"
    return (f"{where} bar lines and stand after an empty line, which ends a tune: left out",)
