"""Writes greensleeves.mid and automation.csv: an arrangement for one plucked instrument.

The tune is anonymous, registered in London in 1580. The arrangement is this file; like the two files it writes, it is
dedicated to the public domain (CC0 1.0). Needs `mido`: run it with the Python of `target/hosts-venv`.
"""

import math
import random
from pathlib import Path

import mido

TICKS_PER_QUARTER = 480
QUAVER = TICKS_PER_QUARTER // 2
QUAVERS_PER_BAR = 6
# Dotted quarters a minute, from bar to bar: the end takes its time.
TEMPO = {0: 69, 14: 66, 15: 60, 16: 50}
# A strum crosses the strings in this many ticks each; at 69 dotted quarters a minute a tick is 1.2 ms.
STRUM_TICKS = 10
# A player is not a machine: up to this many ticks and steps of velocity off, always the same way.
LOOSE_TICKS, LOOSE_VELOCITY = 4, 4
PLAYER = random.Random(1580)

# (key, quavers); the first note is the upbeat.
UPBEAT = [(69, 1)]
AM = [(72, 2), (74, 1), (76, 1.5), (77, 0.5), (76, 1)]
G = [(74, 2), (71, 1), (67, 1.5), (69, 0.5), (71, 1)]
TURN = [(72, 2), (69, 1), (69, 1.5), (68, 0.5), (69, 1)]
HALF = [(71, 2), (68, 1), (64, 2), (69, 1)]
CADENCE = [(72, 1.5), (71, 0.5), (69, 1), (68, 1.5), (66, 0.5), (68, 1)]
HOME = [(69, 3), (69, 3)]
HIGH = [(79, 3), (79, 1.5), (78, 0.5), (76, 1)]
OPEN = [(71, 2), (68, 1), (64, 3)]
LAST = [(69, 6)]
MELODY = [AM, G, TURN, HALF, AM, G, CADENCE, HOME, HIGH, G, TURN, OPEN, HIGH, G, CADENCE, LAST]
# The harmony of each half bar, and the keys of each chord from the lowest string up.
HARMONY = "Am Am G G Am Am E E Am Am G G Am E Am Am C C G G Am Am E E C C G G Am E Am Am".split()
CHORDS = {"Am": (57, 60, 64), "G": (55, 59, 62), "E": (52, 56, 59), "C": (48, 55, 60)}
CHORUS_BAR = 8


class Score:
    """Notes as (start, stop, key, velocity), in ticks."""

    def __init__(self):
        self.notes = []

    def pluck(self, start, ticks, key, velocity):
        start = max(0, round(start) + PLAYER.randint(-LOOSE_TICKS, LOOSE_TICKS))
        velocity = min(127, max(1, round(velocity) + PLAYER.randint(-LOOSE_VELOCITY, LOOSE_VELOCITY)))
        self.notes.append([start, start + max(QUAVER // 2, round(ticks)), key, velocity])

    def damped(self):
        """The notes in order; a string that is plucked again stops sounding what it sounded."""
        notes, last = sorted(self.notes), {}
        for note in notes:
            earlier = last.get(note[2])
            if earlier is not None and earlier[1] > note[0] - 2:
                earlier[1] = note[0] - 2
            last[note[2]] = note
        return [note for note in notes if note[1] > note[0]]


def swell(bar):
    """Loudness of a bar within its phrase of four, 0 to 1: towards the third bar and back."""
    return math.sin(math.pi * ((bar % 4) + 0.8) / 4.6)


def bar_start(bar):
    """Ticks; the upbeat comes before bar 0."""
    return QUAVER + bar * QUAVERS_PER_BAR * QUAVER


def melody(score):
    score.pluck(0, QUAVER, UPBEAT[0][0], 74)
    for bar, line in enumerate(MELODY):
        at = bar_start(bar)
        for key, quavers in line:
            accent = 8 if at == bar_start(bar) else 0
            score.pluck(at, quavers * QUAVER, key, 78 + 18 * swell(bar) + accent + (6 if bar >= CHORUS_BAR else 0))
            at += quavers * QUAVER


def broken_chord(score, start, chord, bar):
    """The verse: three strings one after the other, each ringing on to the end of the half bar."""
    for step, key in enumerate(CHORDS[chord]):
        score.pluck(start + step * QUAVER, (3 - step) * QUAVER, key, 50 + 12 * swell(bar) + (6 if step == 0 else 0))


def strummed_chord(score, start, chord, bar):
    """The chorus: down across the strings on the beat, and a light brush up before the next."""
    keys = CHORDS[chord]
    for string, key in enumerate(keys):
        score.pluck(start + string * STRUM_TICKS, 1.9 * QUAVER, key, 58 + 14 * swell(bar) - 3 * string)
    for string, key in enumerate(reversed(keys[1:])):
        score.pluck(start + 2 * QUAVER + string * STRUM_TICKS, 0.9 * QUAVER, key, 40 + 10 * swell(bar))


def accompaniment(score):
    for half, chord in enumerate(HARMONY):
        bar, start = half // 2, bar_start(0) + half * 3 * QUAVER
        if bar == len(MELODY) - 1:
            continue
        (strummed_chord if bar >= CHORUS_BAR else broken_chord)(score, start, chord, bar)
    # The last chord, slowly, over the final note.
    for string, key in enumerate((45, 52, 57, 60, 64)):
        score.pluck(bar_start(15) + string * 3 * STRUM_TICKS, 6 * QUAVER, key, 66)


def midi_file(notes):
    timed = [(bar_start(bar) if bar else 0, 0, tempo(bpm)) for bar, bpm in TEMPO.items()]
    for start, stop, key, velocity in notes:
        timed.append((start, 2, mido.Message("note_on", note=key, velocity=velocity)))
        timed.append((stop, 1, mido.Message("note_off", note=key, velocity=0)))
    track = mido.MidiTrack([
        mido.MetaMessage("track_name", name="Greensleeves (anonymous, 1580)"),
        mido.MetaMessage("time_signature", numerator=6, denominator=8),
    ])
    at = 0
    for tick, _, message in sorted(timed, key=lambda entry: entry[:2]):
        track.append(message.copy(time=tick - at))
        at = tick
    track.append(mido.MetaMessage("end_of_track", time=QUAVER))
    return mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_QUARTER, tracks=[track])


def tempo(dotted_quarters_a_minute):
    return mido.MetaMessage("set_tempo", tempo=round(60e6 / (dotted_quarters_a_minute * 1.5)))


def automation(seconds):
    """A way through the latent space: out from the middle in the verse, far in the chorus, and home."""
    lines = ["# seconds,z1,z2,z3,z4"]
    for step in range(int(seconds * 4) + 1):
        at = step / 4
        turn = 2 * math.pi * at / seconds
        reach = math.sin(math.pi * at / seconds) ** 2
        z = (1.4 * math.sin(turn), 1.1 * math.sin(2 * turn), 1.2 * math.cos(turn) - 1.2, 0.9 * math.sin(3 * turn))
        lines.append(f"{at:.2f}," + ",".join(f"{reach * value:.3f}" for value in z))
    return "\n".join(lines) + "\n"


def main():
    here, score = Path(__file__).parent, Score()
    melody(score)
    accompaniment(score)
    song = midi_file(score.damped())
    song.save(here / "greensleeves.mid")
    (here / "automation.csv").write_text(automation(song.length), encoding="ascii")
    print(f"{len(score.notes)} notes, {song.length:.1f} s")


if __name__ == "__main__":
    main()
