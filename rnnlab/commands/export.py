"""`rnnlab export`: write a trained model for another program, or its losses for TensorBoard."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.arguments import models_argument
from rnnlab.errors import count_of, shell_word
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.exports.formats import Exported


@click.command()
@models_argument
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["page", "keras", "onnx", "saved_model", "tensorboard"]),
    help="Left out, the format of the extension of PATH: .html, .keras or .onnx.",
)
@click.option(
    "--output",
    metavar="PATH",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write; for saved_model and tensorboard the folder.",
)
@click.option(
    "--state",
    is_flag=True,
    help="Make the recurrent state an input and an output, to run the model step by step.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "ko"]),
    help="The language of a page; left out, Korean if the model writes it or LANG says so.",
)
@click.option("--overwrite", is_flag=True, help="Replace PATH if it exists.")
def command(
    models: tuple[Path, ...],
    wanted: str | None,
    output: Path,
    *,
    state: bool,
    language: str | None,
    overwrite: bool,
) -> None:
    """Write a trained model as a page that plays, or for other programs.

    \b
    rnnlab export --output song.html
    rnnlab export --output song.keras
    rnnlab export runs/text_lstm-1 --output text.onnx --state
    rnnlab export runs/text_lstm-1 --format saved_model --output text_model
    rnnlab export runs/text_lstm-1 --format tensorboard --output logs/text_lstm-1

    The model is that of a run folder, of a model file, or else of the newest run; TensorBoard gets the losses
    of a run. A page is one file that plays in any browser, without a network connection; of several models,
    it plays all side by side. Other programs are Keras, TensorFlow, ONNX and TensorBoard. With --state, a
    model of task pairs becomes two files, an encoder and a decoder. A model for Keras, TensorFlow or ONNX is
    read back and run on random tokens; the file stays only if its output equals that of rnnlab.
    """
    from rnnlab.exports.formats import export, format_of
    from rnnlab.runs.folder import load_any_trained

    if wanted != "tensorboard":
        wanted = format_of(output, wanted)
    if wanted == "page":
        if state:
            raise click.UsageError("a page runs the model step by step anyway; leave --state out")
        _write_page(models, output, language=language, overwrite=overwrite)
        return
    if len(models) > 1:
        raise click.UsageError(f"{wanted} takes one model, received {len(models)}; only a page takes several")
    if language:
        raise click.UsageError(f"--language is for a page, and the format is {wanted}; leave it out")
    model = models[0] if models else None
    if wanted == "tensorboard":
        if state or overwrite:
            raise click.UsageError("--format tensorboard writes losses; leave --state and --overwrite out")
        _write_losses(model, output)
        return
    trained, _, path = load_any_trained(model)
    _say_which(model, path)
    exported = export(trained, output, format=wanted, state=state, overwrite=overwrite)
    for note in exported.notes:
        echo(note, err=True)
    echo(_result(exported))


def _say_which(model: Path | None, path: Path) -> None:
    """Say which model is taken, if none was named."""
    if model is None:
        echo(f"using {path}", err=True)


def _write_page(models: tuple[Path, ...], output: Path, *, language: str | None, overwrite: bool) -> None:
    """Write the page of one or more models, and print its size."""
    from rnnlab.exports.page_file import write_page
    from rnnlab.exports.page_network import page_network
    from rnnlab.runs.folder import load_any_trained

    networks = []
    for model in models or (None,):
        trained, run, path = load_any_trained(model)
        _say_which(model, path)
        networks.append(page_network(trained, run, path))
    written = write_page(networks, output, language=language, overwrite=overwrite)
    for note in written.notes:
        echo(note, err=True)
    echo(f"{output}: {written.size / 1e6:.2f} MB; open it in a browser, or send it: it needs no other file")


def _write_losses(model: Path | None, folder: Path) -> None:
    """Write the history of a run for TensorBoard, and print the file and the command that shows it."""
    from rnnlab.config.reading import read_any
    from rnnlab.exports.tensorboard import write_events
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.history import read_history
    from rnnlab.runs.layout import CONFIG, HISTORY

    run = find_run(model)
    if model is None:
        echo(f"using {run.path}", err=True)
    history = read_history(run.path)
    written = run.path / HISTORY
    ended = written.stat().st_mtime if written.exists() else 0.0
    training, name = read_any(run.path / CONFIG).training, run.path.resolve().name
    path = write_events(history, training, folder, run=name, ended=ended)
    length = f"{count_of(len(history), 'epoch')}, {count_of(len(history.steps), 'step')}"
    echo(f"{path}: {length}; tensorboard --logdir {shell_word(folder)}")


def _result(exported: "Exported") -> str:
    is_inside = exported.vocabulary == exported.path
    where = (
        f"in {exported.vocabulary}" if not is_inside else "in it" if exported.decoder is None else "in each"
    )
    names = exported.path if exported.decoder is None else f"{exported.path}, {exported.decoder}"
    return (
        f"{names}: same output as rnnlab on random tokens, within {exported.difference:.1e} of the"
        f" largest logit; the vocabulary is {where}"
    )
