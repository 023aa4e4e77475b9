"""Data: from files to a corpus of token ids, its parts (train, validation, test) and batches.

It gives arrays of token ids to `training/` and `evaluation/`. No module here knows a network.
"""
