"""Models for other programs: Keras files, SavedModels and ONNX, each checked against rnnlab's own engine."""
