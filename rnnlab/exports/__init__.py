"""Exports: a trained model for Keras, TensorFlow (SavedModel) or ONNX, and a history for TensorBoard.

`formats.py` has one writer for each format. Each exported model is read back and run; a model whose outputs
differ from rnnlab's is not written.
"""
