"""The gates of a cell: which terms of its equation they are, and their names."""

from rnnlab.models.terms import ACTIVATIONS, Equation, Term

CANDIDATE = "candidate"
"""Name of the gate that is activated by tanh: the candidate c̃ or h̃ for the new state."""


def gates_of(equation: Equation) -> dict[str, Term]:
    """Return the terms that each activate one gate, in the cell's order, by letter or as `CANDIDATE`.

    A term that is itself a part of the new state is left out.
    """
    activated = {term.inputs[0].gates: term for term in equation.terms if term.operation in ACTIVATIONS}
    gates = {letter: activated[letter] for letter in equation.cell.gates if letter in activated}
    return {
        CANDIDATE if term.operation == "tanh" else letter: term
        for letter, term in gates.items()
        if term not in equation.after
    }
