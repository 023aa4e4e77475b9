"""A page of HTML as a test looks at it, without a browser."""

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"col", "meta", "img", "br", "link", "input", "hr", "source", "wbr"}


@dataclass
class Element:
    """An element with its attributes, the text in it and below, and the names and ids of those above it."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    above: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """The elements of a page in their order.

    Raises:
        AssertionError: an element is not closed, or closed where another one is open.
    """

    source: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self._read: list[str] = []
        self.feed(self.source)
        self.close()
        assert [each.name for each in self._open] == []

    def handle_starttag(self, tag, attrs):
        above = tuple(each.name for each in self._open)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        ids = tuple(each.attributes.get("id", "") for each in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, above=above, inside=ids)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().name == tag

    def handle_data(self, data):
        if not {"script", "style", "title"} & {each.name for each in self._open}:
            self._read.append(data)
        for each in self._open:
            each.text += data

    def all(self, name: str, /, **attributes: str) -> list[Element]:
        """Every element of a name with these attributes; `class_` is one of its classes."""
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}
        kind = wanted.pop("class", None)
        return [
            each
            for each in self.elements
            if each.name == name
            and wanted.items() <= each.attributes.items()
            and (kind is None or kind in each.attributes.get("class", "").split())
        ]

    @property
    def text(self) -> str:
        """All that is to be read on it, with a space between any two elements."""
        return " ".join(" ".join(self._read).split())

    @property
    def references(self) -> list[str]:
        """Every address that it names, in attributes and in styles."""
        named = ("src", "href", "xlink:href", "action", "poster", "data", "srcset", "background")
        found = [each.attributes[name] for each in self.elements for name in named if name in each.attributes]
        styles = " ".join(each.text for each in self.all("style"))
        return [*found, *re.findall(r"url\(([^)]*)\)|@import[^;]*", styles)]


def data_of(address: str) -> bytes:
    """What a data: address holds."""
    head, _, data = address.partition(",")
    assert head.startswith("data:")
    assert head.endswith(";base64")
    return base64.b64decode(data, validate=True)
