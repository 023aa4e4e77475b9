"""Engines run a network: TensorFlow to train it, NumPy to use it.

`stepper.py` says what a trained model can do, and `steps.py` what a training program reads and returns.
"""
