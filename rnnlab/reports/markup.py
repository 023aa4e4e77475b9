"""HTML and SVG put together from parts: what is not `Markup` is text, and is escaped."""

import base64
import html
import re

VOID = {"img", "meta", "path", "rect", "line", "circle"}
"""Elements without content: those of HTML, and the shapes of SVG, which are closed at once."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Controls but tab and line feed, marks that set the direction of writing, and what is no character."""

Value = str | float | None


class Markup(str):
    """HTML that may stand in a page as it is."""

    __slots__ = ()


def without_controls(text: str) -> str:
    """The text with what would steer a page, and cannot be seen, spelled out, as in `\\u202e`."""
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def tag(name: str, /, *children: str, **attributes: Value) -> Markup:
    """An element with its content.

    Args:
        name: of the element.
        children: text, which is escaped, or markup.
        attributes: by their names, with `_` for `-` and one at the end of Python's own words, as in `class_`;
            None leaves one out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{together(*children)}</{name}>")


def together(*children: str) -> Markup:
    """Pieces one after the other, text escaped."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else html.escape(without_controls(child)) for child in children
        )
    )


def data_uri(data: bytes, media_type: str) -> str:
    """An address that holds what it leads to."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _value(value: str | float) -> str:
    return html.escape(without_controls(value)) if isinstance(value, str) else f"{value:.6g}"
