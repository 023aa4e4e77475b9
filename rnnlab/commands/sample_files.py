"""Files of samples, as `generate --output` writes them: each with the recipe that `replay` reads."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rnnlab.commands.output import sample_paths
from rnnlab.config.reading import AnyExperiment
from rnnlab.config.schema import NotesDataset
from rnnlab.engines.numpy.blas import blas
from rnnlab.errors import DataError, count_of
from rnnlab.files import write_durably
from rnnlab.generation.output import joined_samples, plain_content, sample_tunes, tunes_content
from rnnlab.generation.recipe import Recipe, environment_of
from rnnlab.generation.writing import Writing
from rnnlab.music.recipes import MOST_CHARACTERS, beside, without_recipe
from rnnlab.runs.model_search import model_name
from rnnlab.terminal.text import echo


def write_output(
    target: Path,
    writing: Writing,
    experiment: AnyExperiment,
    *,
    model: Path,
    label: str | None,
    meter: str | None,
) -> None:
    """Write samples into files, each with its recipe: notes as tunes, and any other text as it is printed.

    Args:
        target: the file; see `write_notes`.
        writing: the samples.
        experiment: the experiment of the model.
        model: the run or the model file.
        label: the label of a model of task from_label; None for other models.
        meter: metre of tunes; None for that of the configuration.

    Raises:
        DataError: as for `write_notes`.
        RunError: a file cannot be written.
    """
    dataset, texts = experiment.dataset, [sample.text for sample in writing.samples]
    settings, own_meter = writing.settings, None
    if isinstance(dataset, NotesDataset):
        own_meter = dataset.reading.meter
        seed = settings.seed and without_recipe(settings.seed)  # a seed can be a file that generate wrote
        settings = settings.model_copy(update={"seed": seed})
    recipe = Recipe(
        model=model_name(model),
        model_sha256=writing.model_sha256,
        settings=settings,
        label=label,
        meter=meter or own_meter,
        threads=blas().threads,
        environment=environment_of(target.suffix.lower()),
    )
    if (length := len(recipe.text)) > MOST_CHARACTERS:
        echo(
            f"{target}: without a recipe, which would have {count_of(length, 'character')} and may have"
            f" {MOST_CHARACTERS:,}; replay needs a shorter seed",
            err=True,
        )
    if isinstance(dataset, NotesDataset):
        write_notes(target, texts, recipe)
    else:
        _write_text(target, joined_samples(texts, experiment), recipe)


def _write_text(target: Path, text: str, recipe: Recipe) -> None:
    """Write a text and a line break into a file, and its recipe into a file beside it.

    The file and the length of the text are printed on stderr.

    Raises:
        RunError: a file cannot be written.
    """
    write_durably(target, plain_content(text))
    said = f"{target}: {count_of(len(text), 'character')}"
    with suppress(OSError):  # then the new recipe cannot be written either
        beside(target).unlink(missing_ok=True)  # the recipe of a file that was replaced
    if line := _line_of(recipe):
        write_durably(beside(target), f"{line}\n".encode())
        said += f"; its recipe is in {beside(target)}"
    echo(said, err=True)


def write_notes(target: Path, texts: Sequence[str], recipe: Recipe) -> None:
    """Write samples of note text as tunes with their recipes, and print each file on stderr.

    If the format cannot hold a sample, the other samples are still written.

    Args:
        target: the file. Several samples get a file each, with a number before the extension; a file of note
            text takes them all.
        texts: the note text of each sample.
        recipe: the recipe of all samples, with the metre of the tunes.

    Raises:
        DataError: a sample cannot be written; the message has the reason for the first such sample.
        RunError: a file cannot be written.
    """
    tunes = sample_tunes(texts)
    paths = sample_paths(target, len(tunes))
    failures = []
    for number, path in enumerate(paths, 1):
        held, own = tunes, recipe
        if len(paths) > 1:
            held, own = tunes[number - 1 : number], recipe.model_copy(update={"sample": number})
        try:
            write_durably(path, tunes_content(held, own, path.suffix.lower(), text=_line_of(own)))
        except DataError as error:
            failures.append(str(error))
            continue
        events = sum(len(tune.notes) for tune in held)
        echo(f"{path}: {count_of(len(held), 'tune')}, {count_of(events, 'event')}", err=True)
    if failures:
        which = target if len(paths) == 1 else f"{len(failures):,} of {len(paths):,} files are not written"
        raise DataError(f"{which}: {failures[0]}")


def _line_of(recipe: Recipe) -> str:
    """Return the text of a recipe; empty if it is too long to be written."""
    text = recipe.text
    return text if len(text) <= MOST_CHARACTERS else ""
