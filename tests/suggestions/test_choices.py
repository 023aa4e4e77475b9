"""Text as YAML on one line."""

import pytest

from rnnlab.config.yaml_tree import read_tree
from rnnlab.errors import DataError
from rnnlab.suggestions.choices import quoted


@pytest.mark.parametrize(
    "text",
    [
        *("my.txt", "../data/a b.txt", "나비야.txt", "🦋", "no", "null", "true", "1e3", ".5", ".inf", "0x1F"),
        *("", 'say "hi"', "back\\slash", "# no comment", "a: b", "a #b", "- a", "{a}", "tab\there"),
        *("line\nbreak", "carriage\rreturn"),
        *(" space ", "\x07bell", "\x85\u2028\ufeff", "a,b", "*", "&a", "!a", "%a", "@a", "`a"),
    ],
)
def test_a_text_is_read_back_as_it_is(text):
    """Also where YAML would take it for something else, and within braces."""
    for page in (f"key: {quoted(text)}  # a comment", f"{{key: {quoted(text)}, other: 1}}"):
        tree = read_tree(page, lambda line, column: (line, column))

        assert tree.problems == []
        assert tree.value["key"] == text


def test_what_is_safe_stays_plain():
    """A page is for people."""
    assert [quoted(text) for text in ("my.txt", "../a_b-c.txt")] == ["my.txt", "../a_b-c.txt"]


def test_half_a_character_is_refused():
    """The name of a file that is not UTF-8."""
    with pytest.raises(DataError, match="the name is not UTF-8"):
        quoted("a\udcff")
