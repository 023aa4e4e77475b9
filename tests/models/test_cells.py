"""What the cells' equations do, seen from the lecture: which gate keeps, which lets in, which hides."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.models import cells
from rnnlab.models.cells import Cell

OPEN, SHUT = 50.0, -50.0
"""Pre-activations of a gate that is 1, and of one that is 0."""

H, C = 0.3, -0.7
ALL = [
    cells.SimpleRnn(),
    cells.Lstm(),
    cells.PeepholeLstm(),
    cells.CoupledLstm(),
    cells.CoupledPeepholeLstm(),
    cells.GruResetBefore(),
    cells.GruResetAfter(),
]


class ArrayNamespace:
    """What the equations use, for arrays of lanes in rows."""

    tanh = staticmethod(np.tanh)

    @staticmethod
    def sigmoid(x: NDArray[Any]) -> Any:
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def split(x: NDArray[Any], parts: int) -> list[NDArray[Any]]:
        return np.split(x, parts, axis=-1)


each_cell = pytest.mark.parametrize("cell", ALL, ids=lambda cell: type(cell).__name__)


def one_unit(cell: Cell, x: list[float], *, recurrent: Any = 0.0, parameters: Any = ()) -> list[float]:
    """The state after a step of one unit from h = 0.3 (and c = −0.7).

    Args:
        x: the pre-activation of each gate, by `cell.gates`.
        recurrent: the weight from h to each gate, (G,) or one number.
        parameters: each parameter, as the cell wants it.
    """
    weights = np.broadcast_to(np.array(recurrent, np.float32), (len(cell.gates),))

    def product(operand: NDArray[Any], gates: str = cell.gates, /) -> NDArray[Any]:
        first = cell.gates.index(gates)
        return operand * weights[first : first + len(gates)]

    state = tuple(np.array([[value]], np.float32) for value in (H, C)[: len(cell.state)])
    vectors = tuple(np.array(value, np.float32) for value in parameters)
    after = cell.step(ArrayNamespace, np.array([x], np.float32), product, state, vectors)
    return [float(part[0, 0]) for part in after]


def test_a_simple_rnn_is_a_tanh() -> None:
    """h = tanh(x + h u)."""
    assert one_unit(cells.SimpleRnn(), [0.5], recurrent=2.0) == pytest.approx([np.tanh(0.5 + 2 * H)])


def test_an_lstm_keeps_its_memory_while_it_forgets_nothing() -> None:
    """Input gate shut, forget gate open: c stays; the output gate shows tanh(c)."""
    assert one_unit(cells.Lstm(), [SHUT, OPEN, 3.0, OPEN]) == pytest.approx([np.tanh(C), C])


def test_an_lstm_replaces_its_memory() -> None:
    """Input gate open, forget gate shut: c is the candidate."""
    new = np.tanh(0.4)
    assert one_unit(cells.Lstm(), [OPEN, SHUT, 0.4, OPEN]) == pytest.approx([np.tanh(new), new])


def test_an_lstm_hides_its_memory() -> None:
    """Output gate shut: h is 0, c is not."""
    assert one_unit(cells.Lstm(), [SHUT, OPEN, 0.0, SHUT]) == pytest.approx([0, C])


def test_coupled_gates_write_as_much_as_they_forget() -> None:
    """Forget gate open: the old c; shut: the candidate; half open: their mean."""
    memory = [one_unit(cells.CoupledLstm(), [gate, 0.4, OPEN])[1] for gate in (OPEN, SHUT, 0.0)]

    assert memory == pytest.approx([C, np.tanh(0.4), (C + np.tanh(0.4)) / 2])


def test_peepholes_of_i_and_f_see_the_old_memory() -> None:
    """A peephole of −100 on c = −0.7 opens a gate that stands at 0, and one of 100 shuts it."""
    keeps = one_unit(cells.PeepholeLstm(), [0, 0, 0.4, OPEN], parameters=([100], [-100], [0]))
    replaces = one_unit(cells.PeepholeLstm(), [0, 0, 0.4, OPEN], parameters=([-100], [100], [0]))

    assert keeps[1] == pytest.approx(C)
    assert replaces[1] == pytest.approx(np.tanh(0.4))


def test_the_peephole_of_o_sees_the_new_memory() -> None:
    """The old c is negative and the new one positive: a peephole of 100 shows it, one of −100 hides it."""
    new = np.tanh(0.4)
    shown = one_unit(cells.PeepholeLstm(), [OPEN, SHUT, 0.4, 0], parameters=([0], [0], [100]))
    hidden = one_unit(cells.PeepholeLstm(), [OPEN, SHUT, 0.4, 0], parameters=([0], [0], [-100]))

    assert shown == pytest.approx([np.tanh(new), new])
    assert hidden == pytest.approx([0, new])


@pytest.mark.parametrize(
    ("peephole", "plain", "count"),
    [(cells.PeepholeLstm(), cells.Lstm(), 3), (cells.CoupledPeepholeLstm(), cells.CoupledLstm(), 2)],
)
def test_peepholes_of_zero_change_nothing(peephole: Cell, plain: Cell, count: int) -> None:
    """Then the cell is the one without them."""
    x = [0.2, -0.3, 0.5, 0.7][: len(plain.gates)]

    assert one_unit(peephole, x, recurrent=0.8, parameters=[[0]] * count) == one_unit(plain, x, recurrent=0.8)


@pytest.mark.parametrize("cell", [cells.GruResetBefore(), cells.GruResetAfter()])
def test_z_keeps_the_old_state(cell: Cell) -> None:
    """As in Keras: z open keeps h, z shut takes the candidate."""
    parameters = cell.parameters({"bias": np.zeros((2, 3))})

    assert one_unit(cell, [OPEN, OPEN, 0.4], parameters=parameters) == pytest.approx([H])
    assert one_unit(cell, [SHUT, OPEN, 0.4], parameters=parameters) == pytest.approx([np.tanh(0.4)])


def test_the_lectures_z_is_the_same_cell_with_its_sign_turned() -> None:
    """The slide has h = (1 − z)∘h + z∘h̃: −z in the one is z in the other."""
    z = 1 / (1 + np.exp(-0.9))
    slide = (1 - z) * H + z * np.tanh(0.4)

    assert one_unit(cells.GruResetBefore(), [-0.9, OPEN, 0.4]) == pytest.approx([slide])


def test_r_shuts_out_the_old_state_before_or_after_the_product() -> None:
    """With r shut, h does not reach the candidate; reset after the product also shuts out its own bias."""
    bias = [0, 0, 5.0]

    before = one_unit(cells.GruResetBefore(), [SHUT, SHUT, 0.4], recurrent=2.0)
    after = one_unit(cells.GruResetAfter(), [SHUT, SHUT, 0.4], recurrent=2.0, parameters=[bias])

    assert before == after == pytest.approx([np.tanh(0.4)])


def test_the_two_grus_differ_in_what_r_multiplies() -> None:
    """r = 1/2: u (r h) in the one; r (u h + b') in the other, which is the same but for the bias."""
    u = [0, 0, 2.0]

    before = one_unit(cells.GruResetBefore(), [SHUT, 0, 0.4], recurrent=u)
    after = one_unit(cells.GruResetAfter(), [SHUT, 0, 0.4], recurrent=u, parameters=[[0, 0, 0.6]])

    assert before == pytest.approx([np.tanh(0.4 + 2 * 0.5 * H)])
    assert after == pytest.approx([np.tanh(0.4 + 0.5 * (2 * H + 0.6))])


@each_cell
def test_weights_have_a_block_of_columns_for_each_gate(cell: Cell) -> None:
    """Kernel (D, G·H), recurrent kernel (H, G·H); a bias for every column."""
    shapes = cell.weight_shapes(3, 5)
    columns = 5 * len(cell.gates)

    assert list(shapes)[:3] == ["kernel", "recurrent_kernel", "bias"]
    assert (shapes["kernel"], shapes["recurrent_kernel"]) == ((3, columns), (5, columns))
    assert shapes["bias"][-1] == columns


@each_cell
def test_a_cells_vectors_fit_its_weights(cell: Cell) -> None:
    """The input bias has a number for each column; the other parameters are vectors."""
    weights = {name: np.zeros(shape) for name, shape in cell.weight_shapes(3, 5).items()}

    assert cell.input_bias(weights).shape == (5 * len(cell.gates),)
    assert all(vector.ndim == 1 for vector in cell.parameters(weights))


@pytest.mark.parametrize("cell", [cells.PeepholeLstm(), cells.CoupledPeepholeLstm()])
def test_peepholes_are_a_vector_for_each_gate_that_sees(cell: Cell) -> None:
    """i (where there is one), f and o see the memory, the candidate does not."""
    seeing = len(cell.gates) - 1

    assert cell.weight_shapes(3, 5)["peephole_kernel"] == (seeing, 5)
    assert len(cell.parameters({"peephole_kernel": np.zeros((seeing, 5))})) == seeing


def test_a_cell_without_an_equation_says_so() -> None:
    """The base class is not a cell."""
    with pytest.raises(TypeError, match="Cell has no equation"):
        Cell().step(ArrayNamespace, None, lambda operand, gates="": operand, (), ())
