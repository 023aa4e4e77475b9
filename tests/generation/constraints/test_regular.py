"""Regular expressions as automata, against Python's `re.fullmatch`."""

import random
import re

import pytest

from rnnlab.errors import UsageError
from rnnlab.generation.constraints import regular
from rnnlab.generation.constraints.lookahead import Table
from rnnlab.generation.constraints.regular import Matches
from tests.generation.tiny_models import every_sequence

LETTERS = "abc"
TEXTS = [("".join(LETTERS[token] for token in ids), ids) for ids in every_sequence(3, 0, 6)]


def matched(match: Matches) -> set[str]:
    """All texts of up to 6 characters that the automaton accepts."""
    found = set()
    for text, ids in TEXTS:
        state = match.start
        for token in ids:
            state = None if state is None else match.after(state, int(match.classes[token]))
        if state is not None and match.accepts(state):
            found.add(text)
    return found


def drawn_pattern(rng: random.Random, depth: int = 3) -> str:
    """A regular expression over a, b and c."""
    if depth == 0:
        return rng.choice(["a", "b", "c", ".", "[ab]", "[^a]"])
    parts = [drawn_pattern(rng, depth - 1) for _ in range(rng.randint(1, 3))]
    kind = rng.randint(0, 3)
    if kind == 0:
        return "(" + "|".join(parts) + ")"
    if kind == 1:
        return f"(?:{parts[0]})" + rng.choice(["*", "+", "?", "{2}", "{1,3}", "*?", "+?", "??"])
    return "".join(parts)


def test_drawn_expressions_match_what_python_matches() -> None:
    """100 expressions with choices, repetitions and classes; all texts of up to 6 of three characters."""
    rng = random.Random(0)
    for _ in range(100):
        pattern = drawn_pattern(rng)
        wanted = {text for text, _ in TEXTS if re.fullmatch(pattern, text)}
        assert matched(Matches(pattern, LETTERS)) == wanted, pattern


@pytest.mark.parametrize("pattern", "(ab){1,3} a|ab a*? (ab|c)*a? ab(ab)? a(bc)* ()|ab".split())
def test_a_longer_match_is_found_after_a_shorter_one(pattern: str) -> None:
    """A text that matches may be the beginning of another one: `ab` and `abab`."""
    wanted = {text for text, _ in TEXTS if re.fullmatch(pattern, text)}

    assert matched(Matches(pattern, LETTERS)) == wanted


def test_a_token_that_is_no_character_never_occurs() -> None:
    """The boundary token is given as None; `.` does not match it."""
    match = Matches(".*", ["a", None, "b"])

    assert match.after(match.start, int(match.classes[0])) is not None
    assert match.after(match.start, int(match.classes[1])) is None


def test_characters_of_several_bytes_are_one_token() -> None:
    """The library works on bytes; a token is a character."""
    match = Matches("[가-힣]+é", ["가", "나", "é"])
    table = Table.of(match, match.start)

    assert (table.shortest, table.longest) == (2, None)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("a)(b", "match: 'a)(b' is no regular expression that an automaton can follow; look-around and"),
        ("a(", "parentheses must be closed"),
        ("(?=a)b", "look-around and back-references are not supported"),
        (r"(a)\1", "look-around and back-references are not supported"),
        ("^ab$", "match: '^ab$': leave ^ and $ out, since the whole text is matched"),
        (r"\bab", r"\b is not supported; write the characters around the word"),
        ("axb", "match: no text in the model's characters matches 'axb' (they lack 'x'); use characters"),
    ],
)
def test_an_expression_that_no_automaton_follows_is_refused(pattern: str, problem: str) -> None:
    """With what is wrong and the remedy."""
    with pytest.raises(UsageError, match=re.escape(problem)):
        Matches(pattern, LETTERS)


def test_an_expression_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size can grow exponentially."""
    monkeypatch.setattr(regular, "SECONDS", 0.0)

    with pytest.raises(UsageError, match=r"too large an automaton; use fewer counted repetitions"):
        Matches(".*a.{9}", LETTERS)
