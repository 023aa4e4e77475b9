"""`rnnlab convert`: convert music from one format to another."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import parsed_meter
from rnnlab.errors import count_of
from rnnlab.terminal.text import echo, write

if TYPE_CHECKING:
    from rnnlab.music.files import Collection
    from rnnlab.music.keys import Transposition


@click.command()
@click.argument("sources", metavar="IN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--track",
    type=click.IntRange(1),
    help="Track of MIDI, part of a score or voice of an ABC tune, from 1; left out, all tracks, or the first"
    " part or voice.",
)
@click.option(
    "--channel", type=click.IntRange(1, 16), help="Channel of MIDI; left out, all but 10, percussion."
)
@click.option(
    "--polyphony",
    type=click.Choice(["highest", "refuse", "chords"]),
    help="Which notes to take where several sound together; left out, the highest, but chords for MIDI that"
    " rnnlab wrote.",
)
@click.option(
    "--grid",
    metavar="1/16",
    help="Move the times of MIDI to this grid, such as 1/16,1/24, or exact; left out, 1/16, but exact for"
    " MIDI that rnnlab wrote.",
)
@click.option("--voice", metavar="N|NAME", help="Voice of a part of a score; left out, the first.")
@click.option("--meter", metavar="3/4", help="Metre instead of that of the file; it sets the bar lines.")
@click.option(
    "--tempo", type=click.FloatRange(4, 999), help="Quarter notes a minute, instead of the tempo of the file."
)
@click.option(
    "--transpose", metavar="N|KEY", help="Semitones up, or down such as -2; or a key such as c for all tunes."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
def command(sources: tuple[Path, ...], target: Path, **options: Any) -> None:
    """Convert music between note text, MIDI and other formats: ABC, MusicXML, kern; and to scores and sound.

    \b
    rnnlab convert song.mid song.notes
    rnnlab convert song.notes song.mid --tempo 96
    rnnlab convert folder_of_midi/ tunes.notes --transpose c
    rnnlab convert song.notes song.svg

    The extension of a file is its format; .ly (LilyPond), .svg and .png (a score) and .wav (sound) can only
    be written. Several files, a folder, or a collection in ABC become one file of note text with a tune on
    each line; a file without a tune is named and left out. OUT - prints note text.
    """
    from rnnlab.commands.output import check_target
    from rnnlab.errors import DataError
    from rnnlab.files import write_durably
    from rnnlab.music.files import collect, transposed, written
    from rnnlab.music.tune import omissions_of

    transposition = _transposition(options["transpose"])
    suffix = ".notes"
    if str(target) != "-":
        suffix = check_target(target, called="an OUT", overwrite=options["overwrite"])
    collection = collect(sources, reading=_reading(options))
    if transposition:
        collection = transposed(collection, transposition)
    if not collection.tunes and len(collection.failures) == 1:
        raise DataError(collection.failures[0])
    for line in (*collection.failures, *collection.remarks, *omissions_of(collection.tunes).remarks()):
        echo(line, err=True)
    if not collection.tunes:
        raise DataError(f"nothing to write: {count_of(collection.files, 'file')} yielded no tune")
    data = written(collection.tunes, suffix, tempo=options["tempo"])
    if str(target) == "-":
        write(data.decode())
    else:
        write_durably(target, data)
    echo(_summary(collection, str(target)), err=True)


def _transposition(text: str | None) -> "Transposition | None":
    from rnnlab.errors import DataError, UsageError
    from rnnlab.music.keys import parse_transposition

    try:
        return None if text is None else parse_transposition(text)
    except DataError as error:
        raise UsageError(f"--transpose: {error}") from None


def _reading(options: dict[str, Any]) -> Any:
    from rnnlab.errors import DataError, UsageError
    from rnnlab.music.melody import Reading, parse_grid

    try:
        grid = parse_grid(options["grid"]) if options["grid"] is not None else None
    except DataError as error:
        raise UsageError(f"--grid: {error}") from None
    meter = parsed_meter(options["meter"])
    return Reading(options["track"], options["channel"], options["polyphony"], grid, options["voice"], meter)


def _summary(collection: "Collection", target: str) -> str:
    """Return a line with the numbers of tunes and events written, of files found, and of things left out."""
    from rnnlab.music.tune import listed, omissions_of

    tunes = collection.tunes
    omissions = omissions_of(tunes)
    notes = sum(len(tune.notes) for tune in tunes)
    sizes = (count_of(len(tunes), "tune"), count_of(collection.files, "file"), count_of(notes, "event"))
    parts = ["{}: {} of {}, {}".format(target, *sizes)]
    if omissions.largest_shift > 0:
        parts.append(f"moved to the grid by up to {omissions.largest_shift:.3g} of a quarter note")
    parts += [f"{each} left out" for each in listed(omissions.left_out)]
    if collection.failures:
        parts.append(f"{len(collection.failures):,} yielded nothing")
    return "; ".join(parts)
