"""What an attentive listener would notice: level, pitch, clicks. Numpy alone, and no code of the plugin's."""

import numpy as np

# A click is measured within 2 ms of an event, against the 50 ms around it (25 ms to each side).
CLICK_MS = 2
SURROUNDINGS_MS = 25
CLICK_RATIO = 4.0
# What a plucked string does by itself at its start.
ATTACK_MS = 30
# Second differences below -80 dB of full scale are no click to anyone.
INAUDIBLE = 1e-4

# Standard tuning of MIDI: key 69 is 440 Hz.
A4_KEY, A4_HZ = 69, 440.0
# YIN's absolute threshold, as de Cheveigne and Kawahara propose (2002, step 4).
YIN_THRESHOLD = 0.1
# Pitch is judged after the pluck's noise and before the string has died, in s after the onset.
JUDGED_FROM_S, JUDGED_TO_S, JUDGED_FRAMES = 0.08, 0.5, 7


def peak_db(audio):
    """Peak of any channel in dB of full scale; -inf for silence."""
    peak = float(np.max(np.abs(audio), initial=0.0))
    return 20.0 * np.log10(peak) if peak > 0.0 else -np.inf


def cents_off(hz, key):
    """How far a frequency is above a MIDI key, in cents."""
    return 1200.0 * np.log2(hz / A4_HZ) - 100.0 * (key - A4_KEY)


def solo_cents(mono, rate_hz, onset, key):
    """Cents by which a single note misses its key: median of YIN over frames of its sounding part.

    `onset` is in samples. Returns nan where nothing periodic sounds.
    """
    starts = np.linspace(onset + JUDGED_FROM_S * rate_hz, onset + JUDGED_TO_S * rate_hz, JUDGED_FRAMES).astype(int)
    found = [yin_hz(mono[start:], rate_hz) for start in starts]
    cents = [cents_off(hz, key) for hz in found if np.isfinite(hz)]
    return float(np.median(cents)) if cents else np.nan


def yin_hz(mono, rate_hz, lowest_hz=65.0, highest_hz=1500.0):
    """Fundamental frequency of the start of a signal by YIN (de Cheveigne and Kawahara, JASA 2002), or nan.

    Steps 2 to 5: difference function, cumulative mean normalisation, absolute threshold, parabolic interpolation.
    """
    longest = int(np.ceil(rate_hz / lowest_hz)) + 2
    shortest = max(2, int(rate_hz / highest_hz))
    window = 2 * longest
    if len(mono) < window + longest or not np.any(mono[: window + longest]):
        return np.nan
    normal = normalised_difference(mono[: window + longest].astype(np.float64), window, longest)
    below = np.nonzero(normal[shortest:longest] < YIN_THRESHOLD)[0]
    lag = shortest + (int(below[0]) if len(below) else int(np.argmin(normal[shortest:longest])))
    while lag + 1 < longest and normal[lag + 1] < normal[lag]:
        lag += 1
    if normal[lag] > 0.5:
        return np.nan
    left, here, right = normal[lag - 1 : lag + 2] if lag + 2 <= len(normal) else (normal[lag],) * 3
    bend = left - 2.0 * here + right
    return rate_hz / (lag + (0.5 * (left - right) / bend if bend > 0.0 else 0.0))


def normalised_difference(signal, window, longest):
    """YIN's d'(tau) for tau in 0..=longest over `window` samples (equations 6 and 8); d'(0) is 1."""
    size = 1 << int(np.ceil(np.log2(window + longest + window)))
    head = signal[:window]
    correlation = np.fft.irfft(np.fft.rfft(signal, size) * np.conj(np.fft.rfft(head, size)), size)[: longest + 1]
    energy = np.concatenate(([0.0], np.cumsum(signal**2)))
    lags = np.arange(longest + 1)
    lags = lags[lags + window < len(energy)]
    difference = energy[window] + energy[lags + window] - energy[lags] - 2.0 * correlation[lags]
    difference = np.maximum(difference, 0.0)
    running = np.cumsum(difference[1:]) / lags[1:]
    return np.concatenate(([1.0], difference[1:] / np.maximum(running, 1e-20)))


def clicks(audio, rate_hz, moments_s, onsets_s):
    """Moments, in s, at which the audio clicks.

    Looks within 2 ms of every moment of `moments_s` (events, note ends, block edges): the largest second difference there
    may be at most 4 times the largest in the 50 ms around. The attack after each of `onsets_s` is excepted.
    """
    roughness = per_millisecond(audio, rate_hz)
    attack = np.zeros(len(roughness), bool)
    for onset in onsets_s:
        start = int(onset * 1000.0)
        attack[max(0, start - CLICK_MS) : start + ATTACK_MS] = True
    moments = np.unique((np.asarray(moments_s) * 1000.0).astype(int))
    return [at / 1000.0 for at in moments if at < len(roughness) and is_click(roughness, attack, at)]


def per_millisecond(audio, rate_hz):
    """The largest second difference of any channel in each millisecond."""
    second = np.zeros(audio.shape[-1])
    second[1:-1] = np.max(np.abs(np.diff(np.atleast_2d(audio).astype(np.float64), 2)), axis=0)
    edges = (np.arange(int(len(second) * 1000 / rate_hz)) * rate_hz / 1000.0).astype(int)
    return np.maximum.reduceat(second, edges) if len(edges) else np.zeros(0)


def is_click(roughness, attack, at):
    """Whether the milliseconds around `at` are more than 4 times as rough as those around them."""
    near = slice(max(0, at - CLICK_MS), at + CLICK_MS + 1)
    if attack[near].any():
        return False
    before = roughness[max(0, at - SURROUNDINGS_MS) : near.start]
    after = roughness[near.stop : at + SURROUNDINGS_MS + 1]
    around = max(np.max(before, initial=0.0), np.max(after, initial=0.0))
    return np.max(roughness[near]) > max(CLICK_RATIO * around, INAUDIBLE)
