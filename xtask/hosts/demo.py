"""Plays the demo song through the bundled plugin, listens to it, and exits with 1 when it does not sound as it must."""

import argparse
import sys
import time

import numpy as np
from pedalboard.io import AudioFile

import hearing
import player

# Automation is written once a block: 10 ms at 48 kHz.
BLOCK = 480
# The last note rings.
TAIL_S = 2.0
IN_TUNE_CENTS = 30.0
IN_TUNE_SHARE = 0.95
PEAK_DB = (-20.0, -0.1)
# A solo note, long enough to be judged, and silence after it.
SOLO_S, SOLO_GAP_S = 0.9, 0.6


def main():
    options = parse()
    song = player.read_song(options.song)
    automation = player.Automation(options.automation)
    plugin = player.load(options.plugin)
    print(f"      {plugin.name} {plugin.version} by {plugin.manufacturer_name}: {len(song)} notes", flush=True)

    audio = play_song(plugin, song, automation)
    with AudioFile(options.wave, "w", player.RATE_HZ, player.CHANNELS, bit_depth=24) as file:
        file.write(audio)
    verdicts = [level(audio), smoothness(audio, song), tuning(plugin, song, automation)]
    return 0 if all(verdicts) else 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugin", required=True, help="the bundled VST3")
    parser.add_argument("--song", required=True, help="MIDI file")
    parser.add_argument("--automation", required=True, help="CSV of seconds,z1,z2,z3,z4")
    parser.add_argument("--wave", required=True, help="WAV file to write")
    return parser.parse_args()


def play_song(plugin, song, automation):
    """The song with its automation: [channels, samples], the plugin's reported latency taken off its start."""
    samples = song_length(song)
    told = 0

    def before(sample):
        nonlocal told
        player.set_latents(plugin, automation.at(sample / player.RATE_HZ))
        if sample * 4 // samples > told:
            told += 1
            print(f"      {25 * told} % played", flush=True)

    player.set_latents(plugin, automation.at(0.0))
    plugin.reset()
    latency = plugin.reported_latency_samples
    events = [event for note in song for event in note.events()]
    blocks = [BLOCK] * -(-(samples + latency) // BLOCK)
    start = time.monotonic()
    audio = player.play_in_parts(plugin, events, blocks, before)[:, latency : latency + samples]
    took = time.monotonic() - start
    seconds = samples / player.RATE_HZ
    print(f"      {seconds:.1f} s of music in {took:.1f} s: {seconds / took:.1f} times real time", flush=True)
    return audio


def song_length(song):
    return max(note.stop for note in song) + round(TAIL_S * player.RATE_HZ)


def level(audio):
    peak = hearing.peak_db(audio)
    good = PEAK_DB[0] <= peak <= PEAK_DB[1]
    return told(good, f"level: peak {peak:.1f} dBFS (to be within {PEAK_DB[0]} and {PEAK_DB[1]})")


def smoothness(audio, song):
    """Clicks at note-ons and note-offs and at the edges of blocks."""
    rate = player.RATE_HZ
    onsets = [note.start / rate for note in song]
    edges = np.arange(0, audio.shape[1], BLOCK) / rate
    moments = np.concatenate((onsets, [note.stop / rate for note in song], edges))
    found = hearing.clicks(audio, rate, moments, onsets)
    where = ", ".join(f"{at:.3f} s" for at in found[:8])
    return told(not found, f"clicks: {len(found)} at {len(moments)} events and block edges{': ' + where if found else ''}")


def tuning(plugin, song, automation):
    """Plays each of the song's notes alone, with the z it had, and asks YIN for its pitch."""
    cents = np.array([solo(plugin, note, automation) for note in song])
    right = np.abs(cents) <= IN_TUNE_CENTS
    share = float(np.mean(right))
    worst = [f"key {n.key} at {n.start / player.RATE_HZ:.2f} s: {c:+.0f} cents" for n, c in zip(song, cents) if not abs(c) <= IN_TUNE_CENTS]
    for line in worst[:8]:
        print(f"      {line}")
    spread = np.nanmedian(np.abs(cents))
    line = f"tuning: {right.sum()} of {len(song)} notes within {IN_TUNE_CENTS:.0f} cents ({share:.1%}), median {spread:.1f} cents off"
    return told(share >= IN_TUNE_SHARE, line)


def solo(plugin, note, automation):
    rate = player.RATE_HZ
    # The block in which the note started was played with this z.
    player.set_latents(plugin, automation.at(note.start // BLOCK * BLOCK / rate))
    alone = player.Note(0, round(SOLO_S * rate), note.key, note.velocity)
    audio = player.play(plugin, alone.events(), round((SOLO_S + SOLO_GAP_S) * rate), fresh=False)
    return hearing.solo_cents(audio.mean(axis=0), rate, plugin.reported_latency_samples, note.key)


def told(good, line):
    print(f"      {line}: {'ok' if good else 'NOT OK'}", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
