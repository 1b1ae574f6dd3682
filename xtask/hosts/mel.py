"""A model's view of a sound, written a second time: normalised mel as the cards of 22.05 kHz describe it, in numpy."""

import numpy as np

RATE_HZ = 22_050
FFT, HOP, BANDS = 2048, 256, 500
# y = 2 ln(1 + GAIN m) / ln(1 + GAIN FULL_SCALE) - 1
GAIN = FULL_SCALE = 64.0
# Recordings are peak-normalised to this.
PEAK = 0.9
# Slaney's mel scale: linear to 1 kHz, then 27 steps to 6.4 kHz.
BREAK_HZ, LINEAR_STEP_HZ, LOG_STEP = 1000.0, 200.0 / 3.0, np.log(6.4) / 27.0


def mel_to_hz(mel):
    break_mel = BREAK_HZ / LINEAR_STEP_HZ
    return np.where(mel < break_mel, mel * LINEAR_STEP_HZ, BREAK_HZ * np.exp((mel - break_mel) * LOG_STEP))


def filter_bank():
    """Triangles of unit area in Hz, evenly spaced in mel over 0 to 11 025 Hz: [bands, bins]."""
    top = BREAK_HZ / LINEAR_STEP_HZ + np.log(RATE_HZ / 2 / BREAK_HZ) / LOG_STEP
    edges = mel_to_hz(np.linspace(0.0, top, BANDS + 2))[:, None]
    hz = np.arange(FFT // 2 + 1) * RATE_HZ / FFT
    rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (edges[2:] - edges[:-2])


def normalised(mono):
    """Normalised mel of a signal at 22 050 Hz: [frames, bands] in -1 to 1."""
    frames = np.lib.stride_tricks.sliding_window_view(mono, FFT)[::HOP]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FFT) / FFT)
    mel = np.abs(np.fft.rfft(frames * window)) @ filter_bank().T
    return 2.0 * np.log1p(GAIN * mel) / np.log1p(GAIN * FULL_SCALE) - 1.0


def distance(one, other):
    """Mean squared difference of two sounds in the normalised mel, the louder of the two at the recordings' peak."""
    scale = PEAK / max(np.max(np.abs(one)), np.max(np.abs(other)))
    return float(np.mean((normalised(one * scale) - normalised(other * scale)) ** 2))
