"""`rnnlab.Run`: a run in Python, which evaluates, generates and exports; a notebook shows it as HTML."""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.errors import DataError, RnnlabError, UsageError, count_of
from rnnlab.evaluation.measurement import Evaluation, evaluate
from rnnlab.evaluation.selection import NoData, NoSuchPart, named_by_file
from rnnlab.exports.formats import Exported, export, format_of
from rnnlab.generation.writing import Written, generation_settings, write_samples
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from rnnlab.reports.contents import contents_of
from rnnlab.reports.curves import training_curves
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.page import fragment
from rnnlab.runs.data import opened_model
from rnnlab.runs.folder import RunFolder, find_run
from rnnlab.runs.history import History, read_history
from rnnlab.runs.layout import CONFIG


class Run:
    """A run: its folder, configuration, history and model. Each file is read when it is first used.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def path(self) -> Path:
        """Path of the run folder."""
        return self.folder.path

    @cached_property
    def config(self) -> Experiment:
        """The resolved configuration.

        Raises:
            ConfigError: `config.yaml` cannot be read, or has faults.
        """
        return read_experiment(self.path / CONFIG)

    @cached_property
    def model(self) -> TrainedModel:
        """The model: the best weights by name, the tokens by id, and the configuration.

        Raises:
            RunError: training has not saved a model yet, the model belongs to another experiment, or
                `config.yaml` is damaged.
            ModelFileError: the model is damaged.
        """
        return self.folder.load_model()

    @cached_property
    def history(self) -> History:
        """Loss and accuracy of each epoch, (E,), and of each step, (S,).

        Raises:
            RunError: `history.csv` or `losses.csv` is damaged, too large or cannot be read.
        """
        return read_history(self.path)

    def evaluate(
        self,
        split: str | None = None,
        *,
        data: str | os.PathLike[str] | None = None,
        seeds: int | None = None,
    ) -> Evaluation:
        """Measure the model and return the measures; `evaluate().metrics.loss` is in nats per token.

        Args:
            split: `train`, `validation` or `test`. Left out: the whole file if `data` is given; else
                `evaluation.split` of the configuration, else validation if there is one, else train.
            data: a file to measure instead of the data of the run; with `split` it must be the data of the
                run, or its file of that part.
            seeds: largest number of windows, spread evenly over the part, from which the model also runs
                freely; left out, `evaluation.seeds` of the configuration.

        Raises:
            DataError: the data cannot be found or read, is too short, or may not be opened since the run is
                not known as the user's own.
            VocabularyError: the data has a token that the vocabulary lacks.
            UsageError: the data has no such part, or `data` is not this part.
        """
        file = None if data is None else Path(data)
        trained, may_open = self._opened(split, must=file is None)
        try:
            return evaluate(trained, split=split, data=file, seeds=seeds, may_open=may_open)
        except NoData as error:
            raise DataError(f"{error}; if the data lies elsewhere now: evaluate(data='FILE')") from None
        except NoSuchPart as error:
            raise UsageError(f"{error}; to measure all of it: evaluate(data={str(file)!r})") from None

    def generate(
        self,
        seed: str | None = None,
        *,
        length: int | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        samples: int | None = None,
        random_seed: int | None = None,
        stop: str | None = None,
    ) -> tuple[Written, ...]:
        """Generate text or music, and return the samples.

        A sample has `text` (with the seed), `sequence` and `log_probability`. An argument that is left out
        is taken from the configuration.

        Args:
            seed: the text or the notes to start from.
            length: number of tokens after the seed, 1 or more; a sample may end earlier at `stop`.
            temperature: 0 or more; 0 takes the most probable token at each step.
            top_k: draw from the K most probable tokens.
            top_p: draw from the smallest number of most probable tokens whose probabilities sum to P or more;
                P is above 0 and at most 1.
            samples: number of samples.
            random_seed: seed of the random draws; the same seed gives the same samples.
            stop: a token before which a sample ends.

        Raises:
            UsageError: a seed is needed and missing, or an argument is wrong.
            VocabularyError: the seed has a token that the vocabulary lacks.
        """
        options = {
            "seed": seed,
            "length": length,
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "samples": samples,
            "random_seed": random_seed,
            "stop": stop,
        }
        return write_samples(
            self.model, generation_settings(self.model.experiment.generation, options)
        ).samples

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 (it is `--format` of the command line)
        state: bool = False,
        overwrite: bool = False,
    ) -> Exported:
        """Write the model for another program, after a check that its output equals that of rnnlab.

        Args:
            path: the file, or the folder of a SavedModel.
            format: `keras`, `onnx` or `saved_model`; left out, the format of the extension.
            state: whether the recurrent state is an input and an output; else each sequence begins with
                zeros.
            overwrite: whether an existing export is replaced.

        Raises:
            UsageError: the format is unknown, does not fit the extension, or lacks a layer of the model; the
                weights are too large for it; `state` is true and the model has no state; or the path exists
                and may not be replaced.
            DataError: the library `onnx` is not installed.
            RunError: the export cannot be written.
            OutputError: the output would differ from that of rnnlab; an export at the path stays unchanged.
        """
        wanted = format_of(Path(path), format)
        return export(self.model, Path(path), format=wanted, state=state, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"<rnnlab.Run {self.path}>"

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: facts, curves, and for notes the last piece with score and player."""
        return str(fragment_of(self))

    def _opened(self, split: str | None, *, must: bool) -> tuple[TrainedModel, bool]:
        """Return the model with the present paths of its data, and True; else the model as it is, and False.

        Args:
            split: the part that will be measured; the error message names it.
            must: whether to raise an error instead of returning False.

        Raises:
            DataError: the data may not be opened, and `must` is true.
        """
        file, part = named_by_file(self.model.experiment, split)
        also = f", split={part!r}" if part else ""
        remedy = f"to have it opened: evaluate(data={str(file or 'FILE')!r}{also})"
        try:
            return opened_model(self.model, self.folder, self.path, remedy=remedy), True
        except DataError:
            if must:
                raise
            return self.model, False


def load_run(path: str | os.PathLike[str] | None = None) -> Run:
    """Return the run in a folder; if the path is None, the newest run in `runs/` of the working folder.

    Raises:
        RunError: there is no run yet, or the path is not a run folder.
    """
    return Run(find_run(None if path is None else Path(path)))


_UNMEASURED = "a notebook does not measure a run, which may take minutes"


def fragment_of(run: "Run") -> Markup:
    """Return HTML about a run. The HTML loads nothing from elsewhere, and the data of the run is not read."""
    rows = [
        tag("tr", tag("th", name, style=_LEFT), tag("td", fact, style=_LEFT)) for name, fact in _facts(run)
    ]
    try:
        shown = [fragment(contents_of(run.folder, refusal=_UNMEASURED))]
    except RnnlabError:  # the table shows the error
        shown = training_curves(read_history(run.path, lenient=True))
    return tag("div", tag("table", *rows), *shown)


def _facts(run: "Run") -> Iterator[tuple[str, str]]:
    """Yield rows of a name and a fact; if a file cannot be read, the fact is the error.

    Without an epoch in the history there is no row `trained`.
    """
    yield "run", str(run.path)
    try:
        model = run.model
        layers = architecture_of(model.experiment, len(model.tokens))
        units = " → ".join(str(layer.units) for layer in layers.layers)
        yield "model", f"{model.experiment.model.kind} {units}, {count_of(layers.parameters, 'parameter')}"
        noun = "note" if model.experiment.dataset.kind == "notes" else "character"
        yield "vocabulary", f"{count_of(len(model.tokens), noun)}"
    except RnnlabError as error:
        yield "model", str(error)
    try:
        if len(run.history):
            yield "trained", _trained(run.history)
    except RnnlabError as error:
        yield "history", str(error)


def _trained(history: History) -> str:
    """Return the length of the training, and the lowest losses."""
    held_out = history.validation_loss[np.isfinite(history.validation_loss)]
    lowest = f", validation {held_out.min():.4g}" if len(held_out) else ""
    return (
        f"{count_of(len(history), 'epoch')}, {count_of(len(history.steps), 'step')},"
        f" {history.seconds[-1]:.1f} s;"
        f" lowest loss {np.nanmin(history.loss):.4g}{lowest} nats per token"
    )


_LEFT = "text-align: left"
