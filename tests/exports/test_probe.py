"""The probe of an export: what goes in, and what must come out."""

from dataclasses import replace

import numpy as np
import pytest

from rnnlab.errors import OutputError
from rnnlab.exports.probe import largest_difference
from tests.exports.variants import TASK_VARIANTS, WITH_STATE, pieces_of, task_variant, variant


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_output_is_compared(place):
    """The logits and each part of the state; NaN equals nothing."""
    ((_, probe),) = pieces_of(variant("lstm"), "Keras", state=True)
    outputs = [part.copy() for part in probe.outputs]
    assert largest_difference(probe, outputs, target="x") == 0.0

    outputs[place][1, 2] += 1e-3
    with pytest.raises(OutputError, match="x: differs from rnnlab"):
        largest_difference(probe, outputs, target="x")
    outputs[place][1, 2] = np.nan
    with pytest.raises(OutputError, match="x: differs from rnnlab"):
        largest_difference(probe, outputs, target="x")
    outputs[place] = outputs[place][:2]
    with pytest.raises(OutputError, match="x: an output has the shape"):
        largest_difference(probe, outputs, target="x")


@pytest.mark.parametrize("name", TASK_VARIANTS)
def test_a_probe_depends_on_every_weight(name):
    """So that an export that leaves one out, or has two exchanged, is noticed."""
    model = task_variant(name)
    ((_, probe),) = pieces_of(model, "Keras", state=False)

    for weight, array in model.weights.items():
        other = replace(model, weights={**model.weights, weight: array + np.float32(0.1)})
        ((_, changed),) = pieces_of(other, "Keras", state=False)
        assert np.abs(probe.outputs[0] - changed.outputs[0]).max() > 1e-4, weight


@pytest.mark.parametrize("name", WITH_STATE)
def test_a_decoder_takes_what_its_encoder_gives(name):
    """The parts of the state have the same names; the memory is an input only if attention reads it."""
    *encoder, (decoder, probe) = pieces_of(task_variant(name), "Keras", state=True)

    assert [network.output for network, _ in encoder] == ["memory"] * name.startswith("pairs")
    assert all(network.gives_state == decoder.gives_state for network, _ in encoder)
    assert list(probe.inputs)[-len(decoder.gives_state) :] == list(decoder.gives_state)
    assert ("label" in probe.inputs) == (name in ("from_label_every", "from_label_one_hot"))
    assert ("memory" in probe.inputs) == (name == "pairs_attention")
