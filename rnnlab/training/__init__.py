"""Training: the session (data, run folder, resume), the loop over epochs, its callbacks and its checkpoints.

Importing this room loads TensorFlow, before Keras, with its messages held back.
"""

from rnnlab.engines.tensorflow import start as start
