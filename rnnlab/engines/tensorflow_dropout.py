"""What dropout drops in one training step: a function of the step's seed.

Threefry (Salmon et al., 2011) is named because XLA's own choice takes 180 times as long on a CPU.
"""

from typing import Any

from rnnlab.engines.tensorflow_start import tf
from rnnlab.models.architecture import Dropout

Tensor = Any


class DropoutMasks:
    """Drops shares of what passes, and scales the rest up (Srivastava et al., 2014); each use draws anew.

    Args:
        shares: what is dropped, and whether the same at every time step (Gal and Ghahramani, 2016).
        seed: two integers (2,) that fix what is drawn; None drops nothing.
    """

    def __init__(self, shares: Dropout, seed: Tensor | None) -> None:
        self._shares, self._seed, self._uses = shares, seed, 0

    def outputs(self, values: Tensor) -> Tensor:
        """A hidden layer's outputs, (K, T, N), some of them dropped; the axis T may be of length 1."""
        return self._dropped(values, self._shares.outputs)

    def inputs(self, values: Tensor) -> Tensor:
        """Encoded inputs, (K, T, N), some of them dropped."""
        return self._dropped(values, self._shares.inputs)

    @property
    def drops_inputs(self) -> bool:
        """Whether some of the inputs are dropped."""
        return self._drops(self._shares.inputs)

    def tokens(self, ids: Tensor, vocab_size: int) -> Tensor:
        """What the 1 of each one-hot row becomes, (T, N): 0 where the token is dropped, otherwise larger."""
        steps, lanes = ids.shape
        if not self._shares.variational:
            return self._factors((steps, lanes), self._shares.inputs)
        factors = self._factors((lanes, vocab_size), self._shares.inputs)
        return tf.transpose(tf.gather(factors, tf.transpose(ids), batch_dims=1))

    def recurrent(self, units: int, lanes: int) -> Tensor | None:
        """What h is multiplied by where it enters the recurrent product, (H, N); None drops nothing."""
        if not self._drops(self._shares.recurrent):
            return None
        return self._factors((units, lanes), self._shares.recurrent)

    def _dropped(self, values: Tensor, share: float) -> Tensor:
        if not self._drops(share):
            return values
        features, steps, lanes = values.shape
        shape = (features, 1 if self._shares.variational else steps, lanes)
        return tf.where(self._uniform(shape) >= share, values / (1 - share), 0.0)

    def _factors(self, shape: tuple[int, ...], share: float) -> Tensor:
        return tf.where(self._uniform(shape) >= share, 1 / (1 - share), 0.0)

    def _drops(self, share: float) -> bool:
        return self._seed is not None and share > 0

    def _uniform(self, shape: tuple[int, ...]) -> Tensor:
        """Numbers in [0, 1), others at each use."""
        self._uses += 1
        seed = self._seed + tf.constant([self._uses << 24, 0])
        return tf.random.stateless_uniform(shape, seed=seed, alg="threefry")
