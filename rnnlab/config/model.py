"""The section `model`: the layers of the network.

Another installed package may add a recurrent layer: `model.kind` is then the name of its entry point.

    [project.entry-points."rnnlab.cells"]
    mgu = "minimal_gated:MinimalGated"

The package is not imported here: `rnnlab.models.architecture` loads the cell when a configuration or a model
file names it.
"""

import re
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

from pydantic import Field, create_model

from rnnlab.config.section import Section, Share, Units


class _Model(Section):
    """The settings of `model` for every kind of network."""

    kind: str
    units: Units = Field(description="Units of each layer, first to last; one number for one layer.")
    dropout: Share = Field(
        0.0,
        description="Fraction of the outputs of each hidden layer that training drops, 0 to 1 (Srivastava et"
        " al., 2014).",
    )
    input_dropout: Share = Field(
        0.0,
        description="Fraction of the encoded inputs that training drops, 0 to 1 (Zaremba et al., 2014);"
        " one-hot inputs are dropped as whole tokens.",
    )


class RecurrentModel(_Model):
    """The settings of `model` for every recurrent network."""

    stateful: bool = Field(
        False,
        description="Carry the state from window to window; each lane then reads consecutive windows.",
    )
    head: Literal["dense", "none"] = Field(
        "dense",
        description="The layer that gives the logits; `none`: the outputs of the last layer are the logits.",
    )
    recurrent_dropout: Share = Field(
        0.0,
        description="Fraction of the units of h that training drops from the recurrent product, 0 to 1; the"
        " same units at every time step of a batch (Gal and Ghahramani, 2016).",
    )
    variational_dropout: bool = Field(
        False,
        description="With true, dropout and input_dropout drop the same units at every time step of a batch,"
        " and the same tokens of one-hot inputs (Gal and Ghahramani, 2016); with false, each time step draws"
        " anew.",
    )
    tie_weights: bool = Field(
        False,
        description="Use the transposed embedding as kernel of the head, so that both are one array of"
        " weights (Press and Wolf, 2017; Inan et al., 2017).",
    )
    residual: bool = Field(
        False,
        description="Each layer but the first adds its input to its output (He et al., 2016; in recurrent"
        " stacks Wu et al., 2016).",
    )


class SimpleRnnModel(RecurrentModel):
    """Simple recurrent layers: h = tanh(x W + h U + b)."""

    kind: Literal["simple_rnn"] = Field(description="Simple recurrent layers (Elman, 1990).")
    layer_norm: bool = Field(
        False, description="The products of inputs and of h are normalised over the units (Ba et al., 2016)."
    )


class LstmModel(RecurrentModel):
    """Long short-term memory.

    There are three options: peepholes and coupled gates, which may both be set, or layer normalisation of the
    plain LSTM.
    """

    kind: Literal["lstm"] = Field(description="LSTM layers (Hochreiter and Schmidhuber, 1997).")
    peephole: bool = Field(False, description="The gates also read the memory cell (Gers et al., 2002).")
    coupled_gates: bool = Field(
        False, description="The input gate is 1 − the forget gate (Greff et al., 2017)."
    )
    layer_norm: bool = Field(
        False,
        description="The products of inputs and of h, and the memory cell before the output gate, are"
        " normalised over the units (Ba et al., 2016).",
    )


class GruModel(RecurrentModel):
    """Layers of gated recurrent units, with the reset gate after or before the recurrent product."""

    kind: Literal["gru"] = Field(description="GRU layers (Cho et al., 2014).")
    reset_after: bool = Field(
        True, description="Apply the reset gate after the recurrent product; with false, before it."
    )
    layer_norm: bool = Field(
        False, description="The products of inputs and of h are normalised over the units (Ba et al., 2016)."
    )


class MlpModel(_Model):
    """A multilayer perceptron, a baseline that reads the window as one vector."""

    kind: Literal["mlp"] = Field(description="Dense layers over the whole window, without a state.")
    activation: Literal["relu", "tanh", "sigmoid", "elu"] = Field(
        "relu", description="The function after each hidden layer."
    )


GROUP = "rnnlab.cells"

MODELS: Any = SimpleRnnModel | LstmModel | GruModel | MlpModel
"""Every kind of the section `model`; the last one has the cells of other packages, if there are any."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _found() -> dict[str, EntryPoint]:
    """Return the entry points by name; invalid names, and names of kinds of rnnlab, are ignored."""
    own = {name for each in get_args(MODELS) for name in get_args(each.model_fields["kind"].annotation)}
    found = {each.name: each for each in entry_points(group=GROUP)}
    return {name: found[name] for name in sorted({*found} - own) if _NAME.fullmatch(name)}


CELLS = _found()
"""The entry point of each kind that another package adds."""

if CELLS:
    _literal: Any = Literal
    _what = "Layers of a cell from another package."
    _kind = (_literal[tuple(CELLS)], Field(description=_what))
    OutsideModel: Any = create_model(
        "OutsideModel", __base__=RecurrentModel, __module__=__name__, __doc__=_what, kind=_kind
    )
    MODELS = MODELS | OutsideModel
