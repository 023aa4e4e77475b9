"""Use one command after another on a trained run, and yield the errors."""

import json
import shutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from click.testing import CliRunner

from rnnlab.commands import run as run_command
from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import MlpModel
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.exports.formats import SUFFIXES
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG
from torture.exported import formats_refused, outputs_wrong
from torture.model_files import Answer


def said(*arguments: str) -> Answer:
    """Return the output of a command in this process, with a traceback if it raises."""
    with CliRunner().isolation() as (out, err, _):
        try:
            code = run_command(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        except Exception:
            code = 1
            sys.stderr.write(traceback.format_exc())
        sys.stdout.flush()
        sys.stderr.flush()
        return Answer(code, out.getvalue().decode(), err.getvalue().decode())


def fault(arguments: Sequence[str], answer: Answer, *, refused: bool = False) -> str:
    """Return what is wrong with the output of a command; empty if nothing is wrong.

    Args:
        arguments: of the command.
        answer: its output.
        refused: whether the command should refuse, with a line that says why.
    """
    command = " ".join(["rnnlab", *arguments])
    if "Traceback" in answer.stderr:
        return f"{command}: {answer.stderr[-1500:]}"
    if refused:
        lines = answer.stderr.strip().splitlines()
        is_right = answer.exit_code in (1, 2) and lines and lines[-1].isprintable()
        return (
            ""
            if is_right
            else f"{command}: exit code {answer.exit_code}, expected a refusal: {answer.stderr}"
        )
    return "" if answer.exit_code == 0 else f"{command}: exit code {answer.exit_code}: {answer.stderr[-500:]}"


def problems_of_use(run: Path, other: Path, rng: Random) -> Iterator[str]:
    """Yield the errors of the commands on a trained run and an equal run."""
    from torture.measured import evaluated  # noqa: PLC0415 (which imports this module)

    trained = RunFolder(run).load_model()
    yield from evaluated(run, trained)
    yield from done(["compare", str(run), str(other)])
    yield from done(["plot", str(run), str(other), "--output", str(run / "plot.svg")])
    yield from _generated(run, trained, rng)
    yield from _traced(run, trained, rng)
    yield from done(["report", str(run)])
    if not (page := run / "report.html").exists() or not page.read_text().rstrip().endswith("</html>"):
        yield f"{page}: no whole page"
    yield from done(["describe", str(run)])


def problems_after(run: Path, whole: Path, rng: Random) -> Iterator[str]:
    """Yield the errors of the commands on two equal runs; at the end `runs remove` removes the first."""
    from torture.measured import measured_otherwise  # noqa: PLC0415 (which imports this module)

    trained = RunFolder(run).load_model()
    yield from problems_of_use(run, whole, rng)
    yield from measured_otherwise(run, trained)
    yield from _exported(run, trained, rng)
    yield from _gone_on_with(whole)
    yield from _listed(run)


def problems_without_model(run: Path) -> Iterator[str]:
    """Yield the errors of the commands on a run whose training failed before it saved anything."""
    for command in ("evaluate", "generate", "trace", "report"):
        yield from done([command, str(run)], refused=True)
    yield from _listed(run)


def done(arguments: list[str], *, refused: bool = False) -> Iterator[str]:
    """Yield what is wrong with the output of a command in this process."""
    if found := fault(arguments, said(*arguments), refused=refused):
        yield found


def _generated(run: Path, trained: TrainedModel, rng: Random) -> Iterator[str]:
    """Check that generating twice gives the same output, with the requested number of samples."""
    settings, dataset = trained.experiment.generation, trained.experiment.dataset
    seed = [] if settings.seed or dataset.boundary else ["--seed", _beginning(trained, rng)]
    may_refuse = settings.constraints.are_set
    arguments = ["generate", str(run), *seed, "--json"]
    answers = [said(*arguments) for _ in range(2)]
    if found := fault(arguments, answers[0], refused=may_refuse and bool(answers[0].exit_code)):
        yield found
    elif answers[0].stdout != answers[1].stdout:
        yield "generate: gives something else the second time"
    elif not answers[0].exit_code:
        samples = json.loads(answers[0].stdout)["samples"]
        if len(samples) != settings.samples and settings.beam is None:
            yield f"generate: {settings.samples} samples were asked for"
        for text in {sample["text"] for sample in samples if sample["text"]}:
            # generated text must be valid as a seed
            yield from _done_or_refused(
                ["generate", str(run), f"--seed={text}", "--length", "3"], may_refuse=may_refuse
            )
    file = str(run / "model.safetensors")
    few = ["--length", "5", "--top-k", "3", "--top-p", "0.9"]
    yield from _done_or_refused(["generate", file, *seed, *few], may_refuse=may_refuse)
    lengths = ["--length", str(rng.randint(1, 80)), "--samples", str(rng.randint(1, 4))]
    warm = ["--temperature", f"{rng.uniform(0, 2)}"]
    yield from _done_or_refused(["generate", str(run), *seed, *lengths, *warm], may_refuse=may_refuse)


def _done_or_refused(arguments: list[str], *, may_refuse: bool) -> Iterator[str]:
    """Yield what is wrong with the output of a command, which may refuse if it says why in one line."""
    answer = said(*arguments)
    if found := fault(arguments, answer, refused=may_refuse and bool(answer.exit_code)):
        yield found


def _beginning(trained: TrainedModel, rng: Random) -> str:
    """Return a few tokens of the vocabulary, as a seed."""
    dataset = trained.experiment.dataset
    vocabulary = Vocabulary(trained.tokens, dataset.kind, dataset.boundary)
    tokens = [token for token in trained.tokens if token != dataset.boundary]
    return vocabulary.join(rng.choices(tokens, k=rng.randint(1, 6)))


def _traced(run: Path, trained: TrainedModel, rng: Random) -> Iterator[str]:
    """Check a trace: its numbers, the equation of a step, a unit and a picture."""
    refused = isinstance(trained.experiment.model, MlpModel)
    name = ["trace", str(run), f"--input={_beginning(trained, rng)}"]
    yield from done(name, refused=refused)
    picture = str(run / "trace.html")
    for more in (["--json"], ["--step", "1"], ["--unit", "1"], ["--run-on"], ["--output", picture]):
        yield from done([*name, *more], refused=refused)


def _exported(run: Path, trained: TrainedModel, rng: Random) -> Iterator[str]:
    """Check that ONNX and one other format, with or without state, give the NumPy engine's outputs."""
    for wanted in ("onnx", rng.choice(("keras", "saved_model", "tensorboard"))):
        output = run / f"exported{SUFFIXES.get(wanted, '')}"
        state = rng.random() < 0.5 and wanted != "tensorboard"
        arguments = ["export", str(run), "--format", wanted, "--output", str(output), *["--state"] * state]
        refused = formats_refused(trained.experiment, wanted, state=state)
        answer = said(*arguments)
        if found := fault(arguments, answer, refused=refused):
            yield found
        elif not refused and wanted != "tensorboard":
            yield from outputs_wrong(output, wanted, trained, state=state, random_seed=rng.randrange(1000))
        if output.is_dir():
            shutil.rmtree(output)


def _gone_on_with(run: Path) -> Iterator[str]:
    """Check that a finished training continues with more epochs; a failed one must fail in one line."""
    experiment = read_experiment(run / CONFIG)
    arguments = ["train", "--resume", str(run), "--set", f"training.epochs={experiment.training.epochs + 2}"]
    answer = said(*arguments)
    if found := fault(arguments, answer, refused=bool(answer.exit_code)):
        yield found


def _listed(run: Path) -> Iterator[str]:
    """Check that `runs` lists the run, shows it, and removes it."""
    answer = said("runs", "--json")
    if found := fault(["runs", "--json"], answer):
        yield found
    elif str(run) not in {entry["run"] for entry in json.loads(answer.stdout)["runs"]}:
        yield f"runs --json: {run} is not in it"
    yield from done(["runs"])
    yield from done(["runs", "show", str(run)])
    yield from done(["runs", "remove", str(run), "--yes"])
    if run.exists():
        yield f"runs remove: {run} is still there"
