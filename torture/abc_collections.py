"""Compare rnnlab's reading of ABC collections with abc2midi: `python -m torture.abc_collections [FILES]`.

Without FILES, the collections that music21 contains are read: Aird's Airs, O'Neill's Music of Ireland and
Ryan's Mammoth Collection. For each tune, one of these must hold: pitches, begins and ends are equal; the
difference is one of `EXPLAINED`; or rnnlab refuses the tune, and the refusal is printed. Needs abc2midi
(Debian's abcmidi).
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import music21

from rnnlab.errors import DataError
from rnnlab.music.abc import read_abc
from rnnlab.music.melody import Reading
from rnnlab.music.tune import Tune
from rnnlab.terminal.tables import table
from tests.music.others import as_written, equal, of_abc2midi
from tests.music.sounding import sounds

CORPUS = Path(music21.__file__).parent / "corpus"
COLLECTIONS = ("airdsAirs", "oneills1850", "ryansMammoth")

EQUAL, REFUSED, DIFFERENT = "equal", "refused", "different"
EXPLAINED: dict[str, Callable[[str], str]] = {
    "a pitch twice in a chord": lambda text: re.sub(
        r"\[[^\]:|]*\]", lambda found: _without_doubles(found[0]), text
    ),
    "an accidental of a grace note": lambda text: re.sub(
        r"\{[^}]*\}", lambda found: re.sub(r"[\^_=]", "", found[0]), text
    ),
    "(5, (7 or (9 in 3/4": lambda text: re.sub(r"\(([579])(?![0-9:])", r"(\1:3:\1", text),
}
"""Known differences of abc2midi, each with a change of the text after which both programs agree.

abc2midi plays a pitch twice if a chord holds it twice. When it leaves out grace notes, it also leaves out
their accidentals, although they hold to the bar line when grace notes are played. In 3/4 it plays a group of
five, seven or nine notes in the time of three. In the standard (section 4.13) the time is two in all metres
except 6/8, 9/8 and 12/8.
"""


def tunes_of(text: str) -> Iterator[str]:
    """Yield the text of each tune of a collection, with the fields of the file header."""
    head, *tunes = re.split(r"^(?=[ \t]*X:)", text, flags=re.MULTILINE)
    fields = "\n".join(re.findall(r"^(?:[A-Za-z]:|%%).*$", head.split("\n\n")[0], flags=re.MULTILINE))
    for tune in tunes:
        body = re.split(r"\n[ \t]*\n", tune)[0]
        yield body if not fields else body.replace("\n", f"\n{fields}\n", 1)


def verdict(text: str) -> tuple[str, str]:
    """Return `equal`, `refused`, a kind of `EXPLAINED` or `different`, and the line of a refusal."""
    tune = _read(text)
    if isinstance(tune, DataError):
        return REFUSED, str(tune)
    theirs = of_abc2midi(as_written(text))
    if equal(theirs, sounds(tune)):
        return EQUAL, ""
    for kind, change in EXPLAINED.items():
        changed = change(text)
        if changed != text and _agree(changed):
            return kind, ""
    changed = text
    for change in EXPLAINED.values():
        changed = change(changed)
    return ("several of these", "") if _agree(changed) else (DIFFERENT, "")


def _agree(text: str) -> bool:
    tune = _read(text)
    return isinstance(tune, Tune) and equal(of_abc2midi(as_written(text)), sounds(tune))


def _read(text: str) -> Tune | DataError:
    (found,) = read_abc(text.encode(), name="tune", reading=Reading(polyphony="chords"))
    return found


def _without_doubles(chord: str) -> str:
    notes = re.findall(r"[\^_=]*[A-Ga-g][,']*[0-9/]*-?", chord)
    pitches = [re.sub(r"[0-9/]*-?$", "", note) for note in notes]
    kept = [note for place, note in enumerate(notes) if pitches[place] not in pitches[:place]]
    return f"[{''.join(kept)}]" if len(kept) > 1 else "".join(kept)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(files: tuple[Path, ...]) -> None:
    """Compare what rnnlab reads of ABC collections with abc2midi."""
    found = files or [path for name in COLLECTIONS for path in sorted((CORPUS / name).glob("*.abc"))]
    counts: dict[str, Counter[str]] = {}
    for path in found:
        of_folder = counts.setdefault(path.parent.name, Counter())
        for text in tunes_of(path.read_text(encoding="utf-8", errors="replace")):
            kind, line = verdict(text)
            of_folder[kind] += 1
            if kind in {REFUSED, DIFFERENT}:
                click.echo(f"{path.name} {text.split(chr(10), 1)[0]}: {kind} {line}", err=True)
    kinds = [EQUAL, *EXPLAINED, "several of these", REFUSED, DIFFERENT]
    rows = [(name, *(f"{of[kind]:,}" for kind in kinds)) for name, of in counts.items()]
    click.echo(table(("collection", *kinds), rows))
    sys.exit(any(of[DIFFERENT] for of in counts.values()))


if __name__ == "__main__":
    main()
