"""Terms carry the numbers of an equation, and which gate they belong to."""

import numpy as np

from rnnlab.engines.numpy.equation import sigmoid
from rnnlab.tracing.terms import Recording, Term


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_a_term_is_worked_out_as_its_arrays_are():
    """Sums, differences, products and functions, from either side."""
    a, b = column(1, 2), column(-3, 0.5)
    left, right = Term(a, "x"), Term(b, "state", name="h")

    found = (1 - left * right) + 2 * Recording.tanh(left) - Recording.sigmoid(right)

    expected = (1 - a * b) + 2 * np.tanh(a) - sigmoid(b, b.copy())
    np.testing.assert_array_equal(found.values, expected)


def test_a_split_gives_each_gate_its_block():
    """The blocks of a sum are sums of blocks, each of which knows its gate and its first row in the whole."""
    x = Term(column(1, 2, 3, 4), "x", gates="zr")
    product = Term(column(10, 20, 30, 40), "product", (x,), gates="zr", begin=8)

    z, r = Recording.split(x + product, 2)

    assert (z.gates, r.gates) == ("z", "r")
    assert r.operation == "+"
    assert r.values[:, 0].tolist() == [33, 44]
    assert [(each.operation, each.gates, each.begin) for each in r.inputs] == [
        ("x", "r", 2),
        ("product", "r", 10),
    ]
    assert r.inputs[1].values[:, 0].tolist() == [30, 40]
    assert r.inputs[1].inputs == (x,)


def test_a_number_and_what_was_normalised_are_the_same_in_every_block():
    """A number has one row; a mean is that of the whole."""
    x = Term(column(1, 2, 3, 6), "x", gates="zr")

    z, _ = Recording.split(2 * Recording.normalized(x), 2)

    number, normalized = z.inputs[1], z.inputs[0]
    assert number.values.item() == 2
    assert normalized.operation == "normalized"
    assert normalized.inputs == (x,)
    np.testing.assert_allclose(z.values, 2 * (x.values[:2] - 3) / np.sqrt(3.5), rtol=1e-4)


def test_what_is_added_to_a_gates_sum_belongs_to_it():
    """On either side; what σ or tanh makes of it has the gate's letter as its name, and belongs to none."""
    peephole, block = Term(column(0.5), "parameter", name="p"), Term(column(2), "x", gates="f")

    for total in (peephole + block, block + peephole, peephole * block):
        assert total.gates == "f"
        gate = Recording.sigmoid(total)
        assert (gate.name, gate.gates) == ("f", "")


def test_what_belongs_to_several_gates_has_no_name():
    """It is not yet split."""
    assert Recording.tanh(Term(column(1, 2), "x", gates="zr")).name == ""
