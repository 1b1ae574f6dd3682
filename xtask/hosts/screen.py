"""A display of one's own to open windows on, a hand to use them with, and an eye to see them."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

# What the display is made of, with the Debian package of each.
PROGRAMS = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xsettingsd": "xsettingsd",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "xwininfo": "x11-utils",
}


def missing():
    """What this machine lacks for a display, as Debian packages."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


class Screen:
    """An X server without a monitor, with a window manager and the settings that toolkits ask for."""

    def __init__(self, width=1280, height=900, scale=1.0):
        read, write = os.pipe()
        size = f"{width}x{height}x24"
        server = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
        self.processes = [subprocess.Popen(server, pass_fds=[write], stderr=subprocess.DEVNULL)]
        os.close(write)
        with os.fdopen(read, encoding="ascii") as number:
            self.display = f":{number.readline().strip()}"
        self.env = {**os.environ, "DISPLAY": self.display, "LIBGL_ALWAYS_SOFTWARE": "1"}
        self.folder = tempfile.TemporaryDirectory()
        settings = Path(self.folder.name) / "xsettingsd"
        settings.write_text(f"Xft/DPI {round(96 * scale * 1024)}\n", encoding="ascii")
        for command in (["openbox"], ["xsettingsd", "-c", str(settings)]):
            self.processes.append(subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL))

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
        self.folder.cleanup()

    def do(self, *words):
        """Runs xdotool; returns what it says."""
        command = ["xdotool", *map(str, words)]
        return subprocess.run(command, env=self.env, check=True, capture_output=True, text=True).stdout

    def window(self, name, seconds=20.0):
        """The inside of the window whose title contains `name`: left, top, width and height in pixels."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = subprocess.run(
                ["xdotool", "search", "--onlyvisible", "--name", name], env=self.env, capture_output=True, text=True
            ).stdout.split()
            if found:
                # xdotool counts the frames of window managers twice.
                told = subprocess.run(["xwininfo", "-id", found[-1]], env=self.env, capture_output=True, text=True)
                shape = dict(line.strip().rsplit(":", 1) for line in told.stdout.splitlines() if ":" in line)
                names = ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
                if int(shape.get("Width", 0)) > 200:
                    return tuple(int(shape[name]) for name in names)
            time.sleep(0.05)
        raise TimeoutError(f"no window named {name} within {seconds} s")

    def picture(self):
        """The whole screen: an array [height, width, 3] of bytes."""
        command = ["import", "-window", "root", "-depth", "8", "ppm:-"]
        data = subprocess.run(command, env=self.env, check=True, capture_output=True).stdout
        _, size, _, pixels = data.split(b"\n", 3)
        width, height = map(int, size.split())
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
