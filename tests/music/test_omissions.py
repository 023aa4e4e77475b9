"""Omissions: the counts and remarks of many tunes, as sentences."""

from dataclasses import replace

from rnnlab.music.omissions import Omissions, listed, omissions_of
from rnnlab.music.tune import parse_tune


def tune(name, *, shift=0.0, remarks=(), **left_out):
    """A tune with counts of what was left out."""
    kinds = {kind.replace("_", " "): count for kind, count in left_out.items()}
    return replace(parse_tune("c4", name=name), left_out=kinds, largest_shift=shift, remarks=tuple(remarks))


def test_the_counts_of_many_files_are_one_sentence():
    """Counts are added up by kind; a file without omissions counts as a file too."""
    found = omissions_of([
        tune("a.mid", notes_below_others=54_000, pitch_bends=11),
        tune("b.mid", notes_below_others=871, pitch_bends=1, shift=0.25),
        tune("c.mid", shift=0.125),
    ])  # fmt: skip

    assert found.left_out == {"notes below others": 54_871, "pitch bends": 12}
    assert found.sentences() == (
        "left out of 3 files: 54,871 notes below others, 12 pitch bends",
        "times are moved to the grid by up to 0.25 of a quarter note",
    )


def test_of_one_file_its_name_is_said():
    """If all tunes come from one file, the sentence names the file."""
    found = Omissions()
    found.add(tune("a.abc (X:1)", grace_notes=1), file="a.abc")
    found.add(tune("a.abc (X:2)", grace_notes=2), file="a.abc")

    assert found.sentences() == ("left out of a.abc: 3 grace notes",)


def test_nothing_is_said_where_nothing_is_left_out():
    """Tunes without omissions, and no tunes at all, give no sentence."""
    assert omissions_of([tune("a")]).sentences() == omissions_of([]).sentences() == ()


def test_a_remark_is_said_once_with_the_tunes_that_it_is_on():
    """At most three remarks are shown, with the number of the others."""
    voices = [tune(f"{name}.xml", remarks=["voice 1 of 2 is read (1, 2)"]) for name in "abc"]
    others = [tune(f"{number}.xml", remarks=[f"part 1 of {number} is read"]) for number in (2, 3, 4, 5)]

    assert omissions_of(voices).remarks() == ("a.xml (and 2 more): voice 1 of 2 is read (1, 2)",)
    assert omissions_of([*voices, *others]).remarks()[1:] == (
        "2.xml: part 1 of 2 is read",
        "3.xml: part 1 of 3 is read",
        "2 more remarks of this kind on 2 tunes",
    )


def test_one_of_a_kind_is_no_plural():
    """The noun before the preposition becomes singular."""
    kinds = ("notes below others", "pitch bends", "later tempi", "tempi outside 4 to 999", "grace notes")

    assert listed(dict.fromkeys(kinds, 1)) == [
        "1 note below others",
        "1 pitch bend",
        "1 later tempo",
        "1 tempo outside 4 to 999",
        "1 grace note",
    ]
    assert listed({"pitch bends": 1200}) == ["1,200 pitch bends"]
