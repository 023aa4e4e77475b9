"""Exports: a trained model for Keras, TensorFlow (SavedModel) or ONNX, and a history for TensorBoard.

`standard.py` and `standard_tasks.py` describe a network in layers that other programs have. `formats.py` has
one writer for each format of a model, `tensorboard.py` that of a history. Each exported model is read back
and run; a model whose outputs differ from rnnlab's by more than 1e-5 is not written.
"""
