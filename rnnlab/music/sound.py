"""Tunes as sound: a small additive synthesiser that writes WAV files.

A tone is a sum of harmonics. As with a plucked string, higher harmonics decay faster; the fundamental keeps a
part of its strength, so a long note is heard to its end. A raised cosine fades each tone in and out within
its own time, so a tone does not click or sound past its end. Pitches are equally tempered with A at 440 Hz.
"""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import DataError
from rnnlab.music.tune import DEFAULT_TEMPO, Sounds, Tune, sounds_of

MOST_SECONDS = 600
"""The longest piece in seconds; it has 53 MB at 44,100 samples a second."""

MOST_TONE_SECONDS = 3600
"""The longest sum of all tones in seconds: six tones at a time throughout the longest piece."""

_HARMONICS = (1.0, 0.5, 0.28, 0.14, 0.08, 0.05)
_SUSTAINED = 0.3  # fraction of the fundamental's strength that does not decay
_ATTACK, _RELEASE = 0.006, 0.05  # seconds
_PEAK = 0.8
_BLOCK = 1 << 16  # samples
_HIGHEST = 0.45  # highest frequency as a fraction of the sample rate; sampling allows 0.5


def wav_of(tune: Tune, *, tempo: float | None = None, sample_rate: int = 44_100) -> bytes:
    """Return a WAV file with one channel of 16 bits, as long as the tune (rounded to a sample).

    Args:
        tune: the tune; tied notes are one tone.
        tempo: quarter notes a minute. None: the tempo of the tune, or else 120.
        sample_rate: samples a second, 8000..48000; doubled until the highest note fits. 11025 needs a fourth
            of the bytes of 44100, and sounds duller.

    Raises:
        DataError: the tune lasts more than 600 seconds, its tones together last more than 3600 seconds, or
            its durations have no common time step that MIDI can count.
        ValueError: the sample rate is out of its range.
    """
    if not 8_000 <= sample_rate <= 48_000:
        raise ValueError(f"expected a sample rate of 8000 to 48000, received {sample_rate}")
    try:
        sounds = sounds_of(tune.notes)
        seconds = _seconds_a_step(sounds, tempo or tune.tempo or DEFAULT_TEMPO)
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    highest = max((_frequency(sound.pitch) for sound in sounds.items), default=0.0)
    while highest > _HIGHEST * sample_rate:
        sample_rate *= 2
    return _file(_loud(_samples(sounds, seconds, sample_rate)), sample_rate)


def _seconds_a_step(sounds: Sounds, tempo: float) -> float:
    """Return the length of a time step in seconds; refuse a piece that lasts too long, or whose tones do."""
    seconds = 240 / tempo * float(sounds.step)
    if sounds.end * seconds > MOST_SECONDS:
        raise DataError(
            f"the tune lasts {sounds.end * seconds:,.0f} seconds; expected at most {MOST_SECONDS} as sound;"
            " write a part of the tune, or choose a faster tempo"
        )
    tones = sum(sound.end - sound.begin for sound in sounds.items) * seconds
    if tones > MOST_TONE_SECONDS:
        raise DataError(
            f"the tones last {tones:,.0f} seconds together; expected at most {MOST_TONE_SECONDS:,} as sound;"
            " write a part of the tune, or chords of fewer notes"
        )
    return seconds


def _frequency(pitch: int) -> float:
    """Return the frequency of a MIDI number in hertz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def _samples(sounds: Sounds, seconds: float, sample_rate: int) -> NDArray[np.float32]:
    """Return the sum of all tones, (S,) samples; each time is rounded by itself, so errors do not add up."""

    def sample(step: int) -> int:
        return round(step * seconds * sample_rate)

    samples = np.zeros(sample(sounds.end), np.float32)
    for sound in sounds.items:
        _add_tone(samples[sample(sound.begin) : sample(sound.end)], _frequency(sound.pitch), sample_rate)
    return samples


def _add_tone(samples: NDArray[np.float32], frequency: float, sample_rate: int) -> None:
    """Add a tone to the samples of its time (S,), block by block, so that a long tone needs little memory."""
    attack, release = (max(1, min(part * sample_rate, len(samples) / 4)) for part in (_ATTACK, _RELEASE))
    for begin in range(0, len(samples), _BLOCK):
        at = np.arange(begin, min(begin + _BLOCK, len(samples)))
        tone = _harmonics(frequency, at / sample_rate, highest=_HIGHEST * sample_rate)
        samples[at] += tone * _raised(at / attack) * _raised((len(samples) - at) / release)


def _harmonics(frequency: float, time: NDArray[np.float64], *, highest: float) -> NDArray[np.float64]:
    """Return a tone at times (B,), in seconds after its begin, without harmonics above `highest` hertz."""
    sound = np.zeros(len(time))
    for number, strength in enumerate(_HARMONICS, 1):
        if number * frequency <= highest:
            sustained = _SUSTAINED if number == 1 else 0.0
            fading = sustained + (1 - sustained) * np.exp(-(1.5 + number) * time)
            sound += strength * fading * np.sin(2 * np.pi * number * frequency * time)
    return sound


def _raised(way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a raised cosine of `way`, (B,): it rises from 0 at 0 to 1 at 1, and stays 1 after that."""
    return (1 - np.cos(np.pi * np.minimum(way, 1))) / 2


def _loud(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return the samples as 16-bit integers, scaled so that the peak is at four fifths of their range."""
    peak = float(np.abs(samples).max(initial=0.0)) or 1.0
    loud: NDArray[np.int16] = np.rint(samples * (_PEAK * 0x7FFF / peak)).astype(np.int16)
    return loud


def _file(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """Return samples of one channel as a WAV file."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return written.getvalue()
