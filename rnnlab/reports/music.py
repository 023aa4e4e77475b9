"""A piece of music in a report: an engraved score, a player, a MIDI file and the notes as text."""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate
from xml.etree import ElementTree

from rnnlab.errors import DataError, count_of
from rnnlab.music.meter import Meter
from rnnlab.music.midi import write_midi
from rnnlab.music.notation import Note, parse_token
from rnnlab.music.score import engrave
from rnnlab.music.sound import wav_of
from rnnlab.music.tune import Tune
from rnnlab.reports.markup import Markup, data_uri, tag, together

MOST_NOTES = 200
"""Most notes of a piece that are drawn and played; the MIDI file has all."""

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_PLACE = re.compile(r"translate\((-?[\d.]+),\s*(-?[\d.]+)\)")
_HEAD_WIDTH, _RING = 215, 300  # in a score's own units
_WIDTH = 720


def piece(
    title: str,
    tokens: Sequence[str],
    *,
    name: str,
    wrong: Collection[int] = (),
    remark: str = "",
    meter: Meter | None = None,
    sample_rate: int = 16_000,
    most_seconds: float = math.inf,
) -> Markup:
    """Return a piece of music with its heading, score, player and text.

    Args:
        title: the heading.
        tokens: the notes.
        name: name of the MIDI file and first part of the ids, in ASCII letters, digits and hyphens.
        wrong: indices of the wrong notes.
        remark: a sentence below the heading.
        meter: metre of the score; None for 4/4.
        sample_rate: of the sound, in hertz.
        most_seconds: longest time that the player plays.
    """
    tune = Tune(title, tuple(map(parse_token, tokens)), meter=meter)
    shown = replace(tune, notes=tune.notes[:MOST_NOTES])
    cut = f"The first {MOST_NOTES} of {len(tokens):,} notes. " if len(tokens) > MOST_NOTES else ""
    score, is_drawn = _score(shown, [place for place in wrong if place < MOST_NOTES], name)
    said = together(cut, remark)
    return tag(
        "article",
        tag("h3", title),
        *([tag("p", said)] if said else []),
        score,
        _player(_begin_of(shown, most_seconds), tune, name, sample_rate),
        _as_text(tokens, wrong, is_open=not is_drawn),
        class_="piece",
    )


def seconds_of(tokens: Sequence[str]) -> float:
    """Return the time of the drawn notes of a piece at 120 quarter notes a minute, in seconds."""
    return sum(_seconds(parse_token(token)) for token in tokens[:MOST_NOTES])


def _begin_of(tune: Tune, most_seconds: float) -> Tune:
    """Return the first notes of a tune, at least one, that take no longer than a time."""
    ends = accumulate(map(_seconds, tune.notes))
    count = sum(end <= most_seconds for end in ends)
    return replace(tune, notes=tune.notes[: max(count, 1)])


def _seconds(note: Note) -> float:
    return float(2 * note.duration)


def _score(tune: Tune, wrong: Collection[int], name: str) -> tuple[Markup, bool]:
    """Return the engraved score, or why there is none, and whether there is one."""
    try:
        svg = engrave(tune, wrong=wrong, width=_WIDTH, prefix=f"score-{name}")
    except DataError as error:
        return tag("p", f"No score: {error}.", class_="remark"), False
    notes = count_of(len(tune.notes), "note")
    said = f"Score of {tune.name}, {notes}{_said(wrong)}; the notes are below as text"
    picture = _marked(svg, wrong, name, said)
    return tag("div", picture, class_="score scroller", tabindex="0", role="region", aria_label=said), True


def _said(wrong: Collection[int]) -> str:
    if not wrong:
        return ""
    return f", wrong and ringed: number {', '.join(str(place + 1) for place in sorted(wrong))}"


def _marked(svg: str, wrong: Collection[int], name: str, said: str) -> Markup:
    """Return the score with a ring around each wrong note, for readers who do not see its colour."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(svg)
    root.set("role", "img")
    root.set("aria-label", said)
    of_wrong = (
        re.compile(rf"score-{re.escape(name)}-({'|'.join(map(str, wrong))})(-[0-9]+)?") if wrong else None
    )
    for group in [*root.iter(f"{{{_SVG}}}g")] if of_wrong else []:
        if of_wrong and of_wrong.fullmatch(group.get("id", "")):
            group.extend(_rings(group))
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _rings(group: ElementTree.Element) -> list[ElementTree.Element]:
    """Return a circle around each note head, or rest, of a group."""
    rings = []
    for parent in group.iter(f"{{{_SVG}}}g"):
        if parent.get("class") not in {"notehead", "rest"}:
            continue
        for use in parent.findall(f"{{{_SVG}}}use"):
            if place := _PLACE.search(use.get("transform", "")):
                across, down = float(place[1]) + _HEAD_WIDTH / 2, place[2]
                given = {"cx": f"{across:g}", "cy": down, "r": str(_RING), "class": "ring"}
                drawn = {"fill": "none", "stroke": "#d62728", "stroke-width": "30"}
                rings.append(ElementTree.Element(f"{{{_SVG}}}circle", given | drawn))
    return rings


def _player(heard: Tune, whole: Tune, name: str, sample_rate: int) -> Markup:
    """Return the player of a tune, and the link to its MIDI file."""
    try:
        sound = data_uri(wav_of(heard, sample_rate=sample_rate), "audio/wav")
        player = tag("audio", controls="", preload="metadata", src=sound, aria_label=f"Sound of {whole.name}")
    except DataError as error:
        player = tag("span", f"No sound: {error}. ", class_="remark")
    try:
        midi = data_uri(write_midi(whole), "audio/midi")
        link = tag("a", "MIDI file", href=midi, download=f"{name}.mid")
    except DataError as error:
        link = tag("span", f"No MIDI: {error}.", class_="remark")
    part = (
        f"The player plays the first {len(heard.notes)} notes." if len(heard.notes) < len(whole.notes) else ""
    )
    return tag("p", player, " ", link, *([tag("span", part)] if part else []), class_="player")


def _as_text(tokens: Sequence[str], wrong: Collection[int], *, is_open: bool) -> Markup:
    """Return the notes as note text, in which wrong notes are marked."""
    pieces = []
    for place, token in enumerate(tokens):
        pieces += [tag("mark", "✗", token) if place in wrong else together(token), together(" ")]
    count = count_of(len(tokens), "note")
    summary = tag("summary", f"The {count} as text" if len(tokens) > 1 else "The note as text")
    text = tag("p", tag("code", *pieces), class_="notes")
    return tag("details", summary, text, open="" if is_open else None)
