"""Generation: from a seed and settings to a continuation, one token after another.

`commands/generate.py`, the samples during a training, and free running call the same functions.
"""
