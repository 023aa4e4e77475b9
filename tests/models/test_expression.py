"""Terms in symbols and in numbers: the brackets that are needed, and how a number is shown."""

import pytest

from rnnlab.models.cells import CoupledLstm
from rnnlab.models.expression import Expression, expression, shown_number
from rnnlab.models.terms import Equation, Term

VALUE = Expression.of_value


def test_brackets_stand_where_they_are_needed():
    """Around a sum in a product, a sum that is taken away, and a negative factor; nowhere else."""
    a, b, c = VALUE("a", 1.5), VALUE("b", -2.25), VALUE("c", 3)

    assert ((a + b) * c).symbols == "(a + b)·c"
    assert ((a + b) * c).numbers == "(1.5000 - 2.2500)·3"
    assert (a - (b + c)).symbols == "a - (b + c)"
    assert (a * b + c).symbols == "a·b + c"
    assert (a * b).numbers == "1.5000·(-2.2500)"
    assert (a + b).through("tanh").symbols == "tanh(a + b)"


def test_a_term_is_written_out_down_to_its_leaves():
    """A block of a sum is the sum of the blocks; each leaf is asked for with its own block."""
    equation, asked = Equation(CoupledLstm()), []

    def leaf(term: Term, place: int) -> Expression | None:
        if term.operation == "number":
            return VALUE(shown_number(term.value), term.value)
        if term.operation in ("x", "product", "state"):
            asked.append((term.operation, place))
            return VALUE(f"{term.name or term.operation}{place}", 0.5)
        return None

    (memory,) = [term for term in equation.after if term.operation == "+"]

    assert expression(memory, 0, leaf).symbols == (
        "σ(x0 + product0)·c0 + (1 - σ(x0 + product0))·tanh(x1 + product1)"
    )
    assert ("product", 1) in asked


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "1"), (-3.0, "-3"), (0.12345, "0.1235"), (-0.00001, "0.0000"), (12345.678, "12345.7")],
)
def test_numbers_are_shown_with_four_decimals(value, text):
    """Whole ones as they are, none as −0."""
    assert shown_number(value) == text
