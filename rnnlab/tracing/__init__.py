"""Tracing: the values of gates and states at every time step of a network, and its equation with numbers.

This package gives `commands/trace.py` the values, the equation, and heat maps in an HTML page or an SVG file.
"""
