"""Recurrent layers that other installed packages bring: `model.kind` is the name of an entry point.

    [project.entry-points."rnnlab.cells"]
    mgu = "minimal_gated:MinimalGated"

Nothing of such a package is imported here: `rnnlab.models.outside` loads its cell when a page or a model file
names it.
"""

import re
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

from pydantic import Field, create_model

from rnnlab.config.model import GruModel, LstmModel, MlpModel, RecurrentModel, SimpleRnnModel

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
