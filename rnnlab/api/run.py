"""`rnnlab.Run`: what a training left behind, to look at, to measure and to write with."""

import os
from functools import cached_property
from pathlib import Path

from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.data_access import opened_model
from rnnlab.errors import DataError, UsageError
from rnnlab.evaluation.evaluating import Evaluation, evaluate
from rnnlab.evaluation.selection import NoData, NoSuchPart, named_by_file
from rnnlab.exports.writing import Exported, export, format_of
from rnnlab.generation.writing import Written, settings_of, write
from rnnlab.history import History, read_history
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs import CONFIG, find_run
from rnnlab.runs import Run as RunFolder


class Run:
    """A run: its folder, its configuration, its history and its model, which is read when first used.

    Args:
        folder: the folder, as the command line has it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.folder.path

    @cached_property
    def config(self) -> Experiment:
        """The resolved configuration."""
        return read_experiment(self.path / CONFIG)

    @cached_property
    def model(self) -> TrainedModel:
        """The best weights by name, the tokens by id, and the configuration.

        Raises:
            RunError: training has not saved a model yet.
            ModelFileError: the model is damaged.
        """
        return self.folder.load_model()

    @cached_property
    def history(self) -> History:
        """The loss and the accuracy of each epoch, (E,), and of each step, (S,).

        Raises:
            RunError: the files are not what training wrote.
        """
        return read_history(self.path)

    def evaluate(
        self,
        split: str | None = None,
        *,
        data: str | os.PathLike[str] | None = None,
        seeds: int | None = None,
    ) -> Evaluation:
        """What the model is worth; `evaluate().metrics.loss` is in nats per token.

        Args:
            split: `train`, `validation` or `test`; left out, validation where there is one, else train.
            data: a file to measure instead of the training data; with `split`, the file of that part.
            seeds: windows of the part, spread evenly, to run freely from as well.

        Raises:
            DataError: the data is not there, is too short, or is a stranger's and was not asked for.
            VocabularyError: the data has a token that the model does not know.
            UsageError: the data has no such part.
        """
        file = None if data is None else Path(data)
        trained, may_open = self._opened(split, must=file is None)
        try:
            return evaluate(trained, split=split, data=file, seeds=seeds, may_open=may_open)
        except NoData as error:
            raise DataError(f"{error}; if it lies elsewhere now: evaluate(data='FILE')") from None
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
        """Text or music; each sample has `text` (seed and continuation), `sequence` and `log_probability`.

        What is left out is taken from the configuration.

        Args:
            seed: the text or the notes to start from.
            length: tokens to write after the seed, 1 or more.
            temperature: 0 takes the most probable token.
            top_k: draw from the K most probable tokens.
            top_p: draw from the most probable tokens whose probabilities reach P, 0 to 1.
            samples: how many to write.
            random_seed: the number that fixes what is drawn.
            stop: the token that ends a sample.

        Raises:
            UsageError: no seed, or a setting that cannot be.
            VocabularyError: a token that the model does not know.
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
        return write(self.model, settings_of(self.model.experiment.generation, options)).samples

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 (it is `--format` of the command line)
        state: bool = False,
        overwrite: bool = False,
    ) -> Exported:
        """Write the model for another program, once it is seen to give what rnnlab gives.

        Args:
            path: the file, or the folder of a SavedModel.
            format: `keras`, `onnx` or `saved_model`; left out, what the name's extension says.
            state: whether the recurrent state goes in and comes out; else each sequence begins with zeros.
            overwrite: replace what is there.

        Raises:
            UsageError: the format has no such layers, or something stands at the path.
            RunError: it cannot be written.
            OutputError: it would not give what rnnlab gives; nothing is written.
        """
        wanted = format_of(Path(path), format)
        return export(self.model, Path(path), format=wanted, state=state, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"<rnnlab.Run {self.path}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: facts, curves, and of notes a score and a player; nothing is fetched."""
        from rnnlab.api.fragment import fragment_of  # noqa: PLC0415 (only notebooks need it)

        return str(fragment_of(self))

    def _opened(self, split: str | None, *, must: bool) -> tuple[TrainedModel, bool]:
        """The model with its data where it is, and whether that may be opened; an error, if it must be."""
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
    """A run by its folder, or the newest in `runs/` below the working folder.

    Raises:
        RunError: there is no run yet, or the folder is not one.
    """
    return Run(find_run(None if path is None else Path(path)))
