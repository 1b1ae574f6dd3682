"""Pictures of the real window in pedalboard and the standalone, at three scales, empty and while it plays: docs/images.
Those of Ardour (7.3, audio system "None (Dummy)") are taken by hand.

    cargo xtask bundle --release
    cargo build --features standalone --target-dir target/standalone
    export UKULELATENT_VST3=target/bundled/Ukulelatent.vst3
    export UKULELATENT_STANDALONE=target/standalone/debug/ukulelatent
    target/hosts-venv/bin/python xtask/hosts/pictures.py docs/images [pedalboard] [standalone]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import screen as screens
import test_window

SCALES = (1.0, 1.5, 2.0)
# Fewer would show as steps.
COLOURS = 128
CHORD = (48, 55, 60, 64)
# White keys of the same, on the window's keyboard, whose first is A0.
WHITE_KEYS = 52
WHITE_CHORD = (16, 20, 23, 25)


class Standalone:
    """`ukulelatent play`, without a sound card, its keys played with the mouse."""

    at = test_window.Window.at
    pixel = test_window.Window.pixel
    drag = test_window.Window.drag

    def __init__(self, screen, home):
        self.screen = screen
        program = [os.environ["UKULELATENT_STANDALONE"], "play", "--backend", "dummy"]
        env = {**screen.env, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
        self.process = subprocess.Popen(program, env=env)
        self.left, self.top, self.width, self.height = screen.window("Ukulelatent", 60.0)
        self.scale = self.width / test_window.DESIGN[0]

    def chord(self):
        for key in WHITE_CHORD:
            place = self.at(16.0 + (key + 0.5) * 1088.0 / WHITE_KEYS, 696.0)
            self.screen.do("mousemove", *place, "sleep", "0.05", "mousedown", 1, "sleep", "0.1")
            if key != WHITE_CHORD[-1]:
                self.screen.do("mouseup", 1)

    def close(self):
        self.process.terminate()
        self.process.wait(20.0)


class Pedalboard(test_window.Window):
    """In real time, as in a DAW."""

    def chord(self):
        for key in CHORD:
            self.ask(f"play {key}")
            time.sleep(0.12)


SHELLS = {"pedalboard": Pedalboard, "standalone": Standalone}


def settle(home, scale):
    """A user's folder whose windows open at this scale."""
    folder = home / "data" / "ukulelatent"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps({"window_scale": scale}), encoding="utf-8")


def save(screen, window, path):
    """The inside of the window, as a picture of few colours."""
    crop = f"{window.width}x{window.height}+{window.left}+{window.top}"
    small = ["+dither", "-colors", str(COLOURS), "-strip", f"png8:{path}"]
    capture = ["import", "-window", "root", "-crop", crop, "-depth", "8", "ppm:-"]
    taken = subprocess.run(capture, env=screen.env, check=True, capture_output=True).stdout
    subprocess.run(["convert", "ppm:-", "+repage", *small], input=taken, check=True)
    print(path, f"{path.stat().st_size // 1000} kB", flush=True)


def portray(name, scale, folder):
    """Both pictures of one shell at one scale."""
    screen = screens.Screen(width=2400, height=1600)
    try:
        with tempfile.TemporaryDirectory() as home:
            settle(Path(home), scale)
            window = SHELLS[name](screen, Path(home))
            test_window.wait_for_first_frame(window)
            time.sleep(1.0)
            save(screen, window, folder / f"window-{name}-empty-{round(100 * scale)}.png")
            window.drag(test_window.on_pad(0.5, 0.5), test_window.on_pad(0.62, 0.6))
            window.chord()
            time.sleep(0.8)
            save(screen, window, folder / f"window-{name}-playing-{round(100 * scale)}.png")
            window.close()
    finally:
        screen.close()


def main():
    folder, *names = sys.argv[1:]
    for name in names or SHELLS:
        for scale in SCALES:
            portray(name, scale, Path(folder))


if __name__ == "__main__":
    main()
