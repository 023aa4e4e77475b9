"""Run folders: their layout, history, events, lock, listing and removal.

Checkpoints, samples, TensorBoard events and `callbacks.json` of a run are written in `training/`.
"""
