"""Data-parallel training: several processes train one network, each on some of the lanes of a batch.

`cluster.py` reads which workers there are. `link.py` connects them, and notices when one is lost.
`workers.py` is what the training loop sees: the same questions, for one worker or several.
`follower.py` is the training of a worker that writes nothing; worker 0, the chief, writes the run folder.
The gradients are summed by TensorFlow's collective operations, in `engines/tensorflow/collective.py`.
"""
