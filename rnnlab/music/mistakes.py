"""What is wrong with a text that is not a note, and what its writer may have meant."""

import re
from collections.abc import Callable

from rnnlab.music.pitch import is_pitch_name

_Replacement = str | Callable[[re.Match[str]], str]
_SOLMISATION = {"do": "c", "re": "d", "mi": "e", "fa": "f", "sol": "g", "la": "a", "si": "b", "ti": "b"}

_NAME_RULES: tuple[tuple[str, _Replacement, str], ...] = (
    (r"^[Rs]$", "r", "a rest is written 'r'"),
    (r"[A-Z]", lambda match: match.group().lower(), "in this notation pitches are lower case"),
    (
        r"^(do|re|mi|fa|sol|la|si|ti)(?=$|[#♯♭])",
        lambda match: _SOLMISATION[match.group()],
        "pitches are c d e f g a b",
    ),
    (r"^h", "b", "in this notation h is written 'b' (and the German b 'bes')"),
    (r"[#♯]", "is", "sharps are written 'is'"),
    (r"(?<=^[a-g])(b{1,2}|♭{1,2})$", lambda match: "es" * len(match.group()), "flats are written 'es'"),
)


def mistake_in_name(name: str) -> tuple[str, str | None]:
    """What is wrong with a pitch's name such as `C#`, and the name that was meant, if that can be told."""
    reasons = []
    meant = name
    for pattern, replacement, reason in _NAME_RULES:
        corrected = re.sub(pattern, replacement, meant)
        if corrected != meant:
            reasons.append(reason)
        meant = corrected
    if reasons and (meant == "r" or is_pitch_name(meant)):
        return ", ".join(reasons), meant
    return "expected a pitch c d e f g a b, with is (sharp) or es (flat), or r for a rest", None


def mistake_in_word(word: str) -> str:
    """What is wrong with a text that does not even have the form of a note."""
    if word.startswith("\\"):
        return "expected notes alone, received a command; leave it out, and write absolute octaves"
    if word.startswith("%{"):
        return "the block comment is not closed; close it with '%}'"
    if word.startswith("<"):
        return "the chord is not closed; write it as in '<c e g>4'"
    if word.startswith(("{", "}")):
        return "write only what stands between the braces"
    if word[:1].isdigit():
        return "a duration stands after its pitch, as in 'g4'"
    return "expected a note such as 'g4', 'cis8.', 'r4' or '<c e g>4'"
