"""Measures of a trained model: loss, accuracy, free running, surprise, and n-gram baselines beside them.

It reads a model through a `Stepper`, so it never loads TensorFlow.
"""
