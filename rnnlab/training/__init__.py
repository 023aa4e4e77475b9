"""Training: a session (data, run folder, resuming) runs the loop; the loop drives a trainer chunk by chunk.

The session gives a run folder with the best weights, the history and checkpoints. Importing this package
loads Keras and TensorFlow, without TensorFlow's log lines.
"""

from rnnlab.engines.tensorflow import start as start
