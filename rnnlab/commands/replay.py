"""`rnnlab replay`: make files that `generate --output` wrote again, byte for byte."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.terminal.completion import complete_run
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.api.replay import Replay


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model",
    metavar="RUN|MODEL",
    type=click.Path(path_type=Path),
    shell_complete=complete_run,
    help="The run or the model file; left out, the run in runs/ that has the model of the recipe.",
)
@click.option(
    "--output",
    metavar="OTHER",
    type=click.Path(path_type=Path),
    help="Write what is made into another file, of the same extension.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --output if it exists.")
def command(files: tuple[Path, ...], *, model: Path | None, output: Path | None, overwrite: bool) -> None:
    """Make files that generate wrote again, byte for byte: each has the recipe that it was made from.

    \b
    rnnlab replay song.mid
    rnnlab replay song-*.svg
    rnnlab replay song.wav --model runs/nabiya_lstm-3 --output again.wav

    Nothing is written without --output: each file is compared with what its recipe gives, and is the same,
    or the message says what differs: the model, the version of rnnlab or of a library, the processor, or the
    file itself.
    """
    from rnnlab.api.replay import Replays
    from rnnlab.commands.hints import as_typed
    from rnnlab.errors import OutputError, RnnlabError

    if output:
        _check_output(files, output, overwrite=overwrite)
    replays, failures = Replays(model), list[RnnlabError]()
    for path in files:
        try:
            made = replays.of(path)
            if output:
                _write(made, output)
            if made.difference:
                raise OutputError(f"{path}: {made.difference}")
            echo(f"{path}: the same, byte for byte ({_facts(made)})")
        except RnnlabError as error:
            failures.append(error)
            if len(files) > 1:
                echo(as_typed(error), err=True)
    if len(files) == 1 and failures:
        raise failures[0]
    if failures:
        raise OutputError(f"{len(failures):,} of {len(files):,} files are not made again")


def _check_output(files: tuple[Path, ...], output: Path, *, overwrite: bool) -> None:
    """Check the file of `--output`.

    Raises:
        UsageError: there are several files; the file has another extension than the first one, or exists and
            may not be replaced; or its folder does not exist.
    """
    from rnnlab.commands.output import check_free
    from rnnlab.errors import UsageError
    from rnnlab.music.recipes import beside

    if len(files) > 1:
        raise UsageError(f"--output is for one FILE, received {len(files):,}; replay each by itself")
    suffix = files[0].suffix.lower()
    if output.suffix.lower() != suffix:
        raise UsageError(f"{output}: expected an --output that ends with {suffix}, as {files[0]}")
    if not output.parent.is_dir():
        raise UsageError(f"{output.parent}: the folder does not exist; make it, or name another --output")
    for path in [output, *([beside(output)] if suffix == ".txt" else [])]:
        check_free(path, overwrite=overwrite)


def _write(made: "Replay", output: Path) -> None:
    """Write what was made into a file, and print its name on stderr; the recipe of plain text beside it.

    Raises:
        RunError: a file cannot be written.
    """
    from rnnlab.files import write_durably
    from rnnlab.music.recipes import beside

    write_durably(output, made.data)
    said = f"{output}: made from the recipe of {made.path}"
    if made.is_plain:
        write_durably(beside(output), f"{made.text}\n".encode())
        said += f"; its recipe is in {beside(output)}"
    echo(said, err=True)


def _facts(made: "Replay") -> str:
    """Return the number of a file in a set of samples, the random seed, and the model."""
    from rnnlab.runs.model_search import shown_sha256

    recipe = made.recipe
    number = f"sample {recipe.sample:,} of {recipe.settings.samples:,}, " if recipe.sample else ""
    model = f"{made.model}, {shown_sha256(recipe.model_sha256)}"
    return f"{number}random seed {recipe.settings.random_seed}, {model}"
