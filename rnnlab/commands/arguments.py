"""The arguments and options that several commands share.

What the arguments of `compare` and `plot` name: runs, and folders of runs.

Numbers as they are typed: `3`, `1,5,8-11`, `all`.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rnnlab.errors import DataError, UsageError
from rnnlab.runs.layout import CONFIG
from rnnlab.terminal.completion import complete_config, complete_run

if TYPE_CHECKING:
    from rnnlab.music.meter import Meter

config_argument = click.argument("config", type=click.Path(path_type=Path), shell_complete=complete_config)

model_argument = click.argument(
    "model",
    metavar="[RUN|MODEL]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=complete_run,
)

set_option = click.option(
    "--set",
    "overrides",
    metavar="KEY.PATH=VALUE",
    multiple=True,
    help="Override a setting of the file, e.g. model.units=256; can be repeated. Text and paths are taken as"
    " they stand, to the last character.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def is_trained(path: Path) -> bool:
    """Whether an argument names something trained, there or not, rather than a configuration."""
    if os.path.isdir(path) or path.suffix.lower() == ".safetensors":
        return True
    return not os.path.exists(path) and path.suffix.lower() not in {".yaml", ".yml"}


def runs_in(path: Path, *, having: str) -> list[Path]:
    """The runs of a comparison's folder, in the order of their names and numbers; else the path itself.

    Args:
        path: what was named.
        having: a file that a run in the folder has, or it is passed over.
    """
    if not os.path.isdir(path) or (path / CONFIG).exists():
        return [path]
    names = (CONFIG, having)
    found = [
        each
        for each in path.iterdir()
        if not each.is_symlink() and all((each / name).is_file() for name in names)
    ]
    return sorted(found, key=_by_number) or [path]


def _by_number(path: Path) -> tuple[str, int]:
    found = re.fullmatch(r"(.*?)(\d{1,18})", path.name)
    return (found[1], int(found[2])) if found else (path.name, 0)


def numbers_of(text: str, most: int, *, name: str) -> tuple[int, ...]:
    """The numbers of a list, from 0, in order and each once.

    Args:
        text: numbers and ranges from 1, or `all`.
        most: the highest that there is.
        name: of the option.

    Raises:
        UsageError: it is no such list, or names what there is not.
    """
    if text.strip() == "all":
        return tuple(range(most))
    found: set[int] = set()
    for piece in text.split(","):
        if not (match := re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9}))?\s*", piece, re.ASCII)):
            raise UsageError(f"{name}: expected numbers such as 1,5,8-11 or all, received {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= most:
            raise UsageError(f"{name}: expected numbers from 1 to {most}, received {piece.strip()!r}")
        found.update(range(first - 1, last))
    return tuple(sorted(found))


def range_of(text: str | None, total: int, *, most: int, name: str) -> range:
    """The steps that `A-B` names, from 0; left out, the first ones.

    Args:
        text: a range from 1, one number, or `all`.
        total: how many there are.
        most: how many are taken where it is left out.
        name: of the option.

    Raises:
        UsageError: it is no range, or ends where there is no step.
    """
    if text is None:
        return range(min(total, most))
    if "," in text:
        raise UsageError(f"{name}: expected a range such as 20-60, received {text!r}")
    numbers = numbers_of(text, total, name=name)
    return range(numbers[0], numbers[-1] + 1)


def parsed_meter(text: str | None) -> "Meter | None":
    """The metre that `--meter` names; None if the option was left out.

    Raises:
        UsageError: the text is no metre.
    """
    from rnnlab.music.meter import parse_meter

    try:
        return None if text is None else parse_meter(text)
    except DataError as error:
        raise UsageError(f"--meter: {error}") from None


Command = TypeVar("Command", bound=Callable[..., Any])


overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the picture if it exists.")


def output_option(*, required: bool) -> Callable[[Command], Command]:
    """`--output`, which names the picture; its extension says in which format."""
    return click.option(
        "--output",
        type=click.Path(path_type=Path),
        required=required,
        metavar="FILE.svg|png|pdf",
        help="Draw a picture into this file; .png needs the extra `plot`.",
    )


def checked_picture(output: Path, *, overwrite: bool) -> str:
    """Return the suffix of a picture file that can be written.

    Raises:
        UsageError: the suffix is no format of pictures, or the file exists.
        DataError: a PNG cannot be drawn on this machine.
    """
    from rnnlab.reports.pictures import FORMATS, check_picture_format

    suffix = output.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{output}: expected a name that ends with {', '.join(FORMATS)}")
    if output.exists() and not overwrite:
        raise UsageError(f"{output}: there is such a file; name another, or replace it with --overwrite")
    if not output.parent.is_dir():
        raise UsageError(f"{output}: no such folder, {output.parent}; make it first")
    check_picture_format(suffix)
    return suffix
