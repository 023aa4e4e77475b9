"""Exports: a trained model for Keras, TensorFlow (SavedModel) or ONNX, and a history for TensorBoard.

Each exported model is read back and run; a model whose outputs differ from rnnlab's is not written.
"""
