"""The bundled VST3 in DawDreamer: a second host, with automation at audio rate and states in files."""

import os
import subprocess
import sys
from pathlib import Path

import dawdreamer
import numpy as np
import pytest

import hearing
import player

PLUGIN = str(Path(os.environ["UKULELATENT_VST3"]))
SONG = Path(__file__).parents[2] / "demo" / "greensleeves.mid"
AUTOMATABLE = ("z1", "z2", "z3", "z4", "gain", "attack", "release", "velocity")
RATE = 48_000


class Desk:
    """A render engine with the plugin as its only processor."""

    def __init__(self, block=512):
        self.engine = dawdreamer.RenderEngine(RATE, block)
        self.plugin = self.engine.make_plugin_processor("ukulelatent", PLUGIN)
        # DawDreamer activates a plugin before it says that rendering is offline. Enabling the buses activates it again.
        self.plugin.enable_all_buses()
        self.engine.load_graph([(self.plugin, [])])

    def play(self, seconds=2.0):
        self.engine.render(seconds)
        return self.engine.get_audio()

    def index(self, name):
        names = [self.plugin.get_parameter_name(i) for i in range(self.plugin.get_plugin_parameter_size())]
        return next(i for i, shown in enumerate(names) if shown.lower().split()[0] == name)

    def set(self, name, raw):
        self.plugin.set_parameter(self.index(name), raw)

    def chord(self, start_s=0.1, seconds=0.5):
        for key in (55, 60, 64, 69):
            self.plugin.add_midi_note(key, 100, start_s, seconds)


@pytest.fixture(name="desk")
def fixture_desk():
    return Desk()


def test_every_parameter_but_latency_is_automatable(desk):
    shown = {p["name"].lower().split()[0]: p["isAutomatable"] for p in desk.plugin.get_parameters_description()}
    assert {name: shown[name] for name in AUTOMATABLE} == dict.fromkeys(AUTOMATABLE, True)
    assert not shown["latency"]


def preset_from_pedalboard(path):
    """Saves changed parameters in the other host, in a process of its own; returns their values."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import player; plugin = player.load(sys.argv[2])\n"
        "for step, name in enumerate(sys.argv[4:]): player.parameter(plugin, name).raw_value = 0.2 + 0.07 * step\n"
        "player.play(plugin, [], 512); open(sys.argv[3], 'wb').write(plugin.preset_data)"
    )
    subprocess.run([sys.executable, "-c", script, str(Path(__file__).parent), PLUGIN, str(path), *AUTOMATABLE], check=True)
    return {name: 0.2 + 0.07 * step for step, name in enumerate(AUTOMATABLE)}


def test_what_another_host_saved_plays_the_same_samples(tmp_path):
    # DawDreamer's own state files need a plugin with an editor; presets do not. It shows their values only where a message
    # loop runs, so that they are heard, not read.
    preset = tmp_path / "saved.vstpreset"
    wanted = preset_from_pedalboard(preset)
    restored, by_hand = Desk(), Desk()
    restored.plugin.load_vst3_preset(str(preset))
    for name, raw in wanted.items():
        by_hand.set(name, raw)
    untouched = Desk()
    for desk in (restored, by_hand, untouched):
        desk.chord()
    sound = restored.play()
    assert hearing.peak_db(sound) > -60.0
    assert np.array_equal(sound, by_hand.play())
    assert not np.array_equal(sound, untouched.play())


def test_the_song_is_the_same_twice_and_at_another_block_size():
    def render(block):
        desk = Desk(block)
        desk.plugin.load_midi(str(SONG))
        return desk.play(6.0)

    first = render(512)
    assert hearing.peak_db(first) > -60.0
    assert np.array_equal(render(512), first)
    assert np.array_equal(render(64)[:, : first.shape[1]], first)


@pytest.mark.parametrize("step", range(len(player.LATENCIES_MS)))
def test_a_note_sounds_exactly_the_reported_latency_after_its_event(step):
    desk = Desk()
    desk.set("attack", 0.0)
    desk.set("latency", step / (len(player.LATENCIES_MS) - 1))
    desk.play(0.1)
    desk.plugin.add_midi_note(64, 100, 0.1, 0.5)
    audio = desk.play(1.0)
    latency = desk.plugin.get_latency_samples()
    assert latency == pytest.approx(player.LATENCIES_MS[step] * RATE / 1000, abs=1)
    first = int(np.argmax(np.any(audio != 0.0, axis=0)))
    assert first - (round(0.1 * RATE) + latency) in (0, 1)


def test_automation_of_a_latent_changes_later_notes_only(desk):
    def render(target):
        desk.plugin.clear_midi()
        for start in (0.0, 1.0):
            desk.plugin.add_midi_note(60, 100, start, 0.4)
        curve = np.full(2 * RATE, 0.5, np.float32)
        curve[RATE // 2 :] = target
        desk.plugin.set_automation(desk.index("z1"), curve)
        return desk.play(2.0)

    still, moved = render(0.5), render(0.9)
    half = RATE // 2
    assert np.array_equal(still[:, :half], moved[:, :half])
    assert not np.array_equal(still[:, RATE:], moved[:, RATE:])


def test_a_note_is_in_tune(desk):
    desk.plugin.add_midi_note(64, 100, 0.0, 1.0)
    audio = desk.play(1.2)
    latency = desk.plugin.get_latency_samples()
    assert abs(hearing.solo_cents(audio.mean(axis=0), RATE, latency, 64)) <= 30.0
