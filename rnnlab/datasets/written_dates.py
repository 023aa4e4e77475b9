"""The exercise `dates`: a written date of four centuries, and the same date as year-month-day (ISO 8601).

The days are those of the Gregorian calendar, also before a country used it. Every text has one right answer:

- `03/04/1776` and `3/4/1776` are ambiguous. Here the month stands before a slash, as in the United States:
  March 4. The day stands before a full stop, as in much of Europe: `3.4.1776` is April 3.
- Years always have four digits, so the century is written.
- The day of the week is always that of the date.
"""

from datetime import date
from typing import Any

import numpy as np

from rnnlab.datasets.examples import END, UNKNOWN, TaskVocabularies, TokenSet
from rnnlab.datasets.exercises import Drawn, Exercise, Lengths

FIRST_DAY, LAST_DAY = date(1600, 1, 1), date(1999, 12, 31)

FORMATS = (
    "{day} {month} {year}",  # 4 July 1776
    "{month} {day}, {year}",  # July 4, 1776
    "{day} {short} {year}",  # 4 Jul 1776
    "{short} {day}, {year}",  # Jul 4, 1776
    "the {ordinal} of {month} {year}",  # the 4th of July 1776
    "{month} {ordinal}, {year}",  # July 4th, 1776
    "the {word} of {month}, {year}",  # the fourth of July, 1776
    "{weekday}, {day} {month} {year}",  # Thursday, 4 July 1776
    "{weekday}, {month} {day}, {year}",  # Thursday, July 4, 1776
    "{brief} {day} {short} {year}",  # Thu 4 Jul 1776
    "{two}.{month_two}.{year}",  # 04.07.1776
    "{day}.{number}.{year}",  # 4.7.1776
    "{month_two}/{two}/{year}",  # 07/04/1776
    "{number}/{day}/{year}",  # 7/4/1776
    "{day} {roman} {year}",  # 4 VII 1776
    "{two}-{capitals}-{year}",  # 04-JUL-1776
    "{year} {month} {day}",  # 1776 July 4
    "{year}{month_two}{two}",  # 17760704
)
"""The forms in which a date is written, each with July 4, 1776 as an example."""

_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
_ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()
_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third"
    " twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth"
    " thirty-first"
).split()
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}

_FIELDS_OF_DAY: list[dict[str, Any]] = [
    {"day": day, "two": f"{day:02}", "ordinal": f"{day}{_ENDINGS.get(day, 'th')}", "word": word}
    for day, word in enumerate(_WORDS, start=1)
]
_FIELDS_OF_MONTH: list[dict[str, Any]] = [
    {
        "number": number,
        "month_two": f"{number:02}",
        "month": month,
        "short": month[:3],
        "capitals": month[:3].upper(),
        "roman": roman,
    }
    for number, (month, roman) in enumerate(zip(_MONTHS, _ROMAN, strict=True), start=1)
]
_FIELDS_OF_WEEKDAY: list[dict[str, Any]] = [{"weekday": name, "brief": name[:3]} for name in _WEEKDAYS]

_ISO = "0123456789-"


def written_date(day: date, form: int) -> str:
    """Return a date in one of the `FORMATS`."""
    return FORMATS[form].format(
        year=day.year,
        **_FIELDS_OF_DAY[day.day - 1],
        **_FIELDS_OF_MONTH[day.month - 1],
        **_FIELDS_OF_WEEKDAY[day.weekday()],
    )


def _longest_text() -> int:
    """Return the number of characters of the longest date: each field has its longest value."""
    fields: dict[str, Any] = {"year": "1999"}
    for table in (_FIELDS_OF_DAY, _FIELDS_OF_MONTH, _FIELDS_OF_WEEKDAY):
        for name in table[0]:
            fields[name] = max((str(each[name]) for each in table), key=len)
    return max(len(form.format(**fields)) for form in FORMATS)


def _characters() -> tuple[str, ...]:
    """Return all characters of written dates, sorted."""
    fields = [*_FIELDS_OF_DAY, *_FIELDS_OF_MONTH, *_FIELDS_OF_WEEKDAY]
    texts = [str(value) for each in fields for value in each.values()]
    literal = "".join(FORMATS)
    for name in ("year", *(name for each in fields for name in each)):
        literal = literal.replace(f"{{{name}}}", "")
    return tuple(sorted({*"".join(texts), *literal, *"0123456789"}))


class Dates(Exercise):
    """Written dates of four centuries.

    The key of an example is its text: training may have a day that is held out, but written otherwise. A date
    has its own length, so no lengths can be chosen.
    """

    has_lengths = False
    vocabularies = TaskVocabularies(
        TokenSet((UNKNOWN, *_characters()), "character"),
        TokenSet((END, UNKNOWN, *sorted(_ISO)), "character"),
    )

    @property
    def largest(self) -> tuple[int, int]:
        """Most characters of a written date, and the 10 of year-month-day."""
        return _longest_text(), len(FIRST_DAY.isoformat())

    def family(self, key: bytes) -> tuple[Any, int]:
        """Return the one family of all dates, and the number of days: each has more texts than one."""
        return "dates", LAST_DAY.toordinal() - FIRST_DAY.toordinal() + 1

    def _drawn(self, lengths: Lengths, rng: np.random.Generator) -> Drawn:
        count = len(lengths)
        days = rng.integers(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1, count).tolist()
        forms = rng.integers(0, len(FORMATS), count).tolist()
        dates = [date.fromordinal(day) for day in days]
        texts = [written_date(day, form) for day, form in zip(dates, forms, strict=True)]
        answers = "".join(day.isoformat() for day in dates)
        return Drawn(
            _codes(texts, self.vocabularies.inputs),
            np.fromiter(map(len, texts), np.int64, count),
            _codes([answers], self.vocabularies.targets),
            np.full(count, len(FIRST_DAY.isoformat())),
        )


def _codes(texts: list[str], tokens: TokenSet) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the token ids of texts in ASCII, one after another."""
    table = np.zeros(128, np.uint8)
    for character in tokens.tokens:
        if len(character) == 1:
            table[ord(character)] = tokens.ids[character]
    return table[np.frombuffer("".join(texts).encode("ascii"), np.uint8)]
