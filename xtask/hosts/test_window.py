"""The plugin's window, really open: a hand on a mouse and a keyboard, and what the host's parameters say.

It needs a display. Where the machine has not what it takes to make one, the tests say so and are skipped."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import screen as screens

PLUGIN = Path(os.environ["UKULELATENT_VST3"])
DESIGN = (1120, 720)
# Of the window's ground and of the handle of a pad, in red, green and blue.
GROUND = (0x10, 0x13, 0x1A)
ACCENT = (0xAC, 0x9C, 0xFF)
# In design units: the button of the settings, that of 100 % among the scales, what lies between two, what closes them, and
# the middle of the map.
SETTINGS = (1048, 28)
SCALE_100 = (424, 462)
SCALE_PITCH = 76
CLOSE = (960, 104)
MAP_MIDDLE = (624 + 12 + 228, 56 + 40 + 116)
FIRST_FRAME_S = 5.0
# A busy machine may take that long from a hand's movement to the host's parameter.
SETTLED_S = 3.0
PRESSES = 8
# What a process may gain by so many openings.
OPENINGS = 200
GROWTH_BYTES = 5_000_000
# Openings between two strikes of a key: about as long as it sounds.
OPENINGS_A_NOTE = 10

pytestmark = pytest.mark.skipif(
    bool(screens.missing()), reason=f"no display can be made: {', '.join(screens.missing())} not installed"
)


class Window:
    """The window in a pedalboard of its own process."""

    def __init__(self, screen, home, *options):
        self.screen = screen
        program = [sys.executable, str(Path(__file__).with_name("window.py")), str(PLUGIN), *options]
        env = {**screen.env, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
        # With a pool for each thread, what the C library keeps in reserve comes and goes by tens of megabytes.
        env["MALLOC_ARENA_MAX"] = "1"
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(program, env=env, stdin=pipe, stdout=pipe, text=True)
        self.left, self.top, self.width, self.height = screen.window("Pedalboard", 60.0)
        self.scale = self.width / DESIGN[0]

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def values(self):
        """What the host has for z1 to z4, in latent units, once it has settled."""
        time.sleep(0.3)
        raw = self.ask("values")
        return [6.0 * raw[name] - 3.0 for name in ("z1", "z2", "z3", "z4")]

    def expect(self, latents, tolerance=1e-3):
        """Waits for the host to have these for z1 to z4."""
        until = time.monotonic() + SETTLED_S
        while self.values() != pytest.approx(latents, abs=tolerance) and time.monotonic() < until:
            pass
        assert self.values() == pytest.approx(latents, abs=tolerance)

    def press(self, keys, latents):
        """Presses keys until the host has these: a busy display may lose the first ones."""
        for attempt in range(PRESSES):
            if attempt:
                self.focus()
            self.screen.do("key", keys)
            try:
                return self.expect(latents)
            except AssertionError as error:
                lost = error
        raise lost

    def focus(self):
        """Keys go to the window that was clicked last, once its window manager got to it."""
        self.click(100, 28)
        time.sleep(0.3)

    def press_until_other(self, keys, latents):
        """Presses keys until the host has something else than these, and says what it has."""
        for _ in range(PRESSES):
            self.focus()
            self.screen.do("key", keys)
            until = time.monotonic() + SETTLED_S
            while time.monotonic() < until:
                found = self.values()
                if found != pytest.approx(latents, abs=1e-3):
                    return found
        raise AssertionError(f"{PRESSES} times {keys} changed nothing: {latents}")

    def expect_size(self, width, height):
        """Waits for the window to have this inside, and looks where it is now."""
        until = time.monotonic() + SETTLED_S
        while True:
            self.left, self.top, *found = self.screen.window("Pedalboard")
            if found == [width, height]:
                break
            assert time.monotonic() < until, f"expected {width} x {height}, got {found[0]} x {found[1]}"
            time.sleep(0.1)
        self.scale = width / DESIGN[0]

    def at(self, x, y):
        """A place given in design units, on the screen."""
        return round(self.left + x * self.scale), round(self.top + y * self.scale)

    def pixel(self, x, y):
        left, top = self.at(x, y)
        return tuple(int(c) for c in self.screen.picture()[top, left])

    def drag(self, start, stop):
        self.screen.do("mousemove", *self.at(*start), "sleep", "0.15", "mousedown", 1, "sleep", "0.15")
        for step in range(1, 9):
            place = [a + (b - a) * step / 8 for a, b in zip(start, stop, strict=True)]
            self.screen.do("mousemove", *self.at(*place), "sleep", "0.03")
        self.screen.do("sleep", "0.1", "mouseup", 1)

    def click(self, x, y):
        self.screen.do("mousemove", *self.at(x, y), "sleep", "0.2", "click", 1)

    def close(self):
        self.ask("close")
        self.process.wait(20.0)


def on_pad(x, y):
    """A place on the first pad, from its lower left corner, as shares."""
    return 44.0 + 256.0 * x, 96.0 + 256.0 * (1.0 - y)


@pytest.fixture(name="screen")
def fixture_screen():
    screen = screens.Screen()
    yield screen
    screen.close()


@pytest.fixture(name="wide_screen")
def fixture_wide_screen():
    """Room for 125 %."""
    screen = screens.Screen(1600, 1000)
    yield screen
    screen.close()


def opened(screen, home):
    window = Window(screen, home)
    wait_for_first_frame(window)
    yield window
    if window.process.poll() is None:
        window.close()


@pytest.fixture(name="window")
def fixture_window(screen, tmp_path):
    yield from opened(screen, tmp_path)


@pytest.fixture(name="wide_window")
def fixture_wide_window(wide_screen, tmp_path):
    yield from opened(wide_screen, tmp_path)


def wait_for_first_frame(window):
    until = time.monotonic() + FIRST_FRAME_S
    while near(window.pixel(400, 30), GROUND) and time.monotonic() < until or window.pixel(4, 4) == (0, 0, 0):
        assert time.monotonic() < until, "the window stayed black"
        time.sleep(0.05)


def near(a, b, tolerance=12):
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def test_what_the_hand_does_is_what_the_host_gets(window):
    start = window.values()
    assert start == pytest.approx([0.0] * 4, abs=1e-3)
    window.drag(on_pad(0.5, 0.5), on_pad(0.75, 0.25))
    window.expect([1.5, -1.5, 0.0, 0.0], 0.1)
    moved = window.values()
    x, y = on_pad(0.75, 0.25)
    assert near(window.pixel(x, y), ACCENT, 24), "the handle is where the hand let it go"

    window.press("ctrl+z", start)
    window.press("ctrl+shift+z", moved)

    assert travels(window, moved), "a click on the map reaches a sound"
    window.press("ctrl+z", moved)


def travels(window, start):
    """Clicks along the middle of the map, where sounds lie in groups, until one of them is near."""
    for x in range(0, 228, 24):
        window.click(MAP_MIDDLE[0] + x, MAP_MIDDLE[1])
        time.sleep(1.5)
        if max(abs(a - b) for a, b in zip(window.values(), start, strict=True)) > 0.05:
            return True
    return False


def test_a_scale_chosen_in_the_settings_is_that_of_the_open_window(wide_window):
    window = wide_window
    for place, scale in ((-1, 0.75), (1, 1.25), (0, 1.0)):
        window.click(*SETTINGS)
        time.sleep(0.5)
        window.click(SCALE_100[0] + SCALE_PITCH * place, SCALE_100[1])
        window.expect_size(*(round(side * scale) for side in DESIGN))
        window.click(*CLOSE)
        time.sleep(0.5)
        # What is drawn and what the hand finds are of the new size too.
        window.drag(on_pad(0.5, 0.5), on_pad(0.25, 0.75))
        window.expect([-1.5, 1.5, 0.0, 0.0], 0.1)
        assert near(window.pixel(*on_pad(0.25, 0.75)), ACCENT, 24), scale
        window.press("ctrl+z", [0.0] * 4)


def test_presets_are_stepped_through(window):
    first = window.press_until_other("Next", window.values())
    window.press_until_other("Next", first)


def test_openings_cost_neither_memory_nor_threads_nor_descriptors(window):
    def open_again(times):
        for _ in range(0, times, OPENINGS_A_NOTE):
            window.ask("play 60")
            window.ask(f"reopen {OPENINGS_A_NOTE}")
            assert window.ask("peak")["peak"] > 0.001
        time.sleep(0.5)
        return window.ask("memory")

    # The first ones fill the pools of the C library and of the graphics.
    before = open_again(40)
    after = open_again(OPENINGS)
    print({name: after[name] - before[name] for name in before})
    assert after["rss"] <= before["rss"] + GROWTH_BYTES
    assert after["threads"] <= before["threads"]
    assert after["descriptors"] <= before["descriptors"]


def test_a_window_that_comes_and_goes_changes_no_sample(screen, tmp_path):
    def take(openings):
        window = Window(screen, tmp_path / str(openings), "later")
        wait_for_first_frame(window)
        window.ask("take 5 60")
        if openings:
            window.ask(f"reopen {openings}")
        taken = window.ask("taken")
        window.close()
        return taken

    alone = take(0)
    assert alone["peak"] > 0.001
    assert take(15) == alone
