"""`training.snapshots`: the epochs whose weights a training keeps, so that one can look at it afterwards."""


def snapshot_epochs(epochs: int, count: int) -> tuple[int, ...]:
    """Return the numbers of the epochs whose weights are kept, from 1, in ascending order.

    The first and the last epoch are among them. Each number is about the same multiple of the one before it,
    but at least one more: 12 of 2000 epochs are 1, 2, 4, 8, 16, 32, 64, 127, 253, 504, 1004 and 2000.

    Args:
        epochs: number of epochs of the training, 1 or more.
        count: number of epochs whose weights are kept, 0 or more. If the training has fewer epochs, the
            weights of all are kept. With 1, those of the last epoch are kept.
    """
    if count <= 1:
        return (epochs,) * count
    kept = [1]
    for left in range(min(count, epochs) - 1, 0, -1):
        before = kept[-1]
        spaced = round(before * (epochs / before) ** (1 / left))
        kept.append(max(before + 1, spaced))
    return tuple(kept)
