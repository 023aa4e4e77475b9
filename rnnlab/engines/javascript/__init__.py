"""The JavaScript engine: it runs a trained network in a browser, one token after another.

`equation.py` writes the equation of a cell out as JavaScript; `network.js` calls it. `parameters.py` computes
the numbers that the network reads.
"""
