"""Measures of a trained model: loss, accuracy, free running, surprise, and n-gram baselines beside them.

The measures read a model through a `Stepper`, so they never load TensorFlow.
"""
