"""The section `generation`: how the network generates text or notes, and what they must be."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.music import meter_name
from rnnlab.config.report import shown
from rnnlab.config.section import STRINGS, Length, RandomSeed, SampleCount, Section, Temperature, one_or_many

MOST_PARTICLES = 65_536
MOST_BARS = 10_000
MOST_BEAM = 4_096

_LENGTHS = re.compile(r"([0-9]{1,8})\s*\.\.\s*([0-9]{1,8})")

Text = Annotated[str, Field(min_length=1)]

Texts = Annotated[
    tuple[Text, ...], Field(max_length=100), BeforeValidator(one_or_many), WithJsonSchema(STRINGS)
]


def lengths_of(text: str) -> tuple[int, int]:
    """Return the least and the greatest length that a text such as `10..20` spells.

    Raises:
        ValueError: the text is no range, or the range runs downwards.
    """
    found = _LENGTHS.fullmatch(text.strip())
    if not found or int(found[1]) > int(found[2]) or int(found[2]) < 1:
        raise ValueError(f"expected two numbers of tokens such as 10..20, received {text!r}")
    return int(found[1]), int(found[2])


def _lengths(value: Any) -> Any:
    """Return the canonical spelling of a range of lengths."""
    try:
        least, most = lengths_of(value if isinstance(value, str) else shown(value))
    except ValueError as error:
        raise PydanticCustomError("lengths", "{problem}", {"problem": str(error)}) from None
    return f"{least}..{most}"


Lengths = Annotated[str, BeforeValidator(_lengths)]
"""The least and the greatest number of tokens after the seed, such as `10..20`."""


class Constraints(Section):
    """What generated text or notes must be; the whole text counts, the seed with what follows it.

    See docs/steering.md.
    """

    template: Text | None = Field(
        None,
        description="The text, with gaps: `_` for one token and `_*` for any number of tokens. In text, `\\_`"
        " stands for the character itself.",
    )
    must: Texts = Field((), description="Texts or notes that must occur, each somewhere.")
    avoid: Texts = Field((), description="Texts or notes that must not occur.")
    end_on: Text | None = Field(None, description="The last token.")
    match: Text | None = Field(
        None,
        description="A regular expression that the whole text matches; for text. `.` is any character but a"
        " line break.",
    )
    length: Lengths | None = Field(
        None,
        description="The least and the greatest number of tokens after the seed, such as 10..20; it takes the"
        " place of `generation.length`.",
    )
    key: Text | None = Field(
        None,
        description="The key of all notes, such as c, a:minor or d:dorian. Minor allows both forms of the"
        " sixth and the seventh degree.",
    )
    range: Text | None = Field(
        None, description="The lowest and the highest pitch, such as c..c'' (LilyPond's octave marks)."
    )
    bars: Annotated[int, Field(ge=1, le=MOST_BARS)] | None = Field(
        None, description="Number of bars; no note sounds over a bar line, but a tie may lead over it."
    )
    meter: Annotated[str, BeforeValidator(meter_name)] | None = Field(
        None, description="Metre of `bars`; left out, `dataset.reading.meter`, or 4/4."
    )
    rhythm: Text | None = Field(
        None, description="The lengths of all notes, such as `8 8 4 | r4 4.`; r is a rest."
    )
    rhythm_of: Text | None = Field(None, description="A file of music, whose rhythm the notes have.")
    pitches: Text | None = Field(
        None, description="The pitches of all notes, as notes of any length: `g4 e4 <c e>4 r4`."
    )
    pitches_of: Text | None = Field(None, description="A file of music, whose pitches the notes have.")
    vary: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Share of the tokens of `original`, or of the file `of`, that are drawn anew; the others"
        " are kept.",
    )
    original: Text | None = Field(None, description="The text or the notes that `vary` varies.")
    of: Text | None = Field(None, description="A file with the text or the notes that `vary` varies.")
    max_copy: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Most tokens in a row that may stand so in the training data."
    )
    max_copy_intervals: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="The same for notes in any key: most intervals and lengths in a row."
    )

    @property
    def name_files(self) -> bool:
        """Whether a constraint is read from a file."""
        return any(each is not None for each in (self.rhythm_of, self.pitches_of, self.of))

    @property
    def are_set(self) -> bool:
        """Whether there is any constraint."""
        return self != Constraints()

    @property
    def are_rules(self) -> bool:
        """Whether there is none but `max_copy` and `max_copy_intervals`, and one of these."""
        others = self.model_copy(update={"max_copy": None, "max_copy_intervals": None})
        return self.are_set and not others.are_set


class Dry(Section):
    """Control of repetition: DRY, the penalty of p-e-w (2024); see `rnnlab.generation.repetition`.

    A token that would prolong a repetition of n tokens, at least `allowed_length`, has its logit lowered by
    multiplier · base^(n − allowed_length).
    """

    multiplier: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.8, description="Strength; 0 switches DRY off."
    )
    base: Annotated[float, Field(ge=1, le=100)] | None = Field(
        None, description="Growth with each further token; left out, 1.15 for text and 1.1 for notes."
    )
    allowed_length: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None,
        description="Number of tokens in a row that may be repeated freely; left out, 12 for text and 48 for"
        " notes.",
    )


class Generation(Section):
    """How the network generates text or notes."""

    seed: Annotated[str, Field(min_length=1)] | None = Field(None, description="Text or notes to start from.")
    length: Length = Field(200, description="Number of tokens after the seed.")
    temperature: Temperature | None = Field(
        None,
        description="The logits are divided by this number; with 0, the most probable token is chosen. Left"
        " out, 0 for windows and 1 for a stream.",
    )
    top_k: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None,
        description="Draw from the K most probable tokens (Fan et al., 2018), or from all if there are"
        " fewer.",
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Draw from the smallest set of most probable tokens whose probabilities sum to P or"
        " more, 0 to 1 (Holtzman et al., 2020).",
    )
    min_p: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="Draw from the tokens whose probability is at least this share of the largest one, 0 to 1"
        " (Nguyen et al., 2025).",
    )
    dry: Dry | None = Field(None, description="Control of repetition; left out, none.")
    beam: Annotated[int, Field(ge=1, le=MOST_BEAM)] | None = Field(
        None,
        description="Width of a beam search for the most probable text; left out, tokens are chosen one by"
        " one.",
    )
    length_normalization: Annotated[float, Field(ge=0, le=2)] = Field(
        0.0,
        description="Exponent A of a beam search: texts are compared by their log-probability divided by"
        " (number of tokens)^A. 0 compares probabilities, 1 the mean over the tokens.",
    )
    constraints: Constraints = Field(Constraints(), description="What the text or the notes must be.")
    particles: Annotated[int, Field(ge=1, le=MOST_PARTICLES)] | None = Field(
        None,
        description="Number of particles that one sample with constraints is drawn from; 1 only masks what is"
        " not allowed. Left out, 256, or 1 if `max_copy` and `max_copy_intervals` are the only constraints.",
    )
    samples: SampleCount = Field(1, description="Number of samples.")
    random_seed: RandomSeed = Field(0, description="The seed of the random draws.")
    stop: str | None = Field(
        None, description="The token at which a sample ends; it is not part of the sample."
    )
