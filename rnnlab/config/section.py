"""What every section of the configuration has in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

MOST_UNITS = 16_384
MOST_LAYERS = 32

LEAST, MOST = 1e-30, 1e37
"""Of a number above 0: float32 holds both, and what an optimizer makes of them in a step."""

MOST_DECAY = 0.9999999
"""Less than 1 in float32 too: optimizers divide by 1 − decay."""


class Section(BaseModel):
    """A frozen record of settings; unknown keys, loose types, infinity and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def one_or_many(value: Any) -> Any:
    """A tuple from a YAML list, or from one value alone."""
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, dict | tuple) else (value,)


_LAYER = {"type": "integer", "minimum": 1, "maximum": MOST_UNITS}
_LAYERS = {"type": "array", "items": _LAYER, "minItems": 1, "maxItems": MOST_LAYERS}

Units = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MOST_UNITS)], ...],
    Field(min_length=1, max_length=MOST_LAYERS),
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [_LAYER, _LAYERS]}),
]
"""Units of each layer, first to last; one number means one layer."""

Share = Annotated[float, Field(ge=0, lt=1)]
"""A share of a whole, from 0 to less than 1."""

Positive = Annotated[float, Field(ge=LEAST, le=MOST)]
"""A number above 0 in the range of float32."""

Decay = Annotated[float, Field(ge=0, le=MOST_DECAY)]
"""How much of a running mean is kept at each step, from 0 to less than 1."""

RandomSeed = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A number that fixes what is drawn."""

Length = Annotated[int, Field(ge=1, le=10_000_000)]
"""Tokens to write after a seed."""

Temperature = Annotated[float, Field(ge=0, le=1000)]
"""What the logits are divided by; 0 takes the most probable token."""

SampleCount = Annotated[int, Field(ge=1, le=10_000)]
"""How many samples are written."""
