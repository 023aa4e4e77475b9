"""Arguments and options that several commands share, and the parsing of their values."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rnnlab.errors import Argument, DataError, UsageError
from rnnlab.runs.layout import CONFIG, is_study_folder
from rnnlab.terminal.completion import complete_config, complete_run

if TYPE_CHECKING:
    from rnnlab.music.meter import Meter
    from rnnlab.trials.runner import Shared

config_argument = click.argument("config", type=click.Path(path_type=Path), shell_complete=complete_config)

model_argument = click.argument(
    "model",
    metavar="[RUN|MODEL]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=complete_run,
)

models_argument = click.argument(
    "models",
    metavar="[RUN|MODEL]...",
    type=click.Path(path_type=Path),
    nargs=-1,
    shell_complete=complete_run,
)

set_option = click.option(
    "--set",
    "overrides",
    metavar="KEY.PATH=VALUE",
    multiple=True,
    help="Override a setting of the file, e.g. model.units=256; can be repeated. Text and paths are taken"
    " exactly as written.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def is_trained(path: Path) -> bool:
    """Return whether an argument stands for trained models and not for a configuration.

    That is a folder, a `.safetensors` file, or any path that does not exist and has no suffix of YAML.
    """
    if os.path.isdir(path) or path.suffix.lower() == ".safetensors":
        return True
    return not os.path.exists(path) and path.suffix.lower() not in {".yaml", ".yml"}


def runs_in(path: Path, *, having: str) -> list[Path]:
    """Return the runs in the folder of a comparison, by name and number; for any other path, the path itself.

    A folder without such a run is returned itself too.

    Args:
        path: a run, a model file, or the folder of a comparison.
        having: name of a file; a run without it is left out.
    """
    if not os.path.isdir(path) or (path / CONFIG).exists() or is_study_folder(path):
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
    """Parse a list of numbers such as `1,5,8-11` or `all`; return them as indices from 0, sorted, each once.

    Args:
        text: numbers and ranges, counted from 1, or `all`.
        most: the highest number allowed.
        name: name of the option, for messages.

    Raises:
        UsageError: the text is no such list, a number is 0 or too high, or a range runs downwards.
    """
    if text.strip() == "all":
        return tuple(range(most))
    found: set[int] = set()
    for piece in text.split(","):
        if not (match := re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9}))?\s*", piece, re.ASCII)):
            raise UsageError(f"{name}: expected numbers such as 1,5,8-11 or all, received {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= most:
            order = ", and ranges from low to high" if first > last else ""
            raise UsageError(f"{name}: expected numbers from 1 to {most}{order}, received {piece.strip()!r}")
        found.update(range(first - 1, last))
    return tuple(sorted(found))


def range_of(text: str | None, total: int, *, most: int, name: str) -> range:
    """Parse a range of time steps such as `20-60`; return the steps counted from 0.

    Args:
        text: a range or a number, counted from 1, or `all`; None stands for the first steps.
        total: number of steps.
        most: number of steps that are taken if the text is None.
        name: name of the option, for messages.

    Raises:
        UsageError: the text is no range, a step is 0 or too high, or the range runs downwards.
    """
    if text is None:
        return range(min(total, most))
    if "," in text:
        raise UsageError(f"{name}: expected a range such as 20-60, received {text!r}")
    numbers = numbers_of(text, total, name=name)
    return range(numbers[0], numbers[-1] + 1)


def parsed_meter(text: str | None) -> "Meter | None":
    """Return the metre that `--meter` names; None if the option was left out.

    Raises:
        UsageError: the text is no metre.
    """
    from rnnlab.music.meter import parse_meter

    try:
        return None if text is None else parse_meter(text)
    except DataError as error:
        raise UsageError(f"--meter: {error}") from None


Command = TypeVar("Command", bound=Callable[..., Any])


overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")


def output_option(*, required: bool, table: str = "") -> Callable[[Command], Command]:
    """Return the option `--output` of a command that draws a picture; its extension is the format.

    Args:
        required: whether the option must be given.
        table: what the rows of a table are that the command writes into a .csv file; empty if it writes none.
    """
    rows = f" With .csv: write a table with a row for each {table}." if table else ""
    return click.option(
        "--output",
        type=click.Path(path_type=Path),
        required=required,
        metavar=f"FILE.svg|png|pdf{'|csv' * bool(table)}",
        help=f"Draw a picture into this file; .png needs the extra `plot`.{rows}",
    )


def checked_picture(output: Path, *, overwrite: bool) -> str:
    """Check before any slow work that a picture can be written; return its suffix in lower case.

    Raises:
        UsageError: the format is unknown, the file exists and `overwrite` is false, or its folder does not
            exist.
        DataError: a PNG cannot be drawn on this machine.
    """
    from rnnlab.reports.pictures import FORMATS, check_picture_format

    suffix = output.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{output}: expected a name that ends with {', '.join(FORMATS)}")
    if output.exists() and not overwrite:
        raise UsageError(f"{output}: the file exists; name another, or replace it with --overwrite")
    if not output.parent.is_dir():
        raise UsageError(f"{output}: the folder {output.parent} does not exist; make it first")
    check_picture_format(suffix)
    return suffix


def checked_drawing(path: Path, *, overwrite: bool) -> str:
    """Check that heat maps can be written into a file; return its suffix in lower case.

    Raises:
        UsageError: the extension is another than .html or .svg, or the file exists and `overwrite` is false.
    """
    suffix = path.suffix.lower()
    if suffix not in (".html", ".svg"):
        raise UsageError(f"{path}: expected an --output that ends with .html or .svg")
    if os.path.exists(path) and not overwrite:
        raise UsageError(f"{path}: the file exists; name another, or replace it with --overwrite")
    return suffix


storage_option = click.option(
    "--storage",
    metavar="URL",
    help="Keep the trials in this database, so that several processes and machines share them:"
    " postgresql://USER@HOST/DATABASE, or sqlite:///FILE. A password is better in the file ~/.pgpass.",
)

study_option = click.option(
    "--study",
    metavar="NAME",
    help="With --storage: the name of the study in the database, and of its folder in runs/.",
)


def check_study(storage: str | None, study: str | None) -> None:
    """Check that `--study` is given only together with `--storage`.

    Raises:
        UsageError: a study is named, and no database.
    """
    if study and not storage:
        raise UsageError(
            Argument("study"), " names a study in a database; give ", Argument("storage"), " too"
        )


def shared_study(storage: str | None, study: str, plan: dict[str, Any]) -> "Shared | None":
    """Return the study that `--storage` and `--study` name; None without a database.

    Args:
        storage: URL of the database.
        study: name of the study.
        plan: what all commands that share the study must agree on.

    Raises:
        UsageError: the text is no URL of a database.
        DataError: a library that the database needs is not installed.
    """
    if storage is None:
        return None
    from rnnlab.trials.storage import checked_url

    url = checked_url(storage)
    from rnnlab.trials.runner import Shared
    from rnnlab.trials.worker import StudyPlace

    return Shared(StudyPlace(url, study), plan)
