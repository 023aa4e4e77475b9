"""Measures of a trained model: loss, accuracy, free running and surprise; n-gram baselines; paired tests.

The measures read a model through a `Stepper`, so they never load TensorFlow.
"""
