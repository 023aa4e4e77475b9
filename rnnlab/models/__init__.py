"""Models: the equations of the cells, the architecture with its weights, and the model file.

This package gives the engines the equations and the shapes; only `network.py` imports Keras.
"""
