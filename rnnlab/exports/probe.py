"""The probe that checks an export: random inputs, and the outputs of rnnlab's NumPy engine for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import State
from rnnlab.engines.numpy import numpy_model, numpy_task_model
from rnnlab.engines.numpy.beam import END_ID
from rnnlab.engines.numpy.decoder import Beginning, NumpyDecoder
from rnnlab.engines.numpy.equation import flags_ignored
from rnnlab.engines.numpy.stack import NumpyStack
from rnnlab.errors import OutputError
from rnnlab.exports.standard import Floats, Network
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.models.task_architecture import task_architecture_of

LARGEST_DIFFERENCE = 1e-5
"""Largest accepted difference, as a fraction of the largest absolute logit, or of 1 if it is below 1."""

_LANES, _MOST_STEPS = 3, 32
_TASK_STEPS, _TARGET_STEPS = 12, 9
"""Time steps of the inputs and of the targets of the tasks with examples."""

Ids = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Probe:
    """Random inputs, and the outputs of rnnlab's NumPy engine for them.

    Attributes:
        inputs: the inputs by name: ids, int32 (N, T) each; the memory, (N, T, H); each part of the state
            before the first step, (N, H).
        outputs: the logits, (N, V) or (N, T, V), or the memory of an encoder, (N, T, H); then, if the state
            is an output, each part of the state after the last step, (N, H).
    """

    inputs: Mapping[str, NDArray[Any]]
    outputs: tuple[Floats, ...]


def probe_of(trained: TrainedModel, network: Network) -> Probe:
    """Return a probe of 3 lanes of random tokens; T is the window, at most 32 for a recurrent network."""
    rng, engine = np.random.default_rng(0), numpy_model(trained)
    steps = min(network.window, _MOST_STEPS) if network.recurrent else network.window
    ids = rng.integers(network.stack.encoding.rows, size=(_LANES, steps)).astype(np.int32)
    before, last_only = engine.zero_state(_LANES), network.pooling == "last"
    if network.takes_state:
        before = _random_state(rng, before)
    logits, after = engine.forward(ids, None, before, last_only=last_only)
    inputs = {network.stack.ids: ids, **(_named(network, before) if network.takes_state else {})}
    outputs = logits[:, -1] if last_only else logits
    return Probe(inputs, (outputs, *(_parts(after) if network.gives_state else ())))


@flags_ignored
def task_probes(trained: TrainedTask, networks: Sequence[Network]) -> list[Probe]:
    """Return a probe of each network of a task, of 3 lanes of random tokens.

    Args:
        trained: the model.
        networks: the networks that `standard_tasks.task_networks` returns for it.
    """
    rng, task = np.random.default_rng(0), trained.experiment.task
    source = _ids(rng, len(trained.tokens), _TASK_STEPS)
    targets = _ids(rng, len(trained.targets), _TARGET_STEPS - 1)
    labels = source[:, :1]
    first = np.full_like(labels, END_ID) if task == "pairs" else labels + np.int32(len(trained.targets))
    before = np.hstack([first, targets])  # (N, U)
    if networks[-1].takes_state:
        decoder = _decoder_probe(trained, networks[-1], before, rng)
        return [*(_encoder_probe(trained, source) for _ in networks[1:]), decoder]
    engine, lanes = numpy_task_model(trained), _Lanes(source)
    if task == "label":
        return [Probe({"ids": source}, (engine.label_logits(lanes),))]
    if task == "tags":
        return [Probe({"ids": source}, (engine.tag_logits(lanes).reshape(*source.shape, -1),))]
    inputs = {"source": source} if task == "pairs" else {}
    read = lanes if task == "pairs" else _Lanes(labels)
    logits = engine.target_logits(read, _Lanes(targets)).reshape(*before.shape, -1)  # (N, U, V)
    return [Probe({**inputs, "before": before}, (logits,))]


def largest_difference(probe: Probe, outputs: Sequence[NDArray[np.float32]], *, target: str) -> float:
    """Return the largest difference from rnnlab's outputs, as a fraction of the largest absolute logit.

    If the largest absolute logit is below 1, the difference itself is returned.

    Args:
        probe: the inputs, and rnnlab's outputs.
        outputs: the outputs of the export for the same inputs, in the same order.
        target: the name of the file in error messages.

    Raises:
        OutputError: an output has another shape, or the difference is above 1e-5 or not a number.
    """
    scale = max(1.0, float(np.abs(probe.outputs[0]).max()))
    largest = 0.0
    for expected, received in zip(probe.outputs, outputs, strict=True):
        if expected.shape != received.shape:
            raise OutputError(
                f"{target}: an output has the shape {received.shape}, in rnnlab {expected.shape}; not written"
            )
        largest = float(np.maximum(largest, np.abs(expected - received).max() / scale))  # NaN stays NaN
    if not largest <= LARGEST_DIFFERENCE:
        raise OutputError(
            f"{target}: differs from rnnlab on random tokens by {largest:.1e} of the largest logit, expected"
            f" at most {LARGEST_DIFFERENCE:g}; not written"
        )
    return largest


class _Lanes:
    """Sequences of one length, (N, T), as `Ragged`."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids.reshape(-1)
        self.offsets = np.arange(len(ids) + 1) * ids.shape[1]


def _encoder_probe(trained: TrainedTask, source: Ids) -> Probe:
    """Return the probe of the encoder of pairs."""
    architecture = task_architecture_of(trained.experiment, trained.sizes)
    if architecture.encoder is None or architecture.encoding is None:
        raise ValueError(f"the task {architecture.task} has no encoder")
    stack = NumpyStack(architecture.encoder, trained.weights, architecture.encoding)
    read = source[:, ::-1] if architecture.reverse_source else source
    hidden, after = stack.run(stack.inputs(read.T), None)  # (H, T, N)
    return Probe({"source": source}, (hidden.transpose(2, 1, 0), *_parts(after)))


def _decoder_probe(trained: TrainedTask, network: Network, before: Ids, rng: np.random.Generator) -> Probe:
    """Return the probe of a decoder whose state, and with attention the memory, is an input."""
    architecture = task_architecture_of(trained.experiment, trained.sizes)
    if architecture.decoder is None:
        raise ValueError(f"the task {architecture.task} has no decoder")
    decoder = NumpyDecoder(architecture, architecture.decoder, trained.weights)
    state = _random_state(rng, decoder.stack.zero_state(_LANES))
    inputs: dict[str, NDArray[Any]] = {"before": before}
    labels = memory = valid = None
    if network.takes_label:
        labels = before[:, 0]
        inputs["label"] = before[:, :1]
    if network.takes_memory:
        memory = _uniform(rng, (_LANES, _TASK_STEPS, decoder.stack.units))
        inputs["memory"], valid = memory, np.ones(memory.shape[:2], bool)
    hidden, after = decoder.outputs(before.T, state, labels, begins=True)  # (H, U, N)
    logits = decoder.logits(decoder.attended(hidden, Beginning(before[:, 0], (), memory, valid)))
    return Probe({**inputs, **_named(network, state)}, (logits, *_parts(after)))


def _ids(rng: np.random.Generator, count: int, steps: int) -> Ids:
    return rng.integers(count, size=(_LANES, steps)).astype(np.int32)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.uniform(-1, 1, shape).astype(np.float32)


def _random_state(rng: np.random.Generator, state: State) -> State:
    """Return a random state of the same shape."""
    return tuple(tuple(_uniform(rng, part.shape) for part in layer) for layer in state)


def _parts(state: State) -> tuple[Floats, ...]:
    return tuple(part for layer in state for part in layer)


def _named(network: Network, state: State) -> dict[str, NDArray[Any]]:
    """Return the parts of the state by their names as inputs."""
    return dict(zip(network.stack.state_names, _parts(state), strict=True))
