"""Engines run a network: TensorFlow trains it, NumPy uses it.

`stepper.py` is the interface of a trained model; `steps.py` holds what a training program reads and returns.
"""
