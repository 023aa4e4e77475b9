"""Exports: a trained model as a page that plays, for Keras, TensorFlow or ONNX; a history for TensorBoard.

`standard.py` and `standard_tasks.py` describe a network in layers that other programs have. `formats.py` has
one writer for each format of a model, `tensorboard.py` that of a history. Each exported model is read back
and run; a model whose outputs differ from rnnlab's by more than 1e-5 is not written.

`page_file.py` writes the page, from the modules in `page/` and what `page_network.py` says of each network.
"""
