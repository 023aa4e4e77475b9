"""Digits as data: the token id of "3" is 3, which is what `CountingModel` counts."""

from pathlib import Path

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus, load_corpus
from tests.experiments import experiment

TEXT = """
dataset: {kind: text, inline: "0", vocabulary: "01234", window: 2, target: next}
model: {kind: gru, units: 3}
training: {batching: windows, batch_size: 1}
"""

STREAM = ("training.batching=stream", "dataset.target=shifted")
STATEFUL = ("model.stateful=true",)


def digits(*sequences: str, settings: tuple[str, ...] = (), folder: Path | None = None) -> Experiment:
    """An experiment on one sequence of digits, or on several, which become files in a folder."""
    if folder is None:
        (sequence,) = sequences
        return experiment(TEXT, f"dataset.inline={sequence}", *settings)
    paths = [folder / f"{number}.txt" for number in range(len(sequences))]
    for path, sequence in zip(paths, sequences, strict=True):
        path.write_text(sequence)
    return experiment(TEXT.replace('inline: "0"', "path: [" + ", ".join(map(str, paths)) + "]"), *settings)


def digits_corpus(*sequences: str, folder: Path | None = None) -> Corpus:
    return load_corpus(digits(*sequences, folder=folder).dataset)
