"""The learning rate that falls when the loss no longer does."""

from rnnlab.config.schedule import PlateauSchedule
from rnnlab.training.plateau import Plateau


def shares(losses: list[float], **settings: float) -> list[float]:
    """What is left of the rate after each loss."""
    plateau, left = Plateau(PlateauSchedule(kind="plateau", **settings)), []
    for epoch, loss in enumerate(losses, start=1):
        plateau.add(epoch, loss, noun="epoch")
        left.append(plateau.left)
    return left


def test_the_rate_falls_each_time_the_loss_has_not_for_so_long():
    """Two measurements without a fall, and then two more; a fall in between begins the count anew."""
    losses = [3.0, 2.0, 2.0, 2.5, 2.5, 2.0, 1.0, 1.5, 1.25]

    assert shares(losses, patience=2) == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_it_does_not_fall_below_its_final_share():
    """The last cut is a smaller one, and then nothing more is said."""
    plateau = Plateau(PlateauSchedule(kind="plateau", patience=1, factor=0.5, final=0.4))
    said = [plateau.add(epoch, 1.0, noun="epoch") for epoch in range(1, 6)]

    assert plateau.left == 0.4
    assert [bool(sentence) for sentence in said] == [False, True, True, False, False]
    assert said[1] == "has not fallen below 1, that of epoch 1, in the last epoch"
