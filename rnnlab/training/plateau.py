"""The learning rate that falls when the loss no longer does."""

from rnnlab.config.schedule import PlateauSchedule
from rnnlab.training.patience import Patience


class Plateau:
    """What a plateau schedule leaves of the learning rate.

    Args:
        settings: the section `training.schedule`.

    Attributes:
        left: the share of the rate that is left, 0 to 1.
    """

    def __init__(self, settings: PlateauSchedule) -> None:
        self._factor, self._final = settings.factor, settings.final
        self._waiting = Patience(settings.patience, settings.min_delta)
        self.left, self._cuts = 1.0, 0

    def add(self, epoch: int, loss: float, *, noun: str) -> str:
        """What the loss has not done, if the rate falls for that; else nothing.

        Args:
            epoch: that was measured, from 1.
            loss: of it, nats per token.
            noun: what a measurement is called.
        """
        self._waiting.add(epoch, loss)
        if not self._waiting.is_over or self.left <= self._final:
            return ""
        complaint = self._waiting.complaint(noun)
        self._cuts += 1
        self.left = max(self._factor**self._cuts, self._final)
        self._waiting.begin_anew()
        return complaint
