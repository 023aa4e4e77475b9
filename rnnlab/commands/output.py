"""Files that `generate` and `convert` write: the extension is the format; --overwrite replaces a file.

This module is separate because it loads every writer of music, which most calls of `generate` do not need.
"""

from collections.abc import Sequence
from pathlib import Path

from rnnlab.errors import DataError, UsageError, count_of
from rnnlab.files import write_durably
from rnnlab.music.files import NOTE_TEXT, WRITTEN, written
from rnnlab.music.meter import Meter
from rnnlab.music.tune import parse_tune
from rnnlab.terminal.text import echo


def check_target(target: Path, *, called: str, overwrite: bool) -> str:
    """Check the extension of a file, and that the file is new or may be replaced; return the extension.

    The extension is returned in lower case. The folder is not checked.

    Args:
        target: the file.
        called: name of the argument with an article, such as `an OUT`, for messages.
        overwrite: whether an existing file may be replaced.

    Raises:
        UsageError: no format has this extension, or the file exists and `overwrite` is false.
    """
    suffix = target.suffix.lower()
    if suffix not in WRITTEN:
        raise UsageError(f"{target}: expected {called} that ends with {', '.join(WRITTEN)}")
    _check_free(target, overwrite=overwrite)
    return suffix


def check_output(target: Path, *, kind: str, samples: int, overwrite: bool) -> None:
    """Check, before the samples are generated, that the samples can be written into files.

    Args:
        target: the value of --output.
        kind: what the model writes: `notes` or `text`.
        samples: number of samples.
        overwrite: whether existing files may be replaced.

    Raises:
        UsageError: the model cannot write this format, a file exists and `overwrite` is false, or the folder
            does not exist.
    """
    if kind == "text" and target.suffix.lower() != ".txt":
        raise UsageError(
            f"{target}: this model writes text, not notes; expected an --output that ends with .txt"
        )
    check_target(target, called="an --output", overwrite=overwrite or samples > 1)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: the folder does not exist; make it, or name another --output")
    for path in _files(target, samples):
        _check_free(path, overwrite=overwrite)


def write_text(target: Path, text: str) -> None:
    """Write a text and a line break into a file, and print the file and the length of the text on stderr.

    Raises:
        RunError: the file cannot be written.
    """
    write_durably(target, f"{text}\n".encode(errors="backslashreplace"))
    echo(f"{target}: {count_of(len(text), 'character')}", err=True)


def write_notes(target: Path, texts: Sequence[str], *, meter: Meter | None = None) -> None:
    """Write samples of note text as tunes, and print each file on stderr.

    If the format cannot hold a sample, the other samples are still written.

    Args:
        target: the file. Several samples get a file each, with a number before the extension; a file of note
            text takes them all.
        texts: the note text of each sample.
        meter: metre of the tunes; None: no metre.

    Raises:
        DataError: a sample cannot be written; the message has the reason for the first such sample.
        RunError: a file cannot be written.
    """
    tunes = [parse_tune(text, name=f"sample {number}") for number, text in enumerate(texts, 1)]
    paths = _files(target, len(tunes))
    failures = []
    for number, path in enumerate(paths):
        held = tunes if len(paths) == 1 else [tunes[number]]
        try:
            write_durably(path, written(held, path.suffix.lower(), meter=meter))
        except DataError as error:
            failures.append(str(error))
            continue
        events = sum(len(tune.notes) for tune in held)
        echo(f"{path}: {count_of(len(held), 'tune')}, {count_of(events, 'event')}", err=True)
    if failures:
        which = target if len(paths) == 1 else f"{len(failures):,} of {len(paths):,} files are not written"
        raise DataError(f"{which}: {failures[0]}")


def _files(target: Path, samples: int) -> list[Path]:
    """Return one file for one sample or for note text; else a file for each sample: `song-1.mid`, …"""
    if samples == 1 or target.suffix.lower() in NOTE_TEXT:
        return [target]
    return [target.with_stem(f"{target.stem}-{number}") for number in range(1, samples + 1)]


def _check_free(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: the file exists; name another, or replace it with --overwrite")
