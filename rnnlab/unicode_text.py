"""Text that is not UTF-8: a guess of its encoding, and the command that converts it.

what the bytes have             the guess
byte order mark                 UTF-16 or UTF-32
NUL in every second byte        UTF-16 without a mark; in three of four bytes: UTF-32
other NULs                      none: the text is refused
many control bytes              none: the text is refused
mostly letters of one script    cp932, cp1251, koi8-r, cp949 or gb18030: the first that gives these letters
bytes 0x80 to 0x9f              macintosh, if the line ends are carriage returns only; cp1252, if it makes all
                                bytes above 0x7f printable (quotes, dashes, €); else cp850
other                           latin1

If most characters outside ASCII are UTF-8, no encoding is guessed: the message names the wrong character.
"""

import codecs
import re
from collections.abc import Callable
from pathlib import Path

from rnnlab.errors import DataError, shell_word

SAMPLE = 1 << 16
"""Largest number of bytes from which an encoding is guessed; a multiple of 4."""

STANDARD_INPUT = Path("-")
"""The path of the standard input in messages."""

_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Byte order marks; the longer ones come first, since that of UTF-32 begins with that of UTF-16."""

_PLAIN = frozenset({0, *b"\t\n\r", *range(0x20, 0x7F)})
"""The bytes of ASCII text, and NUL."""

_LEAST_NULS, _MOST_WRONG = 0.3, 0.05
"""ASCII text in UTF-16: the smallest fraction of NULs among its bytes, and the largest ratio of NULs at wrong
to NULs at right places.

The second is also the largest fraction of unusual characters with which an encoding is accepted.
"""

_MOST_CONTROLS = 0.02
"""Largest fraction of control characters among the bytes of a text."""

_NO_BREAK = re.compile(rb"(?<=\xab)\xa0|\xa0(?=[:;!?%\xbb])")
"""A no-break space of cp1252 beside a punctuation mark, as French is written."""

DROP_NULS = "tr -d '\\000'"

_SCRIPTS: dict[str, tuple[Callable[[str], bool], float]] = {
    "CP932": (lambda letter: "\u3040" <= letter <= "\u30ff", 0.2),
    "CP1251": (lambda letter: "а" <= letter <= "я", 0.6),
    "KOI8-R": (lambda letter: "а" <= letter <= "я", 0.6),
    "CP949": (lambda letter: "가" <= letter <= "힣", 0.85),
    "GB18030": (lambda letter: "\u4e00" <= letter <= "\u9fff" or "\u3000" <= letter <= "\u303f", 0.7),
}
"""By encoding: a test for the frequent characters of its script, and their smallest fraction of the non-ASCII
characters. Only a sample in which more than a fifth of the bytes are not ASCII is tested."""


def decoded(data: bytes, path: Path) -> str:
    """Return the text of the bytes of a file, or of `STANDARD_INPUT`, without a byte order mark.

    Raises:
        DataError: the bytes are not UTF-8, or have a NUL character.
    """
    if has_mark(data):
        raise with_mark(path, data)
    if (nul := data.find(0)) >= 0:
        raise has_nul(path, data[:SAMPLE], line=1 + line_ends(data[:nul]), offset=nul)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + line_ends(data[: error.start])
        raise not_utf8(path, error, line=line, offset=error.start) from None


def line_ends(data: bytes) -> int:
    """Return the number of line ends in bytes; a text of an old Mac has carriage returns only."""
    return data.count(b"\n") or data.count(b"\r")


def has_mark(data: bytes) -> bool:
    """Return whether bytes begin with the byte order mark of UTF-16 or UTF-32."""
    return bool(_encoding_mark(data))


def with_mark(path: Path, data: bytes) -> DataError:
    """Return the error for a file that begins with the byte order mark of UTF-16 or UTF-32."""
    return _in_encoding(path, _encoding_mark(data), "its byte order mark says")


def has_nul(path: Path, begin: bytes, *, line: int, offset: int) -> DataError:
    """Return the error for a file that has a NUL character.

    Args:
        path: the file.
        begin: the first bytes of the file, at most `SAMPLE`.
        line: line of the NUL, from 1.
        offset: offset of the NUL in the file, in bytes.
    """
    if encoding := _encoding_with_nuls(begin):
        return _in_encoding(path, encoding, "its NULs show")
    where = f"{path}:{line}: a NUL (byte 0x00 at offset {offset})"
    if _is_binary(begin):
        return DataError(f"{where} among control bytes; expected text in UTF-8")
    return DataError(f"{where}, which no text has; remove it: {_written(path, DROP_NULS)}")


def not_utf8(path: Path, error: UnicodeDecodeError, *, line: int, offset: int) -> DataError:
    """Return the error for a file that is not UTF-8.

    Args:
        path: the file.
        error: the error of the decoder.
        line: line of the first wrong byte, from 1.
        offset: offset of that byte in the file, in bytes.
    """
    where = f"{path}:{line}: not UTF-8 (byte 0x{error.object[error.start]:02x} at offset {offset})"
    if error.reason == "unexpected end of data":
        return DataError(f"{where}: the file ends within a character; copy the whole file again")
    sample = error.object[max(error.start - SAMPLE // 2, 0) :][:SAMPLE]
    if _is_mostly_utf8(sample):
        return DataError(f"{where}; most other characters are UTF-8; replace this one")
    if _is_binary(sample):
        return DataError(f"{where}, and not text in any other encoding; expected text in UTF-8")
    encoding = encoding_of(sample)
    return DataError(f"{where}; it looks like {encoding}, convert it: {_converted(path, encoding)}")


def encoding_of(sample: bytes) -> str:
    """Return the most likely encoding of bytes that are not UTF-8, by its name in iconv."""
    if marked := _encoding_mark(sample) or (b"\0" in sample and _encoding_with_nuls(sample)) or "":
        return marked
    letters = sum(byte > 0x7F for byte in sample)
    if letters > len(sample) / 5:  # European languages with accents have at most a tenth
        for name, (is_frequent, least) in _SCRIPTS.items():
            if _share(sample, name, is_frequent) >= least:
                return name
    if not any(0x80 <= byte <= 0x9F for byte in sample):
        return "LATIN1"
    if b"\r" in sample and b"\n" not in sample:
        return "MACINTOSH"
    spaced = _NO_BREAK.sub(b" ", sample)  # str.isprintable refuses a no-break space, which is á in cp850
    return "CP1252" if _share(spaced, "CP1252", str.isprintable) == 1 else "CP850"


def _encoding_mark(data: bytes) -> str:
    """Return the encoding of a byte order mark; empty if there is no mark, or that of UTF-8."""
    return next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")


def _encoding_with_nuls(sample: bytes) -> str:
    """Return the form of UTF-16 or UTF-32 to which the NULs of a text belong; empty if to neither."""
    if 0 not in sample or _share(sample.replace(b"\0", b""), "UTF-8", _is_usual) >= 1 - _MOST_WRONG:
        return ""  # UTF-8 with NULs
    names = ["UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE"]
    if all(byte in _PLAIN for byte in sample):
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if even + odd < len(sample) * _LEAST_NULS or min(even, odd) > max(even, odd) * _MOST_WRONG:
            names = names[:2]  # ASCII text with NULs would be decoded as Chinese
    shares = {name: _share(sample, name, _is_usual, of_all=True) for name in names}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= 1 - _MOST_WRONG else ""


def _is_usual(letter: str) -> bool:
    return letter.isprintable() or letter in "\n\r\t"


def _is_binary(sample: bytes) -> bool:
    """Return whether bytes are not text in any encoding, such as the bytes of a picture."""
    if _encoding_mark(sample) or _encoding_with_nuls(sample):
        return False
    controls = sum(sample.count(byte) for byte in {*range(1, 32), 127} - {3, 8, 9, 10, 11, 12, 13, 27})
    return controls > len(sample) * _MOST_CONTROLS and controls > 1


def _is_mostly_utf8(sample: bytes) -> bool:
    """Return whether most non-ASCII characters are UTF-8, as in a file that was joined from several texts."""
    text = sample.decode(errors="replace")
    wrong = text.count("\ufffd")
    return sum(letter > "\x7f" for letter in text) - wrong > wrong


def _in_encoding(path: Path, encoding: str, why: str) -> DataError:
    return DataError(f"{path}: not UTF-8 but {encoding}, as {why}; convert it: {_converted(path, encoding)}")


def _converted(path: Path, encoding: str) -> str:
    """Return the command that converts a file to UTF-8."""
    return _written(path, f"iconv -f {encoding} -t UTF-8")


def _written(path: Path, program: str) -> str:
    """Return the command with which a program reads a file, unpacked from .gz, and writes a new one.

    The new file is in the working folder. For `STANDARD_INPUT` the command is the program alone, a filter.
    """
    if path == STANDARD_INPUT:
        return program
    name = Path(path.stem if path.suffix.lower() == ".gz" else path.name)
    new = shell_word(name.with_suffix(f".utf8{name.suffix}"))
    if path.suffix.lower() == ".gz":
        return f"gzip -dc {shell_word(path)} | {program} > {new}"
    return f"{program} < {shell_word(path)} > {new}"


def _share(
    sample: bytes, encoding: str, is_frequent: Callable[[str], bool], *, of_all: bool = False
) -> float:
    """Return the fraction of frequent characters; 0 if decoding fails, or if no character counts.

    The fraction is of all characters if `of_all`, else of the non-ASCII characters.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)  # the last character may be cut
    except UnicodeDecodeError:
        return 0.0
    letters = [letter for letter in text if of_all or letter > "\x7f"]
    return sum(map(is_frequent, letters)) / max(len(letters), 1)
