"""HTML and SVG built from parts: a string that is not `Markup` is text, and is escaped."""

import base64
import html
import re

VOID = {"br", "col", "img", "meta", "path", "rect", "line", "circle"}
"""Elements without content, which are written as one self-closing tag."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, but not tab and line feed; and direction marks, surrogates, U+FFFE and U+FFFF."""

Value = str | float | None


class Markup(str):
    """HTML or SVG that is put into a page unchanged."""

    __slots__ = ()


def without_controls(text: str) -> str:
    """Return a text in which control characters and direction marks are replaced by escapes, as in `\\u202e`.

    Surrogates, U+FFFE and U+FFFF are replaced too; tabs and line feeds are not.
    """
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def tag(name: str, /, *children: str, **attributes: Value) -> Markup:
    """Return an element with its content; an element of `VOID` has no content.

    Args:
        name: name of the element.
        children: text, which is escaped, or markup.
        attributes: values by name, with `_` in place of `-`, and a `_` after a keyword of Python, as in
            `class_`; an attribute whose value is None is left out.
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
    """Return the children joined: markup unchanged, text escaped."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else html.escape(without_controls(child)) for child in children
        )
    )


def data_uri(data: bytes, media_type: str) -> str:
    """Return a `data:` URI, which contains the data."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _value(value: str | float) -> str:
    return html.escape(without_controls(value)) if isinstance(value, str) else f"{value:.6g}"
