"""The training loop and what surrounds it. Importing it loads TensorFlow, quietly, before anything loads Keras."""

from rnnlab.engines import tensorflow_start as tensorflow_start
