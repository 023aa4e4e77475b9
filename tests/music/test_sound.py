"""Tunes as sound: properties measured in the samples."""

import io
import wave

import numpy as np
import pytest

from rnnlab.errors import DataError
from rnnlab.music.sound import wav_of
from rnnlab.music.tune import Tune, parse_tune


def tune(text):
    """The tune of a note text."""
    return parse_tune(text, name="a")


def heard(data):
    """The samples of a WAV file, −1..1, and the sample rate in Hz."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 0x8000, file.getframerate()


def spectrum(samples):
    """The amplitude at each frequency from 0 Hz; the step is an eighth of the resolution of the samples."""
    return np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))


def frequency(samples, rate, near):
    """The frequency in Hz of the strongest partial near one, from a parabola through log amplitudes."""
    strengths = spectrum(samples)
    step = rate / (8 * len(samples))
    low, high = round(near / 1.06 / step), round(near * 1.06 / step)
    peak = low + int(np.argmax(strengths[low:high]))
    before, at, after = np.log(strengths[peak - 1 : peak + 2])
    return (peak + (before - after) / (before - 2 * at + after) / 2) * step


@pytest.mark.parametrize("rate", [44_100, 11_025])
@pytest.mark.parametrize(
    ("note", "hertz"),
    [
        ("a,,,2", 55),
        ("e,,2", 82.4069),
        ("c2", 261.6256),
        ("a2", 440),
        ("bes'2", 932.3275),
        ("c''''2", 4186.009),
    ],
)
def test_a_note_is_in_tune(note, hertz, rate):
    """Each note is within half a cent of equal temperament with A at 440 Hz, at either sample rate."""
    samples, said = heard(wav_of(tune(note), sample_rate=rate))

    assert said == rate
    assert abs(1200 * np.log2(frequency(samples, rate, hertz) / hertz)) < 0.5


def test_a_chord_has_all_its_notes():
    """Each note of the chord is in tune; a frequency that is no note and no harmonic of one is absent."""
    samples, rate = heard(wav_of(tune("<c e g>2")))
    strengths = spectrum(samples)

    for hertz in (261.6256, 329.6276, 391.9954):
        assert abs(1200 * np.log2(frequency(samples, rate, hertz) / hertz)) < 2
    d = round(293.6648 / rate * 8 * len(samples))
    assert strengths[d] < 0.02 * strengths.max()


def test_a_tone_has_harmonics_that_die_away():
    """The octave is strong at the beginning of a tone and weak at its end."""
    samples, rate = heard(wav_of(tune("a1")))
    half = rate // 2

    begun, ended = (
        spectrum(part)[round(880 / rate * 8 * half)] / spectrum(part).max()
        for part in (samples[:half], samples[-half:])
    )

    assert 0.3 < begun < 0.6
    assert ended < begun / 20


def test_notes_begin_and_end_in_time():
    """Dots, tuplets, rests and ties follow the tempo of the tune, to the millisecond."""
    text = "c4 r8 d8. r16 e8*2/3 r8*2/3 f8*2/3 r4 g4~ g8 r8 a16 r2 % tempo 97"
    quarters = [(0, 1), (1.5, 2.25), (2.5, 2 + 5 / 6), (3 + 1 / 6, 3.5), (4.5, 6), (6.5, 6.75)]

    samples, rate = heard(wav_of(tune(text)))

    sounding = np.flatnonzero(np.abs(samples) > 0.001)
    gaps = np.flatnonzero(np.diff(sounding) > 0.03 * rate)
    begins = sounding[np.r_[0, gaps + 1]] / rate
    ends = sounding[np.r_[gaps, -1]] / rate
    expected = np.array(quarters) * 60 / 97
    assert np.abs(begins - expected[:, 0]).max() < 0.001
    assert np.abs(ends - expected[:, 1]).max() < 0.005
    assert abs(len(samples) / rate - 8.75 * 60 / 97) < 0.001


def test_no_error_adds_up():
    """The end of a thousand short notes is right to the sample."""
    samples, rate = heard(wav_of(tune("c64*2/3 " * 1000 + "% tempo 97")))

    assert abs(len(samples) - 1000 / 24 * 60 / 97 * rate) <= 1


def test_a_note_that_is_struck_again_can_be_heard():
    """There is a short silence between two struck notes, and none within a tied note."""
    struck, rate = heard(wav_of(tune("g4 g4")))
    tied, _ = heard(wav_of(tune("g4~ g4")))
    between = slice(rate // 2 - 40, rate // 2 + 40)

    assert np.abs(struck[between]).max() < 0.03
    assert np.abs(tied[between]).max() > 0.2


def test_nothing_clips_or_clicks():
    """The peak is the same for any number of notes, and the first and last sample are close to 0."""
    for text in ("c4", "<c, e, g, c e g c' e' g' c''>4 c,,,,,4", "c128 d128 e1*1/9984 f4"):
        samples, _ = heard(wav_of(tune(text)))
        assert abs(np.abs(samples).max() - 0.8) < 0.001
        assert np.abs(samples[[0, -1]]).max() < 0.01


def test_the_tempo_is_that_of_midi():
    """The given tempo counts, else the tempo of the tune, else 120 quarter notes a minute."""
    seconds = {
        len(samples) / rate
        for samples, rate in (
            heard(wav_of(tune("c4 d4"))),
            heard(wav_of(tune("c4 d4 % tempo 60"), tempo=120)),
            heard(wav_of(tune("c2 d2 % tempo 240"))),
        )
    }

    assert seconds == {1.0}


def test_a_lower_sample_rate_is_a_smaller_file():
    """A note too high for the sample rate doubles the rate until it can be heard."""
    assert len(wav_of(tune("c1"), sample_rate=11_025)) == 44 + 2 * 2 * 11_025
    samples, rate = heard(wav_of(tune("g'''''2"), sample_rate=11_025))
    assert rate == 44_100
    assert abs(frequency(samples, rate, 12543.85) / 12543.85 - 1) < 1e-4


def test_rests_alone_are_silence():
    """Rests give samples of 0; a tune without notes gives no samples."""
    assert not heard(wav_of(tune("r2")))[0].any()
    assert heard(wav_of(Tune("a", ())))[0].size == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c1*301", "a: the tune lasts 602 seconds; expected at most 600 as sound"),
        ("r1*9999", "a: the tune lasts 19,998 seconds; "),
        ("<c d e f g a b c'>1*250", "a: the tones last 4,000 seconds together; expected at most 3,600"),
        ("c4*1/9999 d4*1/9998", "a: the durations divide a whole note into more than"),
    ],
)
def test_a_piece_that_is_too_long_is_refused(text, message):
    """The error is one line with the limit, and comes before memory is taken."""
    with pytest.raises(DataError, match=f"^{message}"):
        wav_of(tune(text))


@pytest.mark.parametrize("rate", [0, 7_999, 96_000])
def test_a_sample_rate_that_no_player_has_is_refused(rate):
    """The sample rate is an argument, so the error is a ValueError."""
    with pytest.raises(ValueError, match="expected a sample rate of 8000 to 48000"):
        wav_of(tune("c4"), sample_rate=rate)
