"""`rnnlab.Run`: a run in Python: evaluate, generate, predict, export; a notebook shows it as HTML."""

import os
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Unpack

from rnnlab.api.notebook import ShownEvaluation, ShownSamples, ShownTaskEvaluation
from rnnlab.api.playing import Playing
from rnnlab.api.run_fragment import fragment_of
from rnnlab.config.reading import AnyExperiment, read_any
from rnnlab.errors import DataError, UsageError
from rnnlab.evaluation.example_measurement import TaskEvaluation, evaluate_task
from rnnlab.evaluation.measurement import Evaluation, evaluate
from rnnlab.evaluation.originality import OriginalityReport, originality_of_samples
from rnnlab.evaluation.selection import NoData, NoSuchPart, named_by_file
from rnnlab.exports.formats import Exported, export, format_of
from rnnlab.exports.page_file import WrittenPage, page_of, write_page
from rnnlab.exports.page_network import page_network
from rnnlab.generation.label_writing import write_for_label
from rnnlab.generation.prediction import Prediction, predict
from rnnlab.generation.settings import Steers, generation_settings, wished_length
from rnnlab.generation.writing import Written, write_samples
from rnnlab.models.model_file import Trained, TrainedTask
from rnnlab.reports.fragments import (
    evaluation_fragment,
    label_samples_fragment,
    samples_fragment,
    task_evaluation_fragment,
)
from rnnlab.runs.data import opened_model
from rnnlab.runs.folder import RunFolder, find_run
from rnnlab.runs.history import History, read_history
from rnnlab.runs.kept_tokens import kept_tokens
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
    def config(self) -> AnyExperiment:
        """The resolved configuration: an `Experiment`, or a `TaskExperiment` of a task with examples.

        Raises:
            ConfigError: `config.yaml` cannot be read, or has faults.
        """
        return read_any(self.path / CONFIG)

    @cached_property
    def model(self) -> Trained:
        """The model: the best weights by name, the tokens by id, and the configuration.

        Raises:
            RunError: training has not saved a model yet, the model belongs to another experiment, or
                `config.yaml` is damaged.
            ModelFileError: the model is damaged.
        """
        return self.folder.load_any_model()

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
        beam: int | None = None,
    ) -> Evaluation | TaskEvaluation:
        """Measure the model and return the measures; `evaluate().metrics.loss` is in nats per token.

        A model of a task with examples has a `TaskEvaluation`, with the measures of its task: for label,
        `evaluate().measures.accuracy`.

        Args:
            split: `train`, `validation` or `test`. Left out: the whole file if `data` is given; else
                `evaluation.split` of the configuration, else validation if there is one, else train.
            data: a file to measure instead of the data of the run; with `split` it must be the data of the
                run, or, for the task next_token, its file of that part.
            seeds: largest number of windows, spread evenly over the part, from which the model also runs
                freely; left out, `evaluation.seeds` of the configuration.
            beam: for the task pairs, width of the beam search; left out, `evaluation.beam`.

        Raises:
            DataError: the data cannot be found or read, is too short, or may not be opened since the run is
                not known as the user's own.
            VocabularyError: the data has a token that the vocabulary lacks.
            UsageError: the data has no such part, `data` is not this part, or `seeds` or `beam` is not for
                the task of the model.
        """
        file = None if data is None else Path(data)
        trained, may_open = self._opened(split, must=file is None)
        task = trained.experiment.task if isinstance(trained, TrainedTask) else "next_token"
        if beam is not None and task != "pairs":
            raise UsageError(f"beam: only pairs are written with a beam search, not the task {task}")
        if seeds is not None and task != "next_token":
            raise UsageError(f"seeds: only a model of task next_token runs freely, not the task {task}")
        try:
            if isinstance(trained, TrainedTask):
                examples = evaluate_task(trained, split=split, data=file, beam=beam, may_open=may_open)
                return ShownTaskEvaluation.of(
                    examples, lambda: task_evaluation_fragment(trained, self._curves, examples)
                )
            found = evaluate(trained, split=split, data=file, seeds=seeds, may_open=may_open)
            return ShownEvaluation.of(
                found, lambda: evaluation_fragment(self.folder, trained, self._curves, found)
            )
        except NoData as error:
            raise DataError(f"{error}; if the data lies elsewhere now: evaluate(data='FILE')") from None
        except NoSuchPart as error:
            raise UsageError(f"{error}; to measure all of it: evaluate(data={str(file)!r})") from None

    def generate(
        self,
        seed: str | None = None,
        *,
        length: int | str | None = None,
        temperature: float | None = None,
        samples: int | None = None,
        random_seed: int | None = None,
        label: str | None = None,
        **steering: Unpack[Steers],
    ) -> tuple[Written, ...]:
        """Generate text or music, and return the samples.

        A sample has `text` (with the seed), `sequence`, `log_probability` and `constraint`. An argument that
        is left out is taken from the configuration.

        Args:
            seed: the text or the notes to start from.
            length: number of tokens after the seed, 1 or more, or a range such as `10..20`; a sample may end
                earlier at `stop`.
            temperature: 0 or more; 0 takes the most probable token at each step.
            samples: number of samples.
            random_seed: seed of the random draws; the same seed gives the same samples.
            label: for the task from_label, the label to write for.
            steering: `top_k`, `top_p`, `min_p`, `stop`, `beam`, `particles` and the other keys of
                `generation`, the keys of `generation.constraints`, and `dry` (the multiplier), `dry_base`,
                `dry_allowed_length`.

        Raises:
            UsageError: a seed or a label is missing, an argument is wrong, the task is another one, or
                nothing can satisfy the constraints.
            TypeError: an argument is unknown.
            DataError: a file of the constraints cannot be read.
            VocabularyError: the seed has a token that the vocabulary lacks.
        """
        model, options = self.model, {**_known(steering), "seed": seed, "temperature": temperature}
        options |= {"samples": samples, "random_seed": random_seed}
        configured = model.experiment.generation
        options["length"] = wished_length(configured, options, length)
        settings = generation_settings(configured, options)
        training = partial(kept_tokens, model, self.folder, self.path)
        if isinstance(model, TrainedTask):
            lines = write_for_label(model, label, settings, training).samples
            return ShownSamples.of(lines, lambda: label_samples_fragment(model, self._curves, lines))
        if label is not None:
            raise UsageError("label: only a model of task from_label writes for a label; leave label out")
        writing = write_samples(model, settings, training)
        return ShownSamples.of(
            writing.samples, lambda: samples_fragment(self.folder, model, self._curves, writing)
        )

    def originality(self, samples: Sequence[Written]) -> OriginalityReport:
        """Return what samples of this run copy from its training data.

        `originality(run.generate()).samples[0].longest_copy` has `length`, `text` and `place`; `verdict` is
        `copyist`, `in part` or `original`, and `held_out` has the figures of held-out data.

        Args:
            samples: what `generate` returned.

        Raises:
            DataError: the run keeps no training data, or it is damaged.
        """
        kept = kept_tokens(self.model, self.folder, self.path)
        if isinstance(kept, str):
            raise DataError(kept)
        return originality_of_samples(self.model, samples, kept)

    def predict(self, texts: Sequence[str], *, top: int = 1, beam: int | None = None) -> list[Prediction]:
        """Return a prediction for each text: its label, its tags or its target.

        A prediction has `text`, and probabilities in `labels`, `tags` or `log_probability`.

        Args:
            texts: the inputs, as they would stand in the data.
            top: number of labels, or of targets, that are returned with their probabilities.
            beam: for the task pairs, width of the beam search; left out, `top`, so 1 for the greedy target.

        Raises:
            UsageError: the model is of task next_token or from_label, which generate; an argument is wrong;
                or an input has no token.
        """
        if isinstance(texts, str):
            raise UsageError(f"texts: expected a list of texts, received {texts!r}; write [{texts!r}]")
        if not isinstance(self.model, TrainedTask):
            raise UsageError("a model that predicts the next token writes texts; use generate()")
        if top < 1 or (beam is not None and beam < 1):
            raise UsageError(f"top, beam: expected 1 or more, received {top if top < 1 else beam}")
        return predict(self.model, texts, top=top, beam=beam)

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 (it is `--format` of the command line)
        state: bool = False,
        language: str | None = None,
        overwrite: bool = False,
    ) -> Exported | WrittenPage:
        """Write the model as a page that plays, or for another program.

        A model for another program is written after a check that its output equals that of rnnlab.

        Args:
            path: the file, or the folder of a SavedModel.
            format: `page`, `keras`, `onnx` or `saved_model`; left out, the format of the extension.
            state: whether the recurrent state is an input and an output; else each sequence begins with
                zeros. A model of task pairs then becomes two models, an encoder and a decoder.
            language: `en` or `ko`, the language of a page; left out, Korean if the model writes it or `LANG`
                says so, else English.
            overwrite: whether an existing export is replaced.

        Raises:
            UsageError: the format is unknown, does not fit the extension, or lacks a layer of the model; the
                weights are too large for it; `state` is true and the model has no state, or the format is
                `page`; the language is unknown, or the format has none; or the path exists and may not be
                replaced.
            DataError: the library `onnx` is not installed.
            RunError: the export cannot be written.
            OutputError: the output would differ from that of rnnlab; an export at the path stays unchanged.
        """
        wanted = format_of(Path(path), format)
        if wanted == "page":
            if state:
                raise UsageError("state: a page runs the model step by step anyway; leave it out")
            network = page_network(self.model, self.folder, self.path)
            return write_page([network], Path(path), language=language, overwrite=overwrite)
        if language is not None:
            raise UsageError(f"language: only a page has one, and the format is {wanted}; leave it out")
        return export(self.model, Path(path), format=wanted, state=state, overwrite=overwrite)

    def play(self, *, language: str | None = None, height: int = 900) -> Playing:
        """Return the page that plays this model; a notebook shows it in a frame.

        Args:
            language: `en` or `ko`; left out, as for `export`.
            height: height of the frame in pixels.

        Raises:
            UsageError: the model does not predict the next token, or the language is unknown.
            RunError: a weight is NaN or infinite.
        """
        page, _ = page_of([page_network(self.model, self.folder, self.path)], language=language)
        return Playing(page, height)

    def __repr__(self) -> str:
        return f"<rnnlab.Run {self.path}>"

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: facts, curves, and for notes the last piece with score and player."""
        return str(fragment_of(self.folder))

    @property
    def _curves(self) -> History:
        """The history, without the table that is damaged or missing."""
        return read_history(self.path, lenient=True)

    def _opened(self, split: str | None, *, must: bool) -> tuple[Trained, bool]:
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


def _known(steering: Steers) -> dict[str, Any]:
    """Return keyword arguments of `Run.generate` as a dict.

    Raises:
        TypeError: one is unknown.
    """
    if unknown := set(steering) - set(Steers.__annotations__):
        raise TypeError(f"generate() got an unexpected keyword argument {min(unknown)!r}")
    return {**steering}


def load_run(path: str | os.PathLike[str] | None = None) -> Run:
    """Return the run in a folder; if the path is None, the newest run in `runs/` of the working folder.

    Raises:
        RunError: there is no run yet, or the path is not a run folder.
    """
    return Run(find_run(None if path is None else Path(path)))
