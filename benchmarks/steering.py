"""Draws given a constraint: how exact they are, and how long they take; and what DRY does to loops.

    python -m benchmarks.steering exactness [--draws N] [--only TEXT] [--json]
    python -m benchmarks.steering seconds RUN [--constraint NAME VALUE]… [--json]
    python -m benchmarks.steering repetition RUN [--allowed N]… [--json]

`exactness` draws from a model of five tokens, whose conditional distribution is computed by enumeration:
with 256 particles, and with plain masking, which is one particle. `seconds` times a sample of a run.
`repetition` counts the samples with a loop, and those that say a passage twice, without DRY and with several
allowed lengths. It scores held-out data under the same penalty: a penalty that held-out data pays too is too
early.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Column, Report, json_option, repeats_option
from rnnlab.config.generation import Constraints, Dry
from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Generation
from rnnlab.datasets.loading import load_data
from rnnlab.engines import Stepper
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation.repetition import repetition_in
from rnnlab.generation.constraints.automaton import Conjunction
from rnnlab.generation.constraints.lookahead import Lookahead, Table
from rnnlab.generation.decoding import Decoding, tokens
from rnnlab.generation.particles import Plan, draw
from rnnlab.generation.repetition import RepeatedRuns
from rnnlab.generation.sampling import Sampling, log_probabilities, probabilities
from rnnlab.generation.settings import penalty_of
from rnnlab.generation.sources import source_of
from rnnlab.generation.writing import write_samples
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG
from tests.generation.constraints.kinds import KINDS, V
from tests.generation.tiny_models import SecondOrderModel, Written, distance, marginal_tests

Ids = NDArray[np.int64]

SEED = np.array([1, 0])

FEW = 60
"""Up to so many sequences, all of them are compared; of more, the tokens of each place."""

STREAM = Decoding("stream", 1, 7, Sampling(1.0))
STOP = Decoding("stream", 1, 7, Sampling(1.0), stop=4)
WINDOWS = Decoding("windows", 3, 7, Sampling(0.7, top_k=4))


@dataclass(frozen=True)
class Demand:
    """Names of constraints, with the least and the greatest length, and how tokens are drawn."""

    names: tuple[str, ...]
    least: int
    most: int
    how: Decoding

    def satisfies(self, ids: tuple[int, ...]) -> bool:
        """Return whether a sequence satisfies all constraints."""
        return all(KINDS[name].satisfies(ids) for name in self.names)

    @property
    def name(self) -> str:
        """The constraints and the lengths in words."""
        ends = ", stop token" if self.how.stop is not None else ""
        drawn = ", temperature 0.7, top-k 4" if self.how.sampling.top_k else ""
        return f"{' and '.join(self.names)}, {self.least} to {self.most}{ends}{drawn}"


DEMANDS = (
    Demand(("template",), 0, 4, STREAM),
    Demand(("open template",), 0, 4, STREAM),
    Demand(("vary",), 0, 4, WINDOWS),
    Demand(("must",), 4, 4, STREAM),
    Demand(("must",), 7, 7, STREAM),
    Demand(("avoid",), 3, 5, STREAM),
    Demand(("end_on",), 3, 3, STOP),
    Demand(("match",), 0, 4, STREAM),
    Demand(("length",), 1, 4, STOP),
    Demand(("key",), 0, 2, STOP),
    Demand(("range",), 3, 3, WINDOWS),
    Demand(("bars",), 0, 4, STREAM),
    Demand(("rhythm",), 0, 4, STREAM),
    Demand(("pitches_of",), 0, 3, STREAM),
    Demand(("must", "end_on"), 5, 5, STREAM),
    Demand(("must", "avoid"), 5, 7, STREAM),
    Demand(("bars", "key"), 0, 4, STREAM),
    Demand(("match", "end_on"), 0, 4, STREAM),
    Demand(("long bars", "avoid one"), 0, 6, STOP),
)

EXACTNESS = (
    Column("sequences", digits=0),
    Column("sum of p", "all lengths", digits=4),
    Column("distance", "256", digits=3),
    Column("least p", "256", digits=4),
    Column("distance ", "masking", digits=3),
    Column("least p ", "masking", digits=4),
)
SECONDS = (
    Column("a sample", "s", digits=3),
    Column("log P", "nats", digits=2),
    Column("least size", "particles"),
)
REPETITION = (
    Column("with a loop", "%", 100),
    Column("copies itself", "%", 100),
    Column("penalized", "% held out", 100, 2),
    Column("held-out loss", "nats", digits=4),
)

run_argument = click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group()
def main() -> None:
    """Measure how samples are steered."""


@main.command("exactness")
@click.option("--draws", type=click.IntRange(100), default=20_000, show_default=True)
@click.option("--only", default="", help="Only demands whose name has this text.")
@json_option
def exactness(draws: int, only: str, as_json: bool) -> None:
    """Compare draws with the exact distribution, found by enumeration."""
    report = Report(f"Distance of {draws:,} draws from the exact distribution", EXACTNESS, 1)
    model = SecondOrderModel(V)
    for demand in DEMANDS:
        if only not in demand.name:
            continue
        written = Written(model, (1, 0), demand.how)
        exact = written.exact(demand.satisfies, demand.least, demand.most)
        figures: list[float | None] = [len(exact), sum(exact.values())]
        for particles in (256, 1):
            few = len(exact) <= FEW
            if particles == 1 and demand.how.sampling.top_k:  # top-k brings some particles to a dead end
                figures += [None, None]
                continue
            found = drawn(model, demand, draws=draws, particles=particles)
            figures += [distance(found, exact), None] if few else [None, min(marginal_tests(found, exact, V))]
        report.add(demand.name, *figures)
    report.note(f"Up to {FEW} sequences: total variation distance; of more: the least p-value of a χ² test.")
    report.show(as_json=as_json)


def drawn(model: Stepper, demand: Demand, *, draws: int, particles: int) -> list[tuple[int, ...]]:
    """Return the tokens of samples that satisfy a demand."""
    product = Conjunction([KINDS[name].automaton for name in demand.names])
    guess = None
    if particles > 1:  # as in rnnlab.generation.steering
        free = replace(demand.how, samples=64, length=max(demand.most, 1))
        sums = [probabilities(logits, free.sampling).sum(axis=0) for _, logits in tokens(model, SEED, free)]
        guess = 0.99 * np.sum(sums, axis=0) / np.sum(sums) + 0.01 / V
    lookahead = Lookahead(
        Table.of(product, product.start), demand.least, demand.most, stop=demand.how.stop, frequencies=guess
    )
    plans = [Plan(lookahead)] * draws
    return [each.sample.ids for each in draw(model, SEED, plans, demand.how, particles=particles)]


@main.command("seconds")
@run_argument
@click.option("--constraint", type=(str, str), multiple=True, help="A setting of generation.constraints.")
@click.option("--length", type=click.IntRange(1), help="Left out, that of the run.")
@repeats_option
@json_option
def seconds(
    run: Path, constraint: Sequence[tuple[str, str]], length: int | None, repeats: int, as_json: bool
) -> None:
    """Time a sample with constraints, by the number of particles."""
    trained = RunFolder(run).load_model()
    given: dict[str, Any] = {name: int(value) if value.isdigit() else value for name, value in constraint}
    settings = trained.experiment.generation.model_copy(
        update={
            "temperature": 1.0,
            "constraints": Constraints(**given),
            **({} if length is None else {"length": length}),
        }
    )
    report = Report(f"{run.name}: one sample of {settings.length} tokens, {given}", SECONDS, repeats)
    for particles in (1, 64, 256, 1024):
        own = settings.model_copy(update={"particles": particles})
        begun = [time.perf_counter()]
        for _ in range(repeats):
            (sample,) = write_samples(trained, own).samples
            begun.append(time.perf_counter())
        found = sample.constraint
        size = found.effective_sample_size if found else None
        report.add(
            f"{particles} particles", median(np.diff(begun)), found.log_probability if found else None, size
        )
    report.show(as_json=as_json)


@main.command("repetition")
@run_argument
@click.option("--allowed", type=click.IntRange(1), multiple=True, default=(8, 12, 16, 24, 32, 48))
@click.option("--base", type=click.FloatRange(1, 100), help="Left out, that of rnnlab for this kind of data.")
@click.option("--samples", type=click.IntRange(1), default=200, show_default=True)
@click.option("--length", type=click.IntRange(1), default=500, show_default=True)
@click.option("--temperature", type=click.FloatRange(0, 1000), default=0.5, show_default=True)
@click.option(
    "--passage",
    type=click.IntRange(1),
    default=24,
    show_default=True,
    help="Tokens of a passage that stands twice.",
)
@json_option
def repetition(
    run: Path,
    *,
    allowed: Sequence[int],
    base: float | None,
    samples: int,
    length: int,
    temperature: float,
    passage: int,
    as_json: bool,
) -> None:
    """Count loops without and with DRY, and score held-out data under it."""
    trained = RunFolder(run).load_model()
    pieces = held_out_pieces(run, length)
    settings = trained.experiment.generation.model_copy(
        update={"temperature": temperature, "samples": samples, "length": length}
    )
    chosen = "base of rnnlab" if base is None else f"base {base}"
    title = f"{run.name}: {samples} samples of {length} tokens at temperature {temperature}, {chosen}"
    report = Report(title, REPETITION, 1)
    for allowed_length in (None, *allowed):
        dry = None if allowed_length is None else Dry(base=base, allowed_length=allowed_length)
        texts = sequences_of(trained, settings.model_copy(update={"dry": dry}))
        cost, penalized = held_out_cost(trained, pieces, dry)
        report.add(
            "without DRY" if dry is None else f"allowed length {allowed_length}",
            sum(map(has_loop, texts)) / len(texts),
            sum(copies_itself(text, passage) for text in texts) / len(texts),
            penalized,
            cost,
        )
    report.note(
        f"A loop: what generate names so; a copy of itself: {passage} tokens in a row that stand twice."
    )
    report.show(as_json=as_json)


def sequences_of(trained: TrainedModel, settings: Generation) -> list[tuple[str, ...]]:
    """Return the tokens of each sample."""
    return [sample.sequence for sample in write_samples(trained, settings).samples]


def has_loop(sequence: Sequence[str]) -> bool:
    """Return whether a sample is stuck in a loop, as `rnnlab generate` says it."""
    ids = np.unique(np.array(sequence), return_inverse=True)[1]
    return repetition_in(ids, np.zeros(0)) is not None


def copies_itself(sequence: Sequence[str], passage: int) -> bool:
    """Return whether some `passage` tokens in a row stand twice."""
    pieces = [tuple(sequence[begin : begin + passage]) for begin in range(len(sequence) - passage + 1)]
    return len({*pieces}) < len(pieces)


def held_out_pieces(run: Path, length: int) -> Ids:
    """Return the first pieces of the validation part, one after another, (N, length + 1)."""
    data = load_data(read_experiment(run / CONFIG))
    part = data.splits.parts["validation"]
    ids = np.asarray(data.corpus.ids[part.begin : part.end], np.int64)
    count = min(len(ids) // (length + 1), 64)
    return ids[: count * (length + 1)].reshape(count, -1)


def held_out_cost(trained: TrainedModel, pieces: Ids, dry: Dry | None) -> tuple[float, float]:
    """Return the cross-entropy of pieces under DRY at temperature 1, nats, and the share of penalized tokens.

    Args:
        trained: the model.
        pieces: token ids, (N, S); each piece is read from a zero state, and its first token is given.
        dry: the settings of DRY; None for the model itself.
    """
    source = source_of(numpy_model(trained), pieces[:, :1], regime="stream", window=1)
    penalty = None if dry is None else penalty_of(dry, kind=trained.experiment.dataset.kind)
    repetition, logits = RepeatedRuns.of(penalty, pieces[:, :1]), source.start()
    costs, lowered = 0.0, 0
    for ids in pieces[:, 1:].T:
        scored = logits if repetition is None else repetition.lowered(logits)
        costs -= float(log_probabilities(scored, ids).sum())
        every = np.arange(len(ids))
        lowered += int((scored[every, ids] < logits[every, ids]).sum())
        if repetition is not None:
            repetition.add(ids)
        logits = source.feed(ids)
    total = pieces[:, 1:].size
    return costs / total, lowered / total


if __name__ == "__main__":
    main()
