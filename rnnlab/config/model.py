"""The section `model`: the network's layers.

Recurrent layers that other installed packages bring: `model.kind` is the name of an entry point.

    [project.entry-points."rnnlab.cells"]
    mgu = "minimal_gated:MinimalGated"

Nothing of such a package is imported here: `models.architecture` loads its cell when a page or a model file
names it.
"""

import re
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

from pydantic import Field, create_model

from rnnlab.config.section import Section, Share, Units


class _Model(Section):
    """What every network has."""

    kind: str
    units: Units = Field(description="Units of each layer, first to last; one number for one layer.")
    dropout: Share = Field(
        0.0,
        description="Share of each hidden layer's outputs dropped in training, 0 to 1 (Srivastava et al.,"
        " 2014).",
    )
    input_dropout: Share = Field(
        0.0,
        description="Share of the encoded inputs dropped in training, 0 to 1 (Zaremba et al., 2014); of"
        " one-hot inputs, whole tokens.",
    )


class RecurrentModel(_Model):
    """What every recurrent network has."""

    stateful: bool = Field(
        False, description="The state runs on from window to window; each lane reads consecutive windows."
    )
    head: Literal["dense", "none"] = Field(
        "dense", description="A dense layer gives the logits, or the last layer's outputs are the logits."
    )
    recurrent_dropout: Share = Field(
        0.0,
        description="Share of h dropped in training where it enters the recurrent product, 0 to 1; the same"
        " units at every step of a batch (Gal and Ghahramani, 2016).",
    )
    variational_dropout: bool = Field(
        False,
        description="dropout and input_dropout too drop the same at every step of a batch, of one-hot inputs"
        " the same tokens (Gal and Ghahramani, 2016); otherwise each step draws anew.",
    )
    tie_weights: bool = Field(
        False,
        description="The head's kernel is the embedding transposed, and is not learnt apart (Press and Wolf,"
        " 2017; Inan et al., 2017).",
    )
    residual: bool = Field(
        False,
        description="Each layer but the first adds what it reads to what it gives (He et al., 2016; in"
        " recurrent stacks Wu et al., 2016).",
    )


class SimpleRnnModel(RecurrentModel):
    """h = tanh(x W + h U + b)."""

    kind: Literal["simple_rnn"] = Field(description="Simple recurrent layers (Elman, 1990).")
    layer_norm: bool = Field(
        False, description="The products of inputs and of h are normalised over the units (Ba et al., 2016)."
    )


class LstmModel(RecurrentModel):
    """Long short-term memory, and two of its variants."""

    kind: Literal["lstm"] = Field(description="LSTM layers (Hochreiter and Schmidhuber, 1997).")
    peephole: bool = Field(False, description="The gates also see the memory cell (Gers et al., 2002).")
    coupled_gates: bool = Field(
        False, description="The input gate is 1 − the forget gate (Greff et al., 2017)."
    )
    layer_norm: bool = Field(
        False,
        description="The products of inputs and of h, and the memory cell that is shown, are normalised over"
        " the units (Ba et al., 2016).",
    )


class GruModel(RecurrentModel):
    """Gated recurrent units."""

    kind: Literal["gru"] = Field(description="GRU layers (Cho et al., 2014).")
    reset_after: bool = Field(
        True, description="The reset gate acts after the recurrent product, or before it."
    )
    layer_norm: bool = Field(
        False, description="The products of inputs and of h are normalised over the units (Ba et al., 2016)."
    )


class MlpModel(_Model):
    """A baseline that reads the window as one vector."""

    kind: Literal["mlp"] = Field(description="Dense layers over the whole window, without a state.")
    activation: Literal["relu", "tanh", "sigmoid", "elu"] = Field(
        "relu", description="What follows each dense layer."
    )


GROUP = "rnnlab.cells"

MODELS: Any = SimpleRnnModel | LstmModel | GruModel | MlpModel
"""Every section that `model` may be; that of the other packages' cells is the last, where there are some."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _found() -> dict[str, EntryPoint]:
    """The entry points by their names; rnnlab's own kinds stay its own."""
    own = {name for each in get_args(MODELS) for name in get_args(each.model_fields["kind"].annotation)}
    found = {each.name: each for each in entry_points(group=GROUP)}
    return {name: found[name] for name in sorted({*found} - own) if _NAME.fullmatch(name)}


CELLS = _found()
"""Where the cell of each of their kinds is."""

if CELLS:
    _literal: Any = Literal
    _what = "Layers of a cell that another package brings."
    _kind = (_literal[tuple(CELLS)], Field(description=_what))
    OutsideModel: Any = create_model(
        "OutsideModel", __base__=RecurrentModel, __module__=__name__, __doc__=_what, kind=_kind
    )
    MODELS = MODELS | OutsideModel
