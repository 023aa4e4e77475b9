"""The section `model`: the network's layers."""

from typing import Literal

from pydantic import Field

from rnnlab.config.section import Section, Share, Units


class _Model(Section):
    """What every network has."""

    kind: str
    units: Units = Field(description="Units of each layer, first to last; one number for one layer.")
    dropout: Share = Field(
        0.0, description="Share of each hidden layer's outputs dropped in training, 0 to 1."
    )


class RecurrentModel(_Model):
    """What every recurrent network has."""

    stateful: bool = Field(
        False, description="The state runs on from batch to batch, and is reset each epoch."
    )
    head: Literal["dense", "none"] = Field(
        "dense", description="A dense layer gives the logits, or the last layer's outputs are the logits."
    )


class SimpleRnnModel(RecurrentModel):
    """h = tanh(x W + h U + b)."""

    kind: Literal["simple_rnn"] = Field(description="Simple recurrent layers.")


class LstmModel(RecurrentModel):
    """Long short-term memory, and two of its variants."""

    kind: Literal["lstm"] = Field(description="LSTM layers.")
    peephole: bool = Field(False, description="The gates also see the memory cell.")
    coupled_gates: bool = Field(False, description="The input gate is 1 − the forget gate.")


class GruModel(RecurrentModel):
    """Gated recurrent units."""

    kind: Literal["gru"] = Field(description="GRU layers.")
    reset_after: bool = Field(
        True, description="The reset gate acts after the recurrent product, or before it."
    )


class MlpModel(_Model):
    """A baseline that reads the window as one vector."""

    kind: Literal["mlp"] = Field(description="Dense layers over the whole window, without a state.")
    activation: Literal["relu", "tanh", "sigmoid", "elu"] = Field(
        "relu", description="What follows each dense layer."
    )
