"""A trace as one JSON object: every value of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnlab.errors import UsageError

if TYPE_CHECKING:
    from rnnlab.tracing.tracing import Trace

MOST_NUMBERS = 2_000_000


def trace_json(trace: "Trace", facts: Sequence[str]) -> dict[str, Any]:
    """Arrays as lists, [input][step][unit] or [input][step][token].

    Args:
        trace: the trace.
        facts: of the network and how it read, a sentence each.

    Raises:
        UsageError: there are more numbers than anyone reads as text.
    """
    from rnnlab.reports.trace_view import shapes_of

    sizes = [values.size for layer in trace.layers for values in layer.values.values()]
    if (numbers := sum(sizes) + 2 * trace.logits.size) > MOST_NUMBERS:
        raise UsageError(
            f"--json: {numbers:,} numbers, expected at most {MOST_NUMBERS:,}; give a shorter --input"
        )
    tokens = trace.model.tokens
    return {
        "shapes": {name: list(shape) for name, shape in shapes_of(trace)},
        "vocabulary": list(tokens),
        "tokens": [trace.tokens(lane) for lane in range(len(trace.ids))],
        "starts": trace.starts.tolist(),
        "counted": trace.reading.counted.tolist(),
        "layers": [
            {
                "name": layer.name,
                "cell": type(layer.cell.cell).__name__,
                "values": {name: values.tolist() for name, values in layer.values.items()},
            }
            for layer in trace.layers
        ],
        "logits": trace.logits.tolist(),
        "probabilities": _exp(trace),
        "next": [[tokens[i] if i >= 0 else None for i in lane] for lane in trace.targets.tolist()],
        "surprise": trace.surprises.tolist(),
        "notes": list(facts),
    }


def _exp(trace: "Trace") -> Any:
    import numpy as np

    return np.exp(trace.log_probabilities).tolist()
