"""The plugin's window in pedalboard, on the display at hand, told what to do line by line.

Run as a program with the path of a VST3: it opens the window and answers each line that it reads with a line of JSON.
With `later` after the path the plugin begins to play with the first take, and every note sounds 80 ms after its strike.

    values          the parameters' raw values, by name
    play KEY        strikes a key and goes on playing, in real time
    quiet           plays nothing
    take S KEY      strikes a key every second and keeps what sounds for S seconds
    taken           waits for that, and says its SHA-256 and peak
    memory          resident bytes, threads, descriptors, and CPU seconds of the process
    reopen N        closes and opens the window N times
    close           closes the window and ends
"""

import hashlib
import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np

import player

BLOCK = 512
# Blocks between two strikes of a take.
STRIKE_BLOCKS = 94


class Take:
    """So many blocks of what sounds."""

    def __init__(self, seconds, key):
        self.key = key
        self.wanted = round(seconds * player.RATE_HZ / BLOCK)
        self.blocks = []
        self.whole = threading.Event()

    def add(self, sound):
        """Keeps a block, and says whether it was the last."""
        self.blocks.append(sound)
        if len(self.blocks) == self.wanted:
            self.whole.set()
        return self.whole.is_set()

    def summary(self):
        self.whole.wait()
        sound = np.concatenate(self.blocks, axis=1)
        return {"sha256": hashlib.sha256(sound.tobytes()).hexdigest(), "peak": float(np.abs(sound).max())}


class Stage:
    """A plugin that plays in real time on a thread of its own, as in a DAW."""

    def __init__(self, path, later):
        self.plugin = player.load(path)
        self.ends = threading.Event()
        self.closes = threading.Event()
        self.reopenings = 0
        self.key = None
        self.messages = []
        self.peak = 0.0
        self.take = None
        self.taken = None
        self.thread = threading.Thread(target=self.play, daemon=True)
        if later:
            player.set_latency(self.plugin, 80)
        else:
            self.thread.start()

    def play(self):
        due = time.monotonic()
        while not self.ends.is_set():
            take = self.take
            if take is not None and len(take.blocks) % STRIKE_BLOCKS == 0:
                self.messages = [(bytes([0x90, take.key, 100]), 0.0)]
            messages, self.messages = self.messages, []
            sound = self.plugin(messages, BLOCK / player.RATE_HZ, player.RATE_HZ, reset=False)
            if take is not None and take.add(sound):
                self.take = None
            self.peak = max(self.peak, float(np.abs(sound).max(initial=0.0)))
            due += BLOCK / player.RATE_HZ
            time.sleep(max(0.0, due - time.monotonic()))

    def answer(self, line):
        word, *rest = line.split()
        if word == "values":
            return {name: parameter.raw_value for name, parameter in self.plugin.parameters.items()}
        if word == "play":
            self.messages = [(bytes([0x90, int(rest[0]), 100]), 0.0)]
        elif word == "quiet":
            self.messages = [(bytes([0xB0, 123, 0]), 0.0)]
        elif word == "take":
            self.taken = self.take = Take(float(rest[0]), int(rest[1]))
            if not self.thread.is_alive():
                self.thread.start()
        elif word == "taken":
            return self.taken.summary()
        elif word == "memory":
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            return {
                "rss": pages * os.sysconf("SC_PAGE_SIZE"),
                "threads": len(os.listdir("/proc/self/task")),
                "descriptors": len(os.listdir("/proc/self/fd")),
                "cpu": time.process_time(),
            }
        elif word == "peak":
            peak, self.peak = self.peak, 0.0
            return {"peak": peak}
        elif word == "reopen":
            self.reopenings = int(rest[0])
            self.closes.set()
            while self.reopenings:
                time.sleep(0.01)
        elif word == "close":
            self.ends.set()
            self.closes.set()
        return {}


def main():
    stage = Stage(Path(sys.argv[1]), later="later" in sys.argv[2:])

    def listen():
        for line in sys.stdin:
            print(json.dumps(stage.answer(line)), flush=True)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        stage.closes.clear()
        if stage.reopenings:
            # Long enough for the window to draw something.
            threading.Timer(0.15, stage.closes.set).start()
        print(json.dumps({"open": True}), file=sys.stderr, flush=True)
        stage.plugin.show_editor(stage.closes)
        if stage.ends.is_set():
            break
        stage.reopenings = max(0, stage.reopenings - 1)


if __name__ == "__main__":
    main()
