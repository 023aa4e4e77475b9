"""Data: from files to a corpus of token ids, its parts (train, validation, test) and batches.

It gives arrays of integers to `training/` and `evaluation/`; it knows tokens and targets, and no network.
"""
