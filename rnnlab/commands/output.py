"""Files that `generate` and `convert` write: the extension says what, and nothing is replaced unasked.

The option that names a picture, checked before anything slow is begun.
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
    """The extension of a file that is to be written.

    Args:
        target: the file.
        called: what the command line calls it, as `an OUT`.
        overwrite: whether it may replace a file.

    Raises:
        UsageError: nothing is written that ends so, or there is such a file.
    """
    suffix = target.suffix.lower()
    if suffix not in WRITTEN:
        raise UsageError(f"{target}: expected {called} that ends with {', '.join(WRITTEN)}")
    _check_free(target, overwrite=overwrite)
    return suffix


def check_output(target: Path, *, kind: str, samples: int, overwrite: bool) -> None:
    """Refuse an --output that samples cannot be written to, before they are made.

    Args:
        target: the file that is asked for.
        kind: what the model writes, notes or text.
        samples: how many.
        overwrite: whether they may replace files.

    Raises:
        UsageError: what is wrong, and what is possible.
    """
    if kind == "text" and target.suffix.lower() != ".txt":
        raise UsageError(
            f"{target}: this model writes text, not notes; expected an --output that ends with .txt"
        )
    check_target(target, called="an --output", overwrite=overwrite or samples > 1)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder; make it, or name another --output")
    for path in _files(target, samples):
        _check_free(path, overwrite=overwrite)


def write_text(target: Path, text: str) -> None:
    """Write what stdout got, whole or not at all, and say it on stderr.

    Raises:
        RunError: it cannot be written.
    """
    write_durably(target, f"{text}\n".encode(errors="backslashreplace"))
    echo(f"{target}: {count_of(len(text), 'character')}", err=True)


def write_notes(target: Path, texts: Sequence[str], *, meter: Meter | None = None) -> None:
    """Write samples of note text as tunes, each file whole or not at all, and say it on stderr.

    A sample that its format cannot hold does not stop the others.

    Args:
        target: the file; with several samples each has its number before the extension, but in note text.
        texts: note text of each sample.
        meter: of the tunes; None for none.

    Raises:
        DataError: what is wrong with the first that was not written.
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
    """The file of text that takes all samples, or one for each: `song-1.mid` and so on."""
    if samples == 1 or target.suffix.lower() in NOTE_TEXT:
        return [target]
    return [target.with_stem(f"{target.stem}-{number}") for number in range(1, samples + 1)]


def _check_free(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: there is such a file; name another, or replace it with --overwrite")
