"""What runs a network: TensorFlow to train it, NumPy to use it."""
