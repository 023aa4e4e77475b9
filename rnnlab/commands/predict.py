"""`rnnlab predict`: the label, the tags or the target of inputs, with a trained model."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.errors import UsageError, command_line
from rnnlab.terminal.completion import complete_run
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.generation.prediction import Prediction


@click.command()
@click.argument("texts", metavar="[RUN|MODEL] TEXT…", nargs=-1, shell_complete=complete_run)
@click.option(
    "--input",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the inputs from a file, one on each line; `-` is the standard input.",
)
@click.option(
    "--top",
    type=click.IntRange(1, 1000),
    default=1,
    help="Print so many labels, or targets, with their probabilities.",
)
@click.option("--beam", type=click.IntRange(1, 1000), help="For pairs: width of the beam search.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each input, on one line.")
def command(texts: tuple[str, ...], source: Path | None, top: int, beam: int | None, as_json: bool) -> None:
    """Print the label, the tags or the target of inputs.

    \b
    rnnlab predict Kowalski
    rnnlab predict runs/names_label-1 Kowalski Yamamoto --top 5
    rnnlab predict runs/dates_pairs-1 --input dates.txt --json

    The first argument is a run folder or a model file if there is one of that name; else the newest run is
    used, and all arguments are inputs.
    """
    from rnnlab.generation.prediction import predict
    from rnnlab.models.model_file import TrainedTask
    from rnnlab.runs.folder import load_any_trained

    model, inputs = _divided(texts)
    places: list[str] = []
    if source is not None:
        if inputs:
            raise click.UsageError("--input names the file of the inputs; leave TEXT out")
        inputs = _lines(source)
        places = [f"{source}:{number}" for number in range(1, len(inputs) + 1)]
    elif not inputs:
        raise click.UsageError("expected an input, TEXT, or --input FILE")
    trained, run, path = load_any_trained(model)
    if model is None:
        echo(f"using {path}", err=True)
    if not isinstance(trained, TrainedTask):
        raise UsageError(
            f"{path}: a model that predicts the next token; predict is for the tasks label, tags and pairs:"
            f" write with: {command_line('generate', path)}"
        )
    if trained.experiment.task == "from_label":
        label = ["--label", trained.tokens[0]]
        raise UsageError(
            f"{path}: a model of task from_label writes sequences for a label:"
            f" {command_line('generate', path, *label)}"
        )
    if run and run.is_unfinished:
        from rnnlab.commands.hints import of_unfinished

        echo(of_unfinished(run), err=True)
    for prediction in predict(trained, inputs, top=top, beam=beam, places=places):
        echo(_json_line(prediction) if as_json else _text(prediction, top))


def _divided(texts: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the model that the first argument names, or None, and the inputs."""
    if texts and _is_model(texts[0]):
        return Path(texts[0]), list(texts[1:])
    return None, list(texts)


def _is_model(text: str) -> bool:
    """Whether an argument is a run folder or a model file: it exists, or looks like one of both."""
    return os.path.isdir(text) or text.endswith(".safetensors") or text.startswith(f"runs{os.sep}")


def _lines(source: Path) -> list[str]:
    """Return the lines of a file, without line ends; `-` is the standard input.

    Raises:
        DataError: the file cannot be read, or the file or the standard input is not UTF-8.
        UsageError: there is no line.
    """
    from rnnlab.files import read_text
    from rnnlab.unicode_text import STANDARD_INPUT, decoded

    text = decoded(sys.stdin.buffer.read(), source) if source == STANDARD_INPUT else read_text(source)
    lines = text.removesuffix("\n").split("\n") if text else []
    if not lines:
        raise UsageError(f"{source}: expected one input on each line, received none")
    return [line.removesuffix("\r") for line in lines]


def _text(prediction: "Prediction", top: int) -> str:
    """Return a prediction as text: its label, tags or target; with --top, a line for each of several."""
    if top == 1:
        return prediction.text
    if prediction.log_probability is None:
        ranked = prediction.labels or prediction.tags
        return "\t".join([prediction.input, *(f"{label} {chance:.3f}" for label, chance in ranked)])
    first = (prediction.text, prediction.log_probability)
    return "\n".join(
        f"{prediction.input}\t{text}\t{score:.3f}" for text, score in (first, *prediction.others)
    )


def _json_line(prediction: "Prediction") -> str:
    """Return a prediction as one line of JSON; scripts may rely on its fields."""
    import json

    shown: dict[str, Any] = {"input": prediction.input, "prediction": prediction.text}
    if prediction.log_probability is not None:
        shown["log_probability"] = prediction.log_probability
        if prediction.others:
            shown["others"] = [
                {"prediction": text, "log_probability": score} for text, score in prediction.others
            ]
    else:
        shown["probabilities"] = dict(prediction.labels) or [chance for _, chance in prediction.tags]
    return json.dumps(shown, ensure_ascii=False)
