"""The plugin in pedalboard, driven as a DAW drives it: events and automation, block by block."""

import re
import weakref
from dataclasses import dataclass

import mido
import numpy as np
import pedalboard
from pedalboard import _pedalboard

# VST3 hosts hear MIDI controllers through hidden parameters, 130 for each channel. pedalboard asks for the text of a
# thousand values of every parameter that it shows; it passes over those of JUCE plugins, and is told to over ours.
_pedalboard.PARAMETER_NAME_REGEXES_TO_IGNORE.add(re.compile(r"MIDI Ch\. "))

RATE_HZ = 48_000
CHANNELS = 2
LATENTS = ("z1", "z2", "z3", "z4")
LATENT_REACH = 3.0
# The steps of the parameter `latency`, in ms; 0 is "live".
LATENCIES_MS = (0, 10, 20, 40, 80)
# pedalboard may wait this long, in s, for the plugin to sound when it loads it.
LOAD_S = 20.0


@dataclass(frozen=True)
class Event:
    """A MIDI message at a sample."""

    sample: int
    message: tuple


@dataclass(frozen=True)
class Note:
    """A key from its note-on to its note-off, in samples."""

    start: int
    stop: int
    key: int
    velocity: int

    def events(self):
        return [Event(self.start, (0x90, self.key, self.velocity)), Event(self.stop, (0x80, self.key, 0))]


def load(path):
    """A new instance of the plugin."""
    return pedalboard.VST3Plugin(str(path), initialization_timeout=LOAD_S)


# The parameters of each plugin: pedalboard looks through all of the hidden ones whenever it is asked, 20 ms a time.
_parameters = weakref.WeakKeyDictionary()


def parameter(plugin, name):
    """The parameter whose displayed name begins with `name`, whatever its unit."""
    if plugin not in _parameters:
        _parameters[plugin] = list(plugin.parameters.values())
    for candidate in _parameters[plugin]:
        if candidate.name.lower().split()[0] == name:
            return candidate
    raise KeyError(f"the plugin shows no parameter {name}: {[p.name for p in _parameters[plugin]]}")


def set_latents(plugin, latents):
    """Sets z1 to z4, each -3 to +3."""
    for name, value in zip(LATENTS, latents, strict=True):
        raw = (np.clip(value, -LATENT_REACH, LATENT_REACH) + LATENT_REACH) / (2.0 * LATENT_REACH)
        parameter(plugin, name).raw_value = float(raw)


def set_latency(plugin, milliseconds):
    """Chooses a step of `latency`; it counts from the next render on."""
    parameter(plugin, "latency").raw_value = LATENCIES_MS.index(milliseconds) / (len(LATENCIES_MS) - 1)


def play(plugin, events, samples, block=512, rate_hz=RATE_HZ, fresh=True):
    """Renders `samples` samples in blocks of `block`: an array [channels, samples]. `fresh` forgets what sounded before."""
    # pedalboard cuts seconds down to samples; half a sample more makes that exact.
    messages = [(bytes(event.message), (event.sample + 0.5) / rate_hz) for event in events]
    duration_s = (samples + 0.5) / rate_hz
    audio = plugin.process(messages, duration_s, rate_hz, num_channels=CHANNELS, buffer_size=block, reset=fresh)
    assert audio.shape == (CHANNELS, samples), f"asked for {samples} samples, got {audio.shape}"
    return audio


def play_in_parts(plugin, events, parts, before=None, rate_hz=RATE_HZ):
    """Renders blocks of the given lengths, one call each; `before(sample)` runs before the block that starts there."""
    start, audio = 0, []
    # pedalboard activates the plugin anew when a block is larger than all before it: it must know the largest first.
    largest = max(parts)
    events = sorted(events, key=lambda event: event.sample)
    for length in parts:
        if before is not None:
            before(start)
        due = [Event(e.sample - start, e.message) for e in events if start <= e.sample < start + length]
        audio.append(play(plugin, due, length, block=largest, rate_hz=rate_hz, fresh=start == 0))
        start += length
    return np.concatenate(audio, axis=1)


def read_song(path, rate_hz=RATE_HZ):
    """The notes of a MIDI file in the order of their starts."""
    seconds, sounding, notes = 0.0, {}, []
    for message in mido.MidiFile(path):
        seconds += message.time
        sample = round(seconds * rate_hz)
        if message.type == "note_on" and message.velocity > 0:
            sounding.setdefault(message.note, []).append((sample, message.velocity))
        elif message.type in ("note_on", "note_off") and sounding.get(message.note):
            start, velocity = sounding[message.note].pop(0)
            notes.append(Note(start, sample, message.note, velocity))
    assert not any(sounding.values()), f"{path}: notes without an end: {sounding}"
    return sorted(notes, key=lambda note: (note.start, note.key))


class Automation:
    """z1 to z4 over time: lines `seconds,z1,z2,z3,z4`, with straight lines between."""

    def __init__(self, path):
        self.points = np.loadtxt(path, delimiter=",", comments="#", ndmin=2)
        assert self.points.shape[1] == 1 + len(LATENTS), f"{path}: expected 5 columns, got {self.points.shape[1]}"

    def at(self, seconds):
        return [float(np.interp(seconds, self.points[:, 0], column)) for column in self.points[:, 1:].T]
