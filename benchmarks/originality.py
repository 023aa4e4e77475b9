"""Time and memory to tell what samples copy from a training text, and to build a suffix array of the text.

Run `python -m benchmarks.originality [--repeats N] [--json]`. The samples are 100 kB: 200 pieces of 500
characters, of which a tenth are passages of the training text. The texts are drawn: words of a Zipf
distribution; or a file is repeated to each size, with `--text FILE`. The suffix array is that of the library
pydivsufsort, if it is installed; it is only built, and not yet searched. The benchmark fails if it does not
find a passage that was put into the samples.
"""

import json
import resource
import sys
import tempfile
import time
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import numpy as np

from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, medians, timed_process
from rnnlab.datasets.training_tokens import TokenSequences, TrainingTokens
from rnnlab.evaluation.originality import originality_of

COLUMNS = (
    Column("originality", "s", 1.0, 2),
    Column("peak memory", "MB", 1e-6, 0),
    Column("suffix array", "s", 1.0, 2),
    Column("peak memory", "MB", 1e-6, 0),
)
SIZES = {"1 MB": 10**6, "100 MB": 10**8}
PIECES, PIECE = 200, 500
LETTERS = np.frombuffer(b"etaoinshrdlcumwfgypbvkjxqz", np.uint8)


@click.command()
@click.option(
    "--text", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A text to repeat."
)
@click.option("--measure", type=(str, Path), hidden=True, help="Measure one side in this process.")
@repeats_option
@json_option
def main(text: Path | None, measure: tuple[str, Path] | None, repeats: int, as_json: bool) -> None:
    """Measure each size in a process of its own."""
    if measure:
        click.echo(json.dumps(measured(*measure)))
        return
    report = Report("What 100 kB of samples copy from a training text", COLUMNS, repeats)
    has_library = find_spec("pydivsufsort") is not None
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            path = Path(folder) / "text.npy"
            np.save(
                path, drawn_text(size, np.random.default_rng(0)) if text is None else repeated(text, size)
            )
            kinds = ["originality", "suffix array"] if has_library else ["originality"]
            sides = [partial(_in_a_process, kind, path) for kind in kinds]
            figures = [medians(rows) for rows in in_turns(sides, repeats=repeats)]
            report.add(name, *figures[0], *(figures[1] if has_library else (None, None)))
    if not has_library:
        report.note("pydivsufsort is not installed, so its columns are empty: pip install pydivsufsort.")
    report.show(as_json=as_json)


def drawn_text(size: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Return a text of random words, of which some are frequent, as bytes (size,)."""
    lengths = rng.integers(2, 10, 20_000)
    words = [np.append(rng.choice(LETTERS, length, p=_zipf(26)), np.uint8(32)) for length in lengths]
    table, ends = np.concatenate(words), np.cumsum(lengths + 1)
    parts = []
    for _ in range(1 + size // 5_000_000):
        drawn = rng.choice(len(words), min(size, 5_000_000) // 3, p=_zipf(len(words)))
        each = lengths[drawn] + 1
        places = np.repeat(ends[drawn] - np.cumsum(each), each) + np.arange(each.sum())
        parts.append(table[places])
    return np.concatenate(parts)[:size]


def repeated(path: Path, size: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Return the bytes of a file, repeated or cut to a size."""
    return np.resize(np.frombuffer(path.read_bytes(), np.uint8), size)


def measured(kind: str, path: Path) -> tuple[float, float]:
    """Return the seconds, and the peak memory of this process in bytes."""
    text = np.load(path)
    begun = time.perf_counter()
    if kind == "originality":
        _tell(text)
    else:
        import_module("pydivsufsort").divsufsort(text)
    return time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _tell(text: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
    """Tell the originality of pieces of another text and of pieces of this one."""
    rng = np.random.default_rng(1)
    held_out = np.random.default_rng(2).permutation(text[-(10**5) :].reshape(-1, 100)).reshape(-1)
    samples = [held_out[begin : begin + PIECE] for begin in rng.integers(0, len(held_out) - PIECE, PIECES)]
    copied = rng.integers(0, len(text) - PIECE, PIECES // 10)
    samples[: len(copied)] = [text[begin : begin + PIECE] for begin in copied]
    kept = TrainingTokens(
        train=TokenSequences(text, np.array([0, len(text)])),
        held_out=TokenSequences(held_out, np.array([0, len(held_out)])),
        part="validation",
        numbers=np.ones(1, np.int64),
        begins=np.zeros(1, np.int64),
        files=("text",),
        counts=(1,),
        noun="character",
        is_whole=False,
        is_lines=False,
        line_break=10,
        data_sha256="",
    )
    found = originality_of(samples, kept, lambda ids: bytes(ids).decode("latin-1"))
    lengths = [each.longest_copy.length if each.longest_copy else 0 for each in found.samples]
    if any(length != PIECE for length in lengths[: len(copied)]):
        sys.exit(f"copies of {PIECE} characters are found as {lengths[: len(copied)]}")


def _zipf(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = 1 / np.arange(1, count + 1)
    return np.asarray(weights / weights.sum())


def _in_a_process(kind: str, path: Path) -> tuple[float, float]:
    answer = timed_process(["-m", "benchmarks.originality", "--measure", kind, str(path)])[1]
    seconds, memory = json.loads(answer)
    return seconds, memory


if __name__ == "__main__":
    main()
