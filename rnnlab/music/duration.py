"""Durations as LilyPond writes them: `4`, `8.`, `8*2/3`; each is an exact fraction of a whole note.

Equal durations have one spelling, by this rule:

    a plain note with at most three dots, where one is that long      1/4 → 4    3/8 → 4.    7/4 → 1..
    else the shortest plain note that is at least as long (or else
    the whole note) times the fraction that is left, in lowest terms  1/12 → 8*2/3    5/8 → 1*5/8    2 → 1*2

No two plain or dotted notes are equally long: with n dots the numerator is 2ⁿ⁺¹ − 1, which tells n.
"""

import re
from fractions import Fraction

from rnnlab.errors import DataError

_MOST_DOTS = 3
_LARGEST_FACTOR = 9999
_PLAIN = {str(2**k): Fraction(1, 2**k) for k in range(8)}
_DOTTED = {
    length * (2 - Fraction(1, 2**dots)): base + "." * dots
    for base, length in _PLAIN.items()
    for dots in range(_MOST_DOTS + 1)
}
_DURATION = re.compile(r"([0-9]+)(\.*)((?:\*[0-9]+(?:/[0-9]+)?)*)")


def parse_duration(text: str) -> Fraction:
    """The length in whole notes that a text such as `8.*2/3` spells.

    Raises:
        DataError: not a duration, or one whose multiplier has numbers outside 1..9999.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise DataError(f"expected a duration such as 4, 8. or 8*2/3, received {text!r}")
    base, dots, factors = match.groups()
    if base not in _PLAIN:
        raise DataError(
            f"expected a duration of {', '.join(_PLAIN)}, received {base[:8]};"
            " a triplet is written as in 'c8*2/3'"
        )
    if len(dots) > _MOST_DOTS:
        raise DataError(f"expected at most {_MOST_DOTS} dots, received {len(dots)}")
    length = _PLAIN[base] * (2 - Fraction(1, 2 ** len(dots))) * _product(factors)
    _split(length)
    return length


def spell_duration(length: Fraction) -> str:
    """The one spelling of a length in whole notes."""
    if length in _DOTTED:
        return _DOTTED[length]
    base, factor = _split(length)
    return f"{base}*{factor}"


def _product(factors: str) -> Fraction:
    """What multipliers such as `*2/3*4/5` come to."""
    product = Fraction(1)
    for factor in factors.split("*")[1:]:
        numbers = [int(number) if len(number) <= 4 else 0 for number in factor.split("/")]
        product *= Fraction(*numbers) if all(numbers) else _refused()
        _within_bounds(product)
    return product


def _split(length: Fraction) -> tuple[str, Fraction]:
    """The plain note that a length is written with, and the factor that it is multiplied by."""
    base = next((base for base in reversed(_PLAIN) if _PLAIN[base] >= length), "1")
    return base, _within_bounds(length / _PLAIN[base])


def _within_bounds(factor: Fraction) -> Fraction:
    return factor if max(factor.numerator, factor.denominator) <= _LARGEST_FACTOR else _refused()


def _refused() -> Fraction:
    raise DataError(
        f"expected a multiplier with numbers from 1 to {_LARGEST_FACTOR} in lowest terms, as in '*2/3'"
    )
