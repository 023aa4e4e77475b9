"""Tunes written in ABC 2.1."""

from rnnlab.music.tune import Tune


def write_abc(tune: Tune) -> bytes: ...
