"""Engines run a network: TensorFlow trains it, NumPy uses it.

`stepper.py` is the interface of a trained model; `tensorflow/program.py` is the training program.
"""
