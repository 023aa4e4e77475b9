"""ABC, the text format of folk music (abcnotation.com, standard 2.1): reading and writing of tunes.

`read_abc` gives the tunes of a file, and `write_abc` the text of a file with one tune. If a tune has a symbol
that is not supported, the error names the line and column of the symbol.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rnnlab.errors import DataError
from rnnlab.music.abc.tune_reader import TuneLine, TuneReader
from rnnlab.music.abc.writer import write_abc
from rnnlab.music.melody import Reading
from rnnlab.music.tune import Tune

__all__ = ["read_abc", "write_abc"]


_BLOCK = re.compile(r"\s*%%begin(\w+)")
_COMMENT = re.compile(r"(?<!\\)%.*")
_NUMBER = re.compile(r"\s*X:\s*([^%\s]*)")
_FIELD = re.compile(r"\s*[A-Za-z]:")


def read_abc(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield each tune of a file, or a DataError in place of a tune that cannot be read.

    A tune begins with its number, `X:`, and ends at an empty line or at the next number. Text between tunes
    is left out. A file without a number is one tune, which ends at the first empty line after it has begun. A
    file without a tune gives one DataError.

    Args:
        data: bytes of the file.
        name: name of the file in messages.
        reading: which voice is read, and which notes of a chord are kept.
    """
    header, tunes = _split(_text(data))
    if not tunes:
        yield DataError(f"{name}: expected at least one tune, received none")
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
    """The lines of a tune.

    Attributes:
        number: number of the tune, the value of `X:`; empty for none.
        lines: lines of the tune.
        stray: numbers of the lines with a bar line between this tune and the next; they are left out.
    """

    number: str = ""
    lines: list[TuneLine] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)


def _text(data: bytes) -> str:
    """Return bytes as text: UTF-16 after its byte order mark, else UTF-8, or Latin-1 if UTF-8 fails."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _split(text: str) -> tuple[list[TuneLine], list[_Lines]]:
    """Return the lines of the file header, and the tunes; a file without the field `X:` is one tune."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_numbered = any(_NUMBER.match(line) for line in lines)
    header: list[TuneLine] = []
    tunes: list[_Lines] = [] if is_numbered else [_Lines()]
    is_open = True  # whether the next line belongs to the header or to the last tune
    block = ""  # name of the block %%begin… that is open
    for number, line in enumerate(lines, 1):
        if block:
            block = "" if re.match(rf"\s*%%end{block}", line) else block
        elif begin := _BLOCK.match(line):
            block = begin[1]
        elif not line.strip():
            is_open = not any((header, *(tune.lines for tune in tunes)))  # the first lines may be empty
        else:
            tune_line = TuneLine(number, line if line.lstrip().startswith("%%") else _COMMENT.sub("", line))
            if match := _NUMBER.match(line):
                tunes.append(_Lines(match[1]))
                is_open = True
            if is_open and tunes:
                tunes[-1].lines.append(tune_line)
            elif is_open and (_FIELD.match(line) or line.startswith("%%")):
                header.append(tune_line)
            elif tunes and "|" in tune_line.text:
                tunes[-1].stray.append(number)
    return header, [tune for tune in tunes if tune.lines]


def _remarks(tune: _Lines) -> tuple[str, ...]:
    """Return a remark on lines with bar lines after the end of the tune; empty if there are no such lines."""
    if not tune.stray:
        return ()
    first, last = tune.stray[0], tune.stray[-1]
    where = f"line {first} has" if first == last else f"lines {first} to {last} have"
    return (f"{where} bar lines and stand after an empty line, which ends a tune: left out",)
