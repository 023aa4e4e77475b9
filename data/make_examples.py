"""Write the examples that ship: names of invented languages, tagged sentences, and words with their sounds.

    python data/make_examples.py [FOLDER]

| file            | task                  | rows                                                   |
|-----------------|-----------------------|--------------------------------------------------------|
| `names.tsv`     | `label`, `from_label` | 3,000 names of six invented languages                  |
| `sentences.tsv` | `tags`                | 1,500 sentences, each token with its part of speech    |
| `phones.tsv`    | `pairs`               | 4,000 invented words with their sounds, spelt by rules |

The licences of real data of these kinds often do not allow that a project ships them. So this script draws
examples. It needs only Python, and writes the same bytes on every machine: of the random generator it uses
`random()` alone, which gives the same numbers in every version of Python.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

FOLDER = Path(__file__).parent


class Language(NamedTuple):
    """The sounds of an invented language, each list in letters.

    Attributes:
        size: number of its names.
        onsets: what a syllable begins with.
        vowels: what stands in its middle.
        codas: what it ends with.
        endings: what a name ends with.
        syllables: smallest and largest number of syllables before the ending.
    """

    size: int
    onsets: Sequence[str]
    vowels: Sequence[str]
    codas: Sequence[str]
    endings: Sequence[str]
    syllables: tuple[int, int]


LANGUAGES = {
    "Avarin": Language(
        1100,
        "l r v n m th s f el ar".split(),
        "a e i ia ae".split(),
        ["", "", "", "n", "l", "r"],
        "iel ara eth ion is wen".split(),
        (1, 2),
    ),
    "Brokk": Language(
        800,
        "b g kr dr t h br gr st k".split(),
        "o u a e".split(),
        "k rk ld nd g m rn".split(),
        ["", "", "son", "gar", "ulf", "und"],
        (1, 2),
    ),
    "Kimana": Language(
        500,
        "k m n t s h y r sh w".split(),
        "a i u o e".split(),
        ["", "", "", "", "n"],
        "moto ko ra shi mi ta".split(),
        (1, 3),
    ),
    "Ostrava": Language(
        350,
        "z v k p sl m d j st b".split(),
        "o a e i u".split(),
        "v sk l n r k".split(),
        "ov ova ek ka in ich".split(),
        (1, 2),
    ),
    "Quillen": Language(
        170,
        "qu t c p ll ch h xo m".split(),
        "a i u o ay".split(),
        ["", "", "tl", "c", "n", "z"],
        "atl in co huac ita".split(),
        (1, 3),
    ),
    "Seldish": Language(
        80,
        "s w h b l ash wh ken th".split(),
        "e i a ea oo".split(),
        "l d t ll ck r".split(),
        "ton ley ford well by er".split(),
        (1, 1),
    ),
}

BORROWED = 0.04
"""Fraction of the names of a language that are made as in another language: no one can label all names."""


def names(rng: Random) -> Iterator[str]:
    """Yield rows `language TAB name`, no row twice."""
    for label, language in LANGUAGES.items():
        others = [each for name, each in LANGUAGES.items() if name != label]
        seen: set[str] = set()
        while len(seen) < language.size:
            spoken = _one_of(others, rng) if rng.random() < BORROWED else language
            name = _name(spoken, rng)
            if name not in seen:
                seen.add(name)
                yield f"{label}\t{name}"


def _name(language: Language, rng: Random) -> str:
    least, most = language.syllables
    count = least + int(rng.random() * (most - least + 1))
    parts = (_one_of(each, rng) for _ in range(count) for each in language[1:4])
    return ("".join(parts) + _one_of(language.endings, rng)).capitalize()


DETERMINERS = "the a every this that no my your".split()
PRONOUNS = "she he they we it everyone nobody".split()
PREPOSITIONS = "in on under near behind with for after".split()
CONJUNCTIONS = "and but or".split()
AUXILIARIES = "will can must should may".split()
ADVERBS = "soon often here now never again".split()
NOUNS = "boat harbour gull sailor rope tide lamp stone child letter bread garden river house".split()
VERBS = "sees finds carries follows hears opens holds leaves brings knows needs".split()
ADJECTIVES = "old small grey quiet heavy new bright empty cold".split()
TWO_TAGS = "light watch play walk fish paint dream water hand open cross record dry clean cool calm".split()
"""Words that are nouns and verbs; the last ones are also adjectives. Only the sentence tells which."""

NOUN_VERBS, VERB_ADJECTIVES = TWO_TAGS[:12], TWO_TAGS[9:]

STEMS = "blar cond drem flen gost harn jorm kelt lorn merv nost parn quell rint sorm telv vund yost".split()
SUFFIXES = {"NOUN": "ness ment ity".split(), "VERB": "izes ates ifies".split(), "ADJ": "ous ful ish".split()}
RARE = 0.16
"""Fraction of the nouns, verbs and adjectives that are invented: their ending tells the part of speech."""


def sentences(rng: Random) -> Iterator[str]:
    """Yield rows `token TAB tag`, with an empty row between two sentences, no sentence twice."""
    seen: set[str] = set()
    while len(seen) < 1500:
        rows = [f"{word}\t{tag}" for word, tag in _sentence(rng)]
        if (sentence := "\n".join(rows)) not in seen:
            if seen:
                yield ""
            seen.add(sentence)
            yield from rows


Tagged = tuple[str, str]


def _sentence(rng: Random) -> Iterator[Tagged]:
    yield from _clause(rng)
    if rng.random() < 0.25:
        yield _one_of(CONJUNCTIONS, rng), "CCONJ"
        yield from _clause(rng)
    yield ("?" if rng.random() < 0.1 else "."), "PUNCT"


def _clause(rng: Random) -> Iterator[Tagged]:
    yield from _noun_phrase(rng)
    if rng.random() < 0.4:
        yield _one_of(AUXILIARIES, rng), "AUX"
        yield _one_of(TWO_TAGS, rng), "VERB"
    else:
        yield _word("VERB", VERBS, NOUN_VERBS, rng)
    if rng.random() < 0.7:
        yield from _noun_phrase(rng)
    if rng.random() < 0.3:
        yield from _preposition_phrase(rng)
    if rng.random() < 0.3:
        yield _one_of(ADVERBS, rng), "ADV"


def _noun_phrase(rng: Random) -> Iterator[Tagged]:
    if rng.random() < 0.3:
        yield _one_of(PRONOUNS, rng), "PRON"
        return
    yield _one_of(DETERMINERS, rng), "DET"
    if rng.random() < 0.4:
        yield _word("ADJ", ADJECTIVES, VERB_ADJECTIVES, rng)
    yield _word("NOUN", NOUNS, NOUN_VERBS, rng)
    if rng.random() < 0.15:
        yield from _preposition_phrase(rng)


def _preposition_phrase(rng: Random) -> Iterator[Tagged]:
    yield _one_of(PREPOSITIONS, rng), "ADP"
    yield from _noun_phrase(rng)


def _word(tag: str, plain: Sequence[str], ambiguous: Sequence[str], rng: Random) -> Tagged:
    """Return a word with its tag: an invented one, one that has two tags elsewhere, or a plain one."""
    kind = rng.random()
    if kind < RARE:
        stem = _one_of(STEMS, rng) + _one_of(["", "a", "i", "en", "ol"], rng)
        return stem + _one_of(SUFFIXES[tag], rng), tag
    return _one_of(ambiguous if kind < 0.5 else plain, rng), tag


ONSETS = "b c ch d f g h j k l m n p ph qu r s sh t th v w br cl dr fl gr pl st tr".split()
SHORT_NUCLEI, DIGRAPHS = "a e i o u".split(), "ee oo ai oa ou ea".split()
CODAS = "b ck d ff g l ll m n ng p r sh ss t th x nd st lt".split()

VOWEL_DIGRAPHS = {"ee": "IY", "ea": "IY", "oo": "UW", "ai": "EY", "oa": "OW", "ou": "AW"}
CONSONANT_DIGRAPHS = {
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "ng": "NG", "ck": "K", "qu": "K W",
    "ff": "F", "ll": "L", "ss": "S",
}  # fmt: skip
SHORT = {"a": "AE", "e": "EH", "i": "IH", "o": "AA", "u": "AH"}
LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
CONSONANTS = {
    "b": "B", "d": "D", "f": "F", "h": "HH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P",
    "r": "R", "t": "T", "v": "V", "w": "W", "x": "K S", "z": "Z",
}  # fmt: skip


def phones(rng: Random) -> Iterator[str]:
    """Yield rows `word TAB sounds`, no word twice; the sounds are written as in the CMU dictionary."""
    seen: set[str] = set()
    while len(seen) < 4000:
        word = _spelt(rng)
        if word not in seen:
            seen.add(word)
            yield f"{word}\t{' '.join(sounds(word))}"


def _spelt(rng: Random) -> str:
    """Return a word of one to three syllables; three of ten words end in a silent e."""
    word = ""
    for _ in range(int(rng.random() * 3)):
        word += _one_of(ONSETS, rng) + _one_of(SHORT_NUCLEI if rng.random() < 0.7 else DIGRAPHS, rng)
    word += _one_of(ONSETS, rng)
    ending = rng.random()
    if ending < 0.3:
        return word + _one_of(SHORT_NUCLEI, rng) + _one_of("b d k l m n p t v c g".split(), rng) + "e"
    if ending < 0.4:
        return word + "y"
    return word + _one_of(SHORT_NUCLEI if ending < 0.8 else DIGRAPHS, rng) + _one_of(CODAS, rng)


def sounds(word: str) -> Iterator[str]:
    """Yield the sounds of a word by these rules, read from the left:

    - Two letters with a sound of their own (`ch`, `ee`) are read together; a double consonant is one sound.
    - A vowel is long before one consonant and a final e, which is silent: `made`, but `mad`.
    - c is S before e, i and y, else K; g is JH there, else G; s between two vowels is Z.
    - y is IY at the end.
    """
    place = 0
    silent = len(word) > 3 and word[-1] == "e" and word[-2] not in SHORT and word[-3] in SHORT
    spoken = word[:-1] if silent else word
    while place < len(spoken):
        letter, two, after = spoken[place], spoken[place : place + 2], word[place + 1 : place + 2]
        if two in VOWEL_DIGRAPHS or two in CONSONANT_DIGRAPHS:
            yield from (VOWEL_DIGRAPHS.get(two) or CONSONANT_DIGRAPHS[two]).split()
            place += 2
            continue
        if letter in SHORT:
            is_long = silent and place == len(spoken) - 2 and spoken[place - 1] not in SHORT
            yield (LONG if is_long else SHORT)[letter]
        elif letter == "c":
            yield "S" if after and after in "eiy" else "K"
        elif letter == "g":
            yield "JH" if after and after in "eiy" else "G"
        elif letter == "s":
            between = place and word[place - 1] in SHORT and after and after in SHORT
            yield "Z" if between else "S"
        elif letter == "y":
            yield "IY"
        else:
            yield from CONSONANTS[letter].split()
        place += 1


def _one_of(items: Sequence[Item], rng: Random) -> Item:
    return items[int(rng.random() * len(items))]


FILES = {"names.tsv": names, "sentences.tsv": sentences, "phones.tsv": phones}


def main(folder: Path = FOLDER) -> None:
    """Write every file into a folder."""
    for name, rows in FILES.items():
        text = "".join(f"{row}\n" for row in rows(Random(name)))
        (folder / name).write_bytes(text.encode())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
