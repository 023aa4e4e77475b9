"""Tracing: a network run step by step, with every gate, and its equation with the numbers put in.

It gives `commands/trace.py` the values, the written-out equation, and heat maps for page and picture.
"""
