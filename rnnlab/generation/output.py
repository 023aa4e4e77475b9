"""The content of files of samples, with the recipe in it; `generate` writes it, `replay` makes it again."""

from collections.abc import Sequence

from rnnlab.config.reading import AnyExperiment
from rnnlab.config.schema import NotesDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.engines.numpy.blas import products_on
from rnnlab.errors import DataError, UsageError, VocabularyError
from rnnlab.generation.constraints.copying import Kept
from rnnlab.generation.label_writing import write_for_label
from rnnlab.generation.recipe import Recipe
from rnnlab.generation.writing import write_samples
from rnnlab.models.model_file import Trained, TrainedTask
from rnnlab.music.files import written
from rnnlab.music.meter import parse_meter
from rnnlab.music.recipes import with_recipe
from rnnlab.music.tune import Tune, parse_tune


def sample_texts(trained: Trained, recipe: Recipe, training: Kept | None = None) -> list[str]:
    """Generate the samples of a recipe again, and return the text of each.

    Args:
        trained: the model.
        recipe: the recipe.
        training: the training data, which `max_copy` needs.

    Raises:
        DataError: the model cannot write with these settings.
        ModelFileError: as for `write_samples`.
    """
    try:
        with products_on(recipe.threads):
            if isinstance(trained, TrainedTask):
                writing = write_for_label(trained, recipe.label, recipe.settings, training)
            else:
                writing = write_samples(trained, recipe.settings, training)
    except (UsageError, VocabularyError) as error:
        raise DataError(f"the model cannot follow the recipe ({error})") from None
    return [sample.text for sample in writing.samples]


def content_of(
    texts: Sequence[str], recipe: Recipe, suffix: str, *, experiment: AnyExperiment, text: str
) -> bytes:
    """Return the content of the file of a recipe.

    Args:
        texts: the texts of all samples.
        recipe: the recipe.
        suffix: the format, one of `music.files.WRITTEN`; of plain text, `.txt`.
        experiment: the experiment of the model.
        text: the recipe as it will stand in the file, or empty for none.

    Raises:
        DataError: as for `tunes_content`.
    """
    if not isinstance(experiment.dataset, NotesDataset):
        return plain_content(joined_samples(texts, experiment))
    tunes = sample_tunes(texts)
    chosen = tunes if recipe.sample is None else tunes[recipe.sample - 1 : recipe.sample]
    return tunes_content(chosen, recipe, suffix, text=text)


def joined_samples(texts: Sequence[str], experiment: AnyExperiment) -> str:
    """Return all samples as one text: sequences of a line each on lines, others with empty lines between."""
    is_line = isinstance(experiment, TaskExperiment) or experiment.dataset.unit == "line"
    return ("\n" if is_line else "\n\n").join(texts)


def plain_content(text: str) -> bytes:
    """Return the content of a file of plain text, which ends with a line break."""
    return f"{text}\n".encode(errors="backslashreplace")


def sample_tunes(texts: Sequence[str]) -> list[Tune]:
    """Return the samples of note text as tunes.

    Raises:
        DataError: as for `parse_tune`.
    """
    return [parse_tune(text, name=f"sample {number}") for number, text in enumerate(texts, 1)]


def tunes_content(tunes: Sequence[Tune], recipe: Recipe, suffix: str, *, text: str) -> bytes:
    """Return the content of a file of tunes.

    Args:
        tunes: the tunes in the file, at least one.
        recipe: the recipe, which has the metre.
        suffix: the format, one of `music.files.WRITTEN`.
        text: the recipe as it will stand in the file, or empty for none.

    Raises:
        DataError: as for `written`.
    """
    data = written(tunes, suffix, meter=parse_meter(recipe.meter) if recipe.meter else None)
    return with_recipe(data, suffix, text) if text else data
