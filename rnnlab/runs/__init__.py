"""Run folders: layout, history, events, environment, lock, signature, paths of the data, listing and removal.

Checkpoints, samples, TensorBoard events and `callbacks.json` of a run are written in `training/`.
"""
