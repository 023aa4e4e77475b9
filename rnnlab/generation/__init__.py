"""Generation: from a seed and settings to a continuation, one token after another.

It gives `commands/generate.py`, the samples of a training and free running the same drawn tokens.
"""
