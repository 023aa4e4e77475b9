"""Models: the equations of the cells, the architecture with its weights, and the model file.

It gives the engines the equations and shapes; only `network.py` imports Keras.
"""
