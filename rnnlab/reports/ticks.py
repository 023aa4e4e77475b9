"""Where the marks of an axis stand, and what stands beside them."""

import math

import numpy as np


def linear_ticks(low: float, high: float, *, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, about `most`."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def decade_ticks(low: float, high: float, *, most: int) -> list[float]:
    """Powers of ten from `low` to `high`, equally far apart, about `most`."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first) / most))
    return [float(10.0**power) for power in np.arange(last, first - 1, -step)[::-1].tolist()]


def figure(value: float, digits: int = 4) -> str:
    """A measure in a sentence or a table: `1.706`, `4.69 × 10⁻⁸`."""
    if value and not 1e-3 <= abs(value) < 1e15:
        digit, _, power = f"{value:.{digits - 2}e}".partition("e")
        return f"{digit} × 10{str(int(power)).translate(_RAISED)}"
    return f"{value:,.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def label(value: float) -> str:
    """A figure as an axis has it: `2,000`, `0.5`, `10⁻⁶`."""
    if value == 0:
        return "0"
    power = round(math.log10(abs(value)))
    if not 1e-3 <= abs(value) < 1e7 and math.isclose(abs(value), 10.0**power):
        return f"{'−' * (value < 0)}10{str(power).translate(_RAISED)}"
    return f"{value:,.6g}".replace("-", "−")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
