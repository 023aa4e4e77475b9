"""Seconds to read a folder of MIDI files as a dataset, compared with the same notes as text.

Run `python -m benchmarks.midi_folder JSON [--files 200] [--repeats N] [--json]`, with the chorales of
`benchmarks.chorales`. The benchmark fails if the tokens of either differ from the tokens that were written.
"""

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import click

from benchmarks.chorales import read_chorales
from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, medians, timed_process
from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune

COLUMNS = (Column("reading", "s", 1.0, 2), Column("describe", "s", 1.0, 2), Column("a file", "ms", 1e3, 1))
PAGE = "dataset: {{kind: notes, path: {path}, unit: line}}\nmodel: {{kind: lstm, units: 64}}\n"


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--files", type=click.IntRange(1, 300), default=200, show_default=True, help="Number of files.")
@repeats_option
@json_option
def main(source: Path, files: int, repeats: int, as_json: bool) -> None:
    """Read the same chorales as MIDI files and as one note text, in turns."""
    report = Report(f"A folder of {files} MIDI files", COLUMNS, repeats)
    tunes = [tune for part in read_chorales(source).values() for tune in part][:files]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = {"MIDI files": write_folder(folder, tunes), "note text": write_text(folder, tunes)}
        sides = [partial(seconds_of, page, tunes) for page in pages.values()]
        rows = [medians(figures) for figures in in_turns(sides, repeats=repeats)]
    for row, (reading, describing) in zip(pages, rows, strict=True):
        report.add(row, reading, describing, reading / files)
    report.note(f"{sum(len(tune.split()) for tune in tunes):,} notes, read back to the token.")
    report.show(as_json=as_json)


def write_folder(folder: Path, tunes: list[str]) -> Path:
    """Write a MIDI file for each tune, and a configuration for them; return its path."""
    (folder / "midi").mkdir()
    for number, tune in enumerate(tunes):
        data = write_midi(parse_tune(tune, name=f"tune {number}"))
        (folder / f"midi/{number:03}.mid").write_bytes(data)
    return written(folder / "midi.yaml", "midi")


def write_text(folder: Path, tunes: list[str]) -> Path:
    """Write a note text with a tune per line, and a configuration for it; return its path."""
    (folder / "tunes.notes").write_text("\n".join(tunes) + "\n", encoding="ascii")
    return written(folder / "text.yaml", "tunes.notes")


def written(page: Path, path: str) -> Path:
    page.write_text(PAGE.format(path=path), encoding="utf-8")
    return page


def seconds_of(page: Path, tunes: list[str]) -> tuple[float, float]:
    """Return the seconds to read the data in this process, and the seconds of a whole `rnnlab describe`."""
    text = page.read_text(encoding="utf-8")
    dataset = parse_experiment(text, name=str(page), folder=page.parent).dataset
    begun = time.perf_counter()
    corpus = load_corpus(dataset)
    seconds = time.perf_counter() - begun
    if corpus.vocabulary.join(corpus.ids).strip().split("\n") != tunes:
        sys.exit(f"{page}: the notes that were read are not those that were written")
    return seconds, timed_process(["-m", "rnnlab", "describe", str(page)])[0]


if __name__ == "__main__":
    main()
