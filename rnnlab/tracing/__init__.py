"""Tracing: the value of every gate at every time step of a network, and the equation written with numbers.

This package gives `commands/trace.py` the values, the equation, and heat maps for HTML page and SVG picture.
"""
