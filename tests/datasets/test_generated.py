"""Generated examples: right answers, and nothing that is held out is trained on."""

import re
from contextlib import suppress
from datetime import date, datetime

import numpy as np
import pytest

from rnnlab.config.task_data import GENERATED_TASKS, GeneratedDataset
from rnnlab.datasets.examples import END, UNKNOWN
from rnnlab.datasets.generated import EXERCISES, Generator
from rnnlab.datasets.written_dates import FIRST_DAY, FORMATS, LAST_DAY, written_date
from rnnlab.errors import ConfigError

NAMES = [*GENERATED_TASKS]
WITH_LENGTHS = [name for name in NAMES if name != "dates"]


def generator(name, **settings):
    """A generator of few examples."""
    few = {"examples": 500, "held_out": 100}
    return Generator(GeneratedDataset.model_validate({"kind": "generated", "name": name, **few, **settings}))


def closers(text):
    """The bracket that must close next after each character, by removing closed pairs again and again."""
    found = []
    for end in range(1, len(text) + 1):
        rest = text[:end]
        while (shorter := rest.replace("()", "").replace("[]", "")) != rest:
            rest = shorter
        assert not {*rest} & {*")]"}, "a bracket closes that is not open"
        found.append({"(": ")", "[": "]"}[rest[-1]] if rest else "-")
    return " ".join(found)


def sum_of_marked(text):
    """The sum of the marked digits; there are two, one in each half."""
    words = text.split()
    places = [place for place, word in enumerate(words) if word.endswith("*")]
    assert len(places) == 2
    assert places[0] < len(words) // 2 <= places[1]
    return str(sum(int(words[place][0]) for place in places))


PATTERNS = (
    "%d %B %Y|%B %d, %Y|%d %b %Y|%b %d, %Y|the %d of %B %Y|the %d of %B, %Y|%A, %d %B %Y|%A, %B %d, %Y|"
    "%a %d %b %Y|%d.%m.%Y|%m/%d/%Y|%d-%b-%Y|%Y %B %d|%Y%m%d"
).split("|")
ROMAN = dict(zip("I II III IV V VI VII VIII IX X XI XII".split(), range(1, 13), strict=True))
TENTHS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
TEENS = (
    "eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
ORDINALS = [*TENTHS, *TEENS, *(f"twenty-{word}" for word in TENTHS[:9]), "thirtieth", "thirty-first"]


def read_date(text):
    """The day of a written date, read by the standard library, after words were replaced by numbers."""
    plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", text)
    if found := re.fullmatch(r"(the) (\S+) (of .*)", plain):
        word = found[2]
        plain = f"the {ORDINALS.index(word) + 1 if word in ORDINALS else word} {found[3]}"
    if found := re.fullmatch(r"(\d+) ([IVX]+) (\d+)", plain):
        plain = f"{found[1]}.{ROMAN[found[2]]}.{found[3]}"
    days = set()
    for pattern in PATTERNS:
        with suppress(ValueError):
            days.add(datetime.strptime(plain, pattern).date())
    assert len(days) == 1, text
    day = days.pop()
    named = re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)", text)
    assert not named or named[0] == day.strftime("%a")
    return day.isoformat()


ANSWERS = {
    "parity": lambda text: "odd" if int(text, 2).bit_count() % 2 else "even",
    "adding": sum_of_marked,
    "brackets": closers,
    "copy": str,
    "addition": lambda text: str(sum(map(int, text.split("+")))),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answers_are_right(name):
    """By a formula of its own, in training, when held out, and at longer lengths."""
    made = generator(name, longest=12)

    for examples in (made.training(0), made.held_out("validation"), made.held_out("test", 30)):
        for given, answer in examples.texts:
            assert answer == ANSWERS[name](given)


def test_written_dates_are_read_back():
    """By the standard library; at least twelve formats, of days of four centuries."""
    made = generator("dates", examples=4000)

    examples = made.training(0)

    assert len(FORMATS) >= 12
    assert all(read_date(given) == answer for given, answer in examples.texts)
    assert {answer[:2] for _, answer in examples.texts} == {"16", "17", "18", "19"}


def test_every_format_is_as_its_comment_says():
    """July 4, 1776 was a Thursday."""
    written = [written_date(date(1776, 7, 4), form) for form in range(len(FORMATS))]

    assert len({*written}) == len(FORMATS)
    assert written[7] == "Thursday, 4 July 1776"
    assert written[6] == "the fourth of July, 1776"
    assert {read_date(text) for text in written} == {"1776-07-04"}


def test_no_text_of_a_date_has_two_answers():
    """A slash stands after the month, a full stop after the day: also where both could be a month."""
    answers: dict[str, str] = {}
    rng = np.random.default_rng(0)

    for ordinal in rng.integers(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1, 3000).tolist():
        day = date.fromordinal(ordinal)
        for form in range(len(FORMATS)):
            assert answers.setdefault(written_date(day, form), day.isoformat()) == day.isoformat()
    assert written_date(date(1776, 4, 3), 13) == "4/3/1776"
    assert written_date(date(1776, 4, 3), 11) == "3.4.1776"


@pytest.mark.parametrize("name", NAMES)
def test_no_training_example_is_held_out(name):
    """In any epoch; validation and test have no example in common, and none twice."""
    settings = {} if name == "dates" else {"longest": 10, "test_lengths": [10]}
    made = generator(name, held_out=20, examples=2000, **settings)
    parts = [made.held_out("validation"), made.held_out("test")]
    parts += [] if name == "dates" else [made.held_out("test", 10)]

    held_out = [given for part in parts for given, _ in part.texts]
    trained = {given for epoch in range(5) for given, _ in made.training(epoch).texts}

    assert len(held_out) == len({*held_out}) >= 40
    assert not trained & {*held_out}


def test_training_sees_nearly_all_of_few_examples():
    """Of the strings of three bits none is held out, and of those of six bits at most a tenth."""
    made = generator("parity", longest=6, held_out=5, examples=20_000)

    trained = {given for given, _ in made.training(0).texts}
    held_out = [given for part in ("validation", "test") for given, _ in made.held_out(part).texts]

    assert {given for given in trained if len(given) == 3} == {f"{bits:03b}" for bits in range(8)}
    assert not any(len(given) < 4 for given in held_out)
    assert sum(len(given) == 6 for given in held_out) <= 6
    assert len(trained) == 2 + 4 + 8 + 16 + 32 + 64 - len(held_out)


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"name": "dates", "held_out": 100_000}, r"examples can be held out .*; set it to [\d,]+ or less"),
        (
            {"name": "parity", "longest": 6, "held_out": 50},
            r"examples of a length can be held out .*; set it to \d or less, or set a larger dataset.longest",
        ),
    ],
)
def test_too_many_held_out_examples_are_refused_with_a_remedy_that_helps(settings, remedy):
    """A date has no length that could be set."""
    with pytest.raises(ConfigError, match=remedy + "$"):
        generator(**settings).held_out("test")


def test_the_sum_of_held_out_numbers_is_not_trained_in_the_other_order():
    """`57+968` and `968+57` have one answer."""
    made = generator("addition", longest=2, held_out=200, examples=20_000)

    trained = {given for given, _ in made.training(0).texts}
    turned = {"+".join(reversed(given.split("+"))) for given, _ in made.held_out("test").texts}

    assert not trained & turned


@pytest.mark.parametrize("name", NAMES)
def test_an_epoch_is_drawn_by_its_seed_and_its_number(name):
    """Equal for equal seeds; each epoch is new, unless `fresh` is false."""
    made, again, other = generator(name), generator(name), generator(name, random_seed=1)
    same = generator(name, fresh=False)

    assert made.training(3).texts[:] == again.training(3).texts[:]
    assert made.training(3).sha256 == again.training(3).sha256 != made.training(4).sha256
    assert made.training(3).texts[:] != other.training(3).texts[:]
    assert made.held_out("test").texts[:] == again.held_out("test").texts[:]
    assert same.training(7).texts[:] == same.training(0).texts[:] == made.training(0).texts[:]


@pytest.mark.parametrize("name", NAMES)
def test_an_epoch_has_its_number_of_examples_within_the_largest(name):
    """Exactly `examples`; no input and no target is longer than `largest`, and some are as long."""
    settings = {} if name == "dates" else {"longest": 6}
    made = generator(name, examples=20_000, held_out=5, **settings)

    examples = made.training(0)

    assert len(examples) == 20_000
    most = (int(examples.inputs.lengths.max()), int(examples.targets.lengths.max()))
    assert most == made.largest


@pytest.mark.parametrize("name", WITH_LENGTHS)
def test_a_test_set_has_its_length(name):
    """Of addition, both numbers have so many digits."""
    made = generator(name, longest=11, shortest=3, test_lengths=[9, 20])

    for length in (9, 20, 12):
        inputs = [given for given, _ in made.held_out("test", length).texts]
        sizes = {len(given.split()) if name == "adding" else len(given) for given in inputs}
        assert sizes == {2 * length + 1 if name == "addition" else length}
        assert len({*inputs}) == len(inputs)
    assert {len(made.held_out("test", length)) for length in (20, 12)} == {100}


def test_training_lengths_are_all_used():
    """From the shortest to the longest; the two digits of `adding` need two tokens."""
    for name, shortest in (("parity", 1), ("copy", 1), ("adding", 2), ("brackets", 1)):
        made = generator(name, longest=11)
        assert {*made.training(0).inputs.lengths.tolist()} == {*range(shortest, 12)}


def test_a_length_with_few_examples_has_a_smaller_test_set():
    """There are four strings of two bits, all shorter than those to train on."""
    made = generator("parity", shortest=10, longest=12, held_out=10)

    assert sorted(given for given, _ in made.held_out("test", 2).texts) == ["00", "01", "10", "11"]


@pytest.mark.parametrize("name", NAMES)
def test_the_vocabularies_are_in_their_order(name):
    """Inputs begin with `UNKNOWN`, targets that are written with `END`; labels have neither."""
    made = generator(name)
    inputs, targets = made.vocabularies.inputs, made.vocabularies.targets

    assert inputs.tokens[0] == UNKNOWN
    if GENERATED_TASKS[name] == "pairs":
        assert targets.tokens[:2] == (END, UNKNOWN)
    else:
        assert targets.kind == "label"
        assert not {END, UNKNOWN} & {*targets.tokens}
    assert made.training(0).inputs.ids.min() >= 1


def test_the_parts_stand_one_after_another():
    """`examples` has the first epoch, then what is held out."""
    made = generator("copy")

    examples = made.examples()

    assert {part: len(numbers) for part, numbers in examples.parts.items()} == {
        "train": 500,
        "validation": 100,
        "test": 100,
    }
    assert np.concatenate([*examples.parts.values()]).tolist() == [*range(700)]
    assert examples.texts[500:600] == made.held_out("validation").texts[:]
    assert examples.texts[-1] == made.held_out("test").texts[99]


def test_too_few_different_examples_are_refused():
    """With the number that can be held out."""
    with pytest.raises(ConfigError) as caught:
        generator("parity", longest=5)

    assert str(caught.value) == (
        "dataset.held_out: expected at most 2, because a tenth of the different examples of a length can be"
        " held out for validation and test, received 100; set it to 2 or less, or set a larger"
        " dataset.longest"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"name": "adding", "longest": 1},
            "dataset.longest: expected 2 or more for this task, received 1",
        ),
        (
            {"name": "adding", "test_lengths": [1]},
            "dataset.test_lengths: expected 2 or more for adding, received 1",
        ),
        (
            {"name": "parity", "test_lengths": [3]},
            "dataset.test_lengths: length 3 is trained on, and has too few different examples to hold one"
            " out; leave it out, or set dataset.shortest to a larger length",
        ),
    ],
)
def test_a_length_that_the_task_does_not_have_is_refused(settings, message):
    """When the generator is made."""
    with pytest.raises(ConfigError) as caught:
        generator(**settings)

    assert str(caught.value) == message


def test_only_parts_and_lengths_that_are_held_out_can_be_read():
    """A length that is trained on must be one of `test_lengths`."""
    made = generator("copy")

    for part, length in (("train", None), ("validation", 30), ("test", 5)):
        with pytest.raises(ValueError, match="expected"):
            made.held_out(part, length)


def test_every_name_has_an_exercise():
    """Those that a configuration can name."""
    assert {*EXERCISES} == {*GENERATED_TASKS}


def test_addition_has_three_digits_by_default():
    """The other tasks have up to 20 tokens."""
    assert generator("addition").largest == (7, 4)
    assert generator("copy").largest == (20, 20)
