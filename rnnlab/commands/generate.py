"""`rnnlab generate`: write text or music with a trained model."""

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, model_argument, parsed_meter
from rnnlab.commands.generation_results import GenerationResults
from rnnlab.commands.steering_options import Lengths, steering_options
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.config.schema import Generation
    from rnnlab.generation.writing import Writing
    from rnnlab.models.model_file import Trained
    from rnnlab.runs.folder import RunFolder


def _real(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Return the number, or raise if it is NaN, which a range of Click accepts."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number.", context, parameter)
    return value


@click.command()
@model_argument
@click.option("--seed", help="The text or the notes to start from.")
@click.option("--label", help="For models of task from_label: the label to write for.")
@click.option(
    "--length",
    type=Lengths(),
    metavar="N|MIN..MAX",
    help="Tokens to generate after the seed.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, 1000),
    callback=_real,
    help="0 takes the most probable token at each step (greedy).",
)
@click.option(
    "--top-k", type=click.IntRange(1, 10_000_000), help="Draw from the K most probable tokens only."
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    callback=_real,
    help="Draw from the most probable tokens whose probabilities reach P.",
)
@click.option("--samples", type=click.IntRange(1, 10_000), help="Number of samples.")
@click.option(
    "--random-seed",
    type=click.IntRange(0, 2**31 - 1),
    help="Seed of the random draws; the same seed gives the same samples.",
)
@click.option("--stop", metavar="TOKEN", help="End a sample before this token.")
@steering_options
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a file too; its extension is the format: .notes .txt .mid .midi .ly .svg .png"
    " .wav .abc .musicxml .xml .krn.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --output if it exists.")
@click.option(
    "--meter",
    metavar="3/4",
    help="Metre of --bars and of the tunes in --output; left out, that of the configuration"
    " (dataset.reading.meter).",
)
@click.option(
    "--originality",
    is_flag=True,
    help="Say what the samples copy from the training data, beside what held-out data has of it.",
)
@click.option("--interactive", is_flag=True, help="Write token by token: see alternatives, choose, go back.")
@json_option
def command(
    model: Path | None,
    *,
    label: str | None,
    output: Path | None,
    overwrite: bool,
    meter: str | None,
    originality: bool,
    interactive: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write text or music with a trained model: a run folder, a model file, or else the newest run.

    \b
    rnnlab generate --seed "g8 e8 e4 f8"
    rnnlab generate runs/text_lstm-1 --seed "The " --temperature 0.8 --length 500
    rnnlab generate --temperature 1 --samples 3 --output song.mid     (song-1.mid song-2.mid song-3.mid)
    rnnlab generate runs/names_from_label-1 --label Korean --samples 5
    rnnlab generate --temperature 1 --bars 8 --key c --rhythm-of song.notes       (see docs/steering.md)

    An option that is left out is taken from the configuration of the model. At temperature 0 all samples are
    equal, since the most probable token is taken at each step.
    """
    from rnnlab.runs.folder import load_any_trained

    parsed_meter(meter)  # a wrong metre is refused before any slow work
    trained, run, path = load_any_trained(model)
    if model is None:
        echo(f"using {path}", err=True)
    _refuse_task(trained, path, label=label, meter=meter)
    _say_unfinished(run)
    settings = _settings(trained, meter, options)
    if interactive:
        from rnnlab.commands.interactive import write_interactively

        write_interactively(trained, settings, click.get_current_context().params)
        return
    _check_output(output, trained, settings, overwrite=overwrite)
    writing = _written(trained, label, settings, run, path)
    results = GenerationResults.of(trained, run, path, writing, label=label, originality=originality)
    for remark in results.remarks(as_json=as_json):
        echo(remark, err=True)
    echo(results.json_text() if as_json else results.text())
    if output:
        from rnnlab.commands.sample_files import write_output

        write_output(output, writing, trained.experiment, model=path, label=label, meter=meter)


def _check_output(
    output: Path | None, trained: "Trained", settings: "Generation", *, overwrite: bool
) -> None:
    """Check, before the samples are generated, that they can be written."""
    if output:
        from rnnlab.commands.output import check_output  # loads every writer

        kind = trained.experiment.dataset.kind
        check_output(output, kind=kind, samples=settings.samples, overwrite=overwrite)


def _say_unfinished(run: "RunFolder | None") -> None:
    """Say that the training of a run has not ended, if it has not."""
    if run and run.is_unfinished:
        from rnnlab.commands.hints import of_unfinished

        echo(of_unfinished(run), err=True)


def _settings(trained: "Trained", meter: str | None, options: dict[str, Any]) -> "Generation":
    """Return the settings of the model with the options in place of its own."""
    from rnnlab.generation.settings import generation_settings, wished_length

    configured = trained.experiment.generation
    length = wished_length(configured, options, options["length"])
    own_meter = meter if options["bars"] is not None else None
    return generation_settings(configured, {**options, "length": length, "meter": own_meter})


def _refuse_task(trained: "Trained", path: Path, *, label: str | None, meter: str | None) -> None:
    """Refuse a model that writes nothing, and options that are not for the task of a model.

    Raises:
        UsageError: the task is label, tags or pairs; `--label` is given for the task next_token; or `--meter`
            for another one.
    """
    from rnnlab.errors import UsageError, command_line
    from rnnlab.models.model_file import TrainedTask

    if not isinstance(trained, TrainedTask):
        if label is not None:
            raise UsageError(
                f"--label is for models of task from_label; {path} predicts the next token: leave --label out"
            )
        return
    if trained.experiment.task != "from_label":
        raise UsageError(
            f"{path}: a model of task {trained.experiment.task} reads an input; use it with:"
            f" {command_line('predict', path)} TEXT"
        )
    if meter is not None:
        raise UsageError(f"--meter is for notes, and {path} writes text; leave --meter out")


def _written(
    trained: "Trained", label: str | None, settings: "Generation", run: "RunFolder | None", path: Path
) -> "Writing":
    """Generate the samples, for a label if the model is of task from_label."""
    from rnnlab.models.model_file import TrainedTask
    from rnnlab.runs.kept_tokens import kept_tokens

    training = partial(kept_tokens, trained, run, path)
    if isinstance(trained, TrainedTask):
        from rnnlab.generation.label_writing import write_for_label

        return write_for_label(trained, label, settings, training)
    from rnnlab.generation.writing import write_samples

    return write_samples(trained, settings, training)
