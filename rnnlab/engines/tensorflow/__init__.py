"""The TensorFlow engine: one compiled XLA program that trains a network for many steps.

`program.py` is the whole program, and the door for `training/`.
"""
