"""The option that names a picture, checked before anything slow is begun."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from rnnlab.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the picture if it exists.")


def output_option(*, required: bool) -> Callable[[Command], Command]:
    """`--output`, which names the picture; its extension says in which format."""
    return click.option(
        "--output",
        type=click.Path(path_type=Path),
        required=required,
        metavar="FILE.svg|png|pdf",
        help="Draw a picture into this file (extra `plot`).",
    )


def checked_picture(output: Path, *, overwrite: bool) -> str:
    """The suffix of a picture that can be drawn there.

    Raises:
        UsageError: no such format, or a file that is there already.
        DataError: matplotlib is not installed.
    """
    from rnnlab.reports.figures import FORMATS, check_matplotlib

    suffix = output.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{output}: expected a name that ends with {', '.join(FORMATS)}")
    if output.exists() and not overwrite:
        raise UsageError(f"{output}: there is such a file; name another, or replace it with --overwrite")
    if not output.parent.is_dir():
        raise UsageError(f"{output}: no such folder, {output.parent}; make it first")
    check_matplotlib()
    return suffix
