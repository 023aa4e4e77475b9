"""Scores in reports: engraved for a desk and for a phone, with a ring around each wrong note."""

import re
from collections.abc import Collection, Sequence
from xml.etree import ElementTree

from rnnlab.errors import DataError, count_of
from rnnlab.music.score import engrave
from rnnlab.music.tune import Tune
from rnnlab.reports.markup import Markup, tag

_WIDTHS = {"wide": 720, "narrow": 340}
"""Widths of a score in pixels, by class: for a desk and for a phone; `page.css` shows one of them."""
_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_PLACE = re.compile(r"translate\((-?[\d.]+),\s*(-?[\d.]+)\)")
_HEAD_WIDTH, _RING = 215, 300  # in a score's own units


def scores(tune: Tune, wrong: Collection[int], name: str, widths: Sequence[str]) -> tuple[list[Markup], bool]:
    """Return the engraved scores, or a sentence on why there is none; and whether there are scores."""
    notes = count_of(len(tune.notes), "note")
    said = f"Score of {tune.name}, {notes}{_said(wrong)}; the notes are below as text"
    found = []
    for kind in widths:
        prefix = f"score-{name}" if kind == "wide" else f"{kind}-{name}"
        try:
            svg = engrave(tune, wrong=wrong, width=_WIDTHS[kind], prefix=prefix)
        except DataError as error:
            return [tag("p", f"No score: {error}.", class_="remark")], False
        found.append(tag("div", _marked(svg, wrong, prefix, said), class_=f"score {kind}"))
    return found, True


def _said(wrong: Collection[int]) -> str:
    if not wrong:
        return ""
    return f", wrong and ringed: number {', '.join(str(place + 1) for place in sorted(wrong))}"


def _marked(svg: str, wrong: Collection[int], prefix: str, said: str) -> Markup:
    """Return the score with a ring around each wrong note, for readers who do not see the red colour."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(svg)
    root.set("role", "img")
    root.set("aria-label", said)
    of_wrong = re.compile(rf"{re.escape(prefix)}-({'|'.join(map(str, wrong))})(-[0-9]+)?") if wrong else None
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
