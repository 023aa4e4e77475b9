"""The training loop and what surrounds it; importing it loads TensorFlow, quietly, before Keras is loaded."""

from rnnlab.engines import tensorflow_start as tensorflow_start
