"""What a configuration leaves open about a stream, chosen by the size of its data.

So `kind`, `path` and `units` are enough to train well on ten kilobytes and on a hundred megabytes. What the
configuration says stays as it says it, and the run's own configuration says all of it.
"""

from typing import Any

from rnnlab.config.contradictions import refuse_contradictions
from rnnlab.config.optimizer import Adam
from rnnlab.config.schedule import CosineSchedule
from rnnlab.config.schema import Experiment, NotesDataset
from rnnlab.config.section import Section
from rnnlab.config.split import ContiguousSplit, NoSplit, SequencesSplit
from rnnlab.datasets.corpus import Corpus
from rnnlab.errors import count_of

HELD_OUT, LEAST_HELD_OUT = 0.1, 100
"""Share of the data, and the least tokens that say anything."""

LONGEST_WINDOW, MOST_LANES, LEAST_STEPS = 64, 32, 16
"""Fewer lanes are better than an epoch of fewer steps, and then shorter windows."""

TOKENS_WANTED, MOST_EPOCHS = 6_000_000, 60
"""How many tokens are read in all, if that makes an epoch or more, and not too many."""

OPTIMIZER = Adam(name="adam", learning_rate=0.004, global_clipnorm=1.0)
SCHEDULE = CosineSchedule(kind="cosine", warmup=0.05)


def fitted(experiment: Experiment, corpus: Corpus) -> tuple[Experiment, tuple[str, ...]]:
    """The experiment with nothing left open, and a sentence on what was chosen, if anything was.

    Args:
        experiment: the configuration; with other regimes than a stream only the metre of its notes is chosen.
        corpus: its data, before it is split.

    Raises:
        ConfigError: a setting of the configuration cannot stand beside what was chosen.
    """
    experiment = _in_meter(experiment, corpus)
    if experiment.regime != "stream":
        return experiment, ()
    dataset, training = experiment.dataset, experiment.training
    split = dataset.split if "split" in dataset.model_fields_set else _split(corpus)
    targets = max(int(len(corpus.ids) * (1 - _share(split))) * (1 + len(dataset.shifts)) - 1, 1)
    window, lanes = dataset.window, training.batch_size
    if "window" not in dataset.model_fields_set:
        window = min(LONGEST_WINDOW, max(targets // LEAST_STEPS, 1))
    if "batch_size" not in training.model_fields_set:
        lanes = min(MOST_LANES, max(targets // (window * LEAST_STEPS), 1))
    epochs = min(MOST_EPOCHS, max(round(TOKENS_WANTED / targets), 1))
    chosen: dict[str, Any] = {"split": split, "window": window, "batch_size": lanes, "epochs": epochs}
    if not training.model_fields_set & {"optimizer", "schedule"}:
        chosen |= {"optimizer": OPTIMIZER, "schedule": SCHEDULE}
    copies = f" and {count_of(len(dataset.shifts), 'copy')} of those trained on" if dataset.shifts else ""
    complete, notes = _with(experiment, chosen, size=f"{count_of(len(corpus.ids), 'token')}{copies}")
    refuse_contradictions(complete)
    return complete, notes


def _in_meter(experiment: Experiment, corpus: Corpus) -> Experiment:
    """The experiment with the metre that its files say, in which scores of its music are drawn."""
    dataset = experiment.dataset
    if not isinstance(dataset, NotesDataset) or dataset.reading.meter or not corpus.meter:
        return experiment
    reading = dataset.reading.model_copy(update={"meter": corpus.meter})
    return experiment.model_copy(update={"dataset": dataset.model_copy(update={"reading": reading})})


def _with(experiment: Experiment, chosen: dict[str, Any], *, size: str) -> tuple[Experiment, tuple[str, ...]]:
    """The experiment with the choices for what it leaves open, and a sentence on them."""
    update, said = {}, []
    for name in ("dataset", "training"):
        section = getattr(experiment, name)
        own = {
            key: value
            for key, value in chosen.items()
            if key in type(section).model_fields and key not in section.model_fields_set
        }
        update[name] = section.model_copy(update=own)
        said += [f"{key} {_shown(value)}" for key, value in own.items()]
    note = f"not set, so chosen for {size}: {', '.join(said)}"
    return experiment.model_copy(update=update), (note,) if said else ()


def _split(corpus: Corpus) -> NoSplit | ContiguousSplit | SequencesSplit:
    """A tenth of the data is held out, if that is enough to measure anything."""
    if len(corpus.ids) * HELD_OUT < LEAST_HELD_OUT:
        return NoSplit()
    if corpus.has_boundaries and len(corpus.starts) * HELD_OUT >= 1:
        return SequencesSplit(kind="sequences", validation=HELD_OUT)
    return ContiguousSplit(kind="contiguous", validation=HELD_OUT)


def _share(split: Section) -> float:
    """How much of the data a split holds out."""
    shares = (getattr(split, part, 0.0) for part in ("validation", "test"))
    return sum(share for share in shares if isinstance(share, float))


def _shown(value: Any) -> str:
    """A choice in a word or two."""
    if isinstance(value, Adam):
        return f"{value.name} with rate {value.learning_rate:g}"
    return str(value if isinstance(value, int) else value.kind)
