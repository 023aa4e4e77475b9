"""Names of files that `generate`, `convert` and `replay` write, checked before any slow work.

The extension is the format. `--overwrite` replaces a file.
"""

from pathlib import Path

from rnnlab.errors import UsageError
from rnnlab.music.files import NOTE_TEXT, WRITTEN
from rnnlab.music.recipes import beside


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
    check_free(target, overwrite=overwrite)
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
    for path in [*sample_paths(target, samples), *([beside(target)] if kind == "text" else [])]:
        check_free(path, overwrite=overwrite)


def sample_paths(target: Path, samples: int) -> list[Path]:
    """Return one file for one sample or for note text; else a file for each sample: `song-1.mid`, …"""
    if samples == 1 or target.suffix.lower() in NOTE_TEXT:
        return [target]
    return [target.with_stem(f"{target.stem}-{number}") for number in range(1, samples + 1)]


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise if a file exists and `overwrite` is false.

    Raises:
        UsageError: the file exists and may not be replaced.
    """
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: the file exists; name another, or replace it with --overwrite")
