"""The TensorFlow engine: one compiled XLA program that trains a network for many steps.

`program.py` is the door for `training/`: it compiles and runs the whole program.
"""
