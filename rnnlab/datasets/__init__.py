"""Data: from files to a corpus of token ids, its parts (train, validation, test) and batches.

`training/` and `evaluation/` read the arrays of token ids. No module here uses a model.
"""
