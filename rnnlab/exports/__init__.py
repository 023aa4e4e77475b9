"""Exports: a trained model as a file for Keras, TensorFlow (SavedModel), ONNX or TensorBoard.

Each export is read back and compared with rnnlab's own outputs before it is kept.
"""
