"""The bundled VST3 in pedalboard: what projects, automation and bounces rely on."""

import gc
import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hearing
import mel
import player
from player import Event, Note

PLUGIN = Path(os.environ["UKULELATENT_VST3"])
SONG = Path(__file__).parents[2] / "demo" / "greensleeves.mid"
AUTOMATABLE = ("z1", "z2", "z3", "z4", "gain", "attack", "release", "velocity")
RATE = player.RATE_HZ
# Twice what two takes of one note on one instrument differ by.
AUDIBLE_MEL_DISTANCE = 0.0076
# -100 dB of full scale.
SILENCE = 1e-5


@pytest.fixture(name="plugin")
def fixture_plugin():
    return player.load(PLUGIN)


def chord(start=4800, seconds=0.5, keys=(55, 60, 64, 69)):
    stop = start + round(seconds * RATE)
    return [event for key in keys for event in Note(start, stop, key, 100).events()]


def opening_bars(seconds):
    notes = [note for note in player.read_song(SONG) if note.stop < seconds * RATE]
    return [event for note in notes for event in note.events()]


def values(plugin):
    return {name: player.parameter(plugin, name).raw_value for name in (*AUTOMATABLE, "latency")}


def change_everything(plugin):
    for step, name in enumerate(AUTOMATABLE):
        player.parameter(plugin, name).raw_value = 0.2 + 0.07 * step
    player.set_latency(plugin, 40)


def test_it_is_an_instrument(plugin):
    assert plugin.name == "Ukulelatent"
    assert plugin.is_instrument and not plugin.is_effect


@pytest.mark.parametrize("name", AUTOMATABLE)
def test_a_parameter_is_automatable(plugin, name):
    assert player.parameter(plugin, name).is_automatable


def test_latency_is_not_automatable(plugin):
    assert not player.parameter(plugin, "latency").is_automatable


@pytest.mark.parametrize("name", player.LATENTS)
def test_a_latent_goes_from_minus_three_to_three_and_starts_in_the_middle(plugin, name):
    latent = player.parameter(plugin, name)
    assert latent.default_raw_value == 0.5
    assert [float(latent.get_text_for_raw_value(raw).split()[0]) for raw in (0.0, 0.5, 1.0)] == [-3.0, 0.0, 3.0]


def test_state_restores_every_parameter(plugin):
    change_everything(plugin)
    player.play(plugin, [], 512)
    wanted, state = values(plugin), plugin.raw_state
    fresh = player.load(PLUGIN)
    assert values(fresh) != wanted
    fresh.raw_state = state
    assert values(fresh) == pytest.approx(wanted, abs=1e-6)


def test_a_fresh_instance_with_the_saved_state_plays_the_same_samples(plugin):
    change_everything(plugin)
    first = player.play(plugin, chord(), 2 * RATE)
    fresh = player.load(PLUGIN)
    fresh.raw_state = plugin.raw_state
    second = player.play(fresh, chord(), 2 * RATE)
    assert hearing.peak_db(first) > -60.0
    assert np.array_equal(first, second)


@pytest.mark.parametrize("milliseconds", player.LATENCIES_MS)
def test_a_note_sounds_exactly_the_reported_latency_after_its_event(plugin, milliseconds):
    player.parameter(plugin, "attack").raw_value = 0.0
    player.set_latency(plugin, milliseconds)
    audio = player.play(plugin, chord(start=4801, keys=(64,)), RATE)
    latency = plugin.reported_latency_samples
    assert latency == pytest.approx(milliseconds * RATE / 1000, abs=1)
    first = int(np.argmax(np.any(audio != 0.0, axis=0)))
    # An envelope that starts at zero makes the note's first sample zero.
    assert first - (4801 + latency) in (0, 1)


@pytest.mark.parametrize("milliseconds", player.LATENCIES_MS[1:])
def test_latency_moves_a_note_and_changes_nothing_else(plugin, milliseconds):
    player.set_latency(plugin, 0)
    live = player.play(plugin, chord(), RATE)
    player.set_latency(plugin, milliseconds)
    late = player.play(plugin, chord(), RATE)
    shift = plugin.reported_latency_samples
    assert np.array_equal(late[:, shift:], live[:, : RATE - shift])
    assert not late[:, :shift].any()


def test_two_renders_are_identical(plugin):
    events = opening_bars(4.0)
    first, second = (player.play(plugin, events, 5 * RATE) for _ in range(2))
    assert hearing.peak_db(first) > -60.0
    assert np.array_equal(first, second)


@pytest.mark.parametrize("block", (64, 480, 4096))
def test_the_block_size_changes_no_bit(plugin, block):
    events = opening_bars(4.0)
    reference = player.play(plugin, events, 5 * RATE, block=512)
    assert np.array_equal(player.play(plugin, events, 5 * RATE, block=block), reference)


def test_blocks_of_one_sample_change_no_bit(plugin):
    events = chord(start=100, seconds=0.2)
    reference = player.play(plugin, events, RATE // 2, block=512)
    assert np.array_equal(player.play(plugin, events, RATE // 2, block=1), reference)


def test_blocks_of_random_sizes_change_no_bit(plugin):
    events, samples, choice = opening_bars(4.0), 5 * RATE, random.Random(4)
    parts = []
    while (left := samples - sum(parts)) > 0:
        parts.append(min(left, choice.choice((1, 31, 64, 441, 512, 1000, 8192))))
    reference = player.play(plugin, events, samples, block=512)
    assert np.array_equal(player.play_in_parts(plugin, events, parts), reference)


@pytest.mark.parametrize("name", player.LATENTS)
def test_moving_a_latent_changes_the_sound(plugin, name):
    ends = []
    for value in (-player.LATENT_REACH, player.LATENT_REACH):
        player.set_latents(plugin, [value if latent == name else 0.0 for latent in player.LATENTS])
        audio = player.play(plugin, Note(0, mel.RATE_HZ, 60, 100).events(), mel.RATE_HZ, rate_hz=mel.RATE_HZ)
        ends.append(audio.mean(axis=0))
    assert mel.distance(*ends) >= AUDIBLE_MEL_DISTANCE


def test_automation_reaches_the_notes_that_start_after_it(plugin):
    events = [*Note(0, RATE // 2, 60, 100).events(), *Note(RATE, 3 * RATE // 2, 60, 100).events()]
    parts = [480] * (2 * RATE // 480)

    def render(target):
        player.set_latents(plugin, [0.0] * 4)
        return player.play_in_parts(
            plugin, events, parts, lambda at: player.set_latents(plugin, [target if at >= RATE // 2 else 0.0, 0, 0, 0])
        )

    still, moved = render(0.0), render(2.0)
    assert np.array_equal(still[:, : RATE // 2], moved[:, : RATE // 2])
    assert not np.array_equal(still[:, RATE:], moved[:, RATE:])


def test_a_released_note_rings_and_then_falls_silent(plugin):
    player.parameter(plugin, "release").raw_value = 0.5
    audio = player.play(plugin, Note(0, RATE // 4, 60, 100).events(), 8 * RATE)
    assert np.abs(audio[:, RATE // 4 + 480 : RATE // 4 + 960]).max() > SILENCE
    assert not audio[:, -RATE:].any()


def test_a_held_note_ends_with_the_model_and_without_a_click(plugin):
    audio = player.play(plugin, Note(0, 4 * RATE, 60, 100).events(), 5 * RATE)
    assert np.abs(audio[:, -RATE:]).max() < SILENCE
    assert hearing.clicks(audio, RATE, np.arange(0.05, 5.0, 0.001), [0.0]) == []


def test_harder_is_louder(plugin):
    player.parameter(plugin, "velocity").raw_value = 1.0
    soft, hard = (player.play(plugin, Note(0, RATE, 60, v).events(), RATE) for v in (30, 120))
    assert hearing.peak_db(hard) > hearing.peak_db(soft) + 3.0


@pytest.mark.parametrize("rate_hz", (22_050, 44_100, 48_000, 88_200, 96_000, 192_000))
def test_a_note_is_in_tune_at_every_rate(plugin, rate_hz):
    audio = player.play(plugin, Note(0, rate_hz, 64, 100).events(), rate_hz, rate_hz=rate_hz)
    assert abs(hearing.solo_cents(audio.mean(axis=0), rate_hz, plugin.reported_latency_samples, 64)) <= 30.0


@pytest.mark.parametrize("key", (0, 127))
def test_keys_that_no_model_knows_do_no_harm(plugin, key):
    audio = player.play(plugin, Note(0, RATE, key, 127).events(), RATE)
    assert np.isfinite(audio).all() and np.abs(audio).max() <= 2.0


@pytest.mark.allocation
def test_a_flood_of_notes_allocates_nothing(plugin):
    """In a debug build an allocation aborts the process, and this test with it."""
    check_a_flood_of_notes(plugin)


def test_a_flood_of_notes_is_played(plugin):
    check_a_flood_of_notes(plugin)


def check_a_flood_of_notes(plugin):
    held = [event for key in range(48, 64) for event in Note(0, 2 * RATE, key, 100).events()]
    flood = [event for key in range(21, 85) for event in Note(RATE, RATE + 4800, key, 100).events()]
    audio = player.play(plugin, held + flood, 2 * RATE)
    assert np.isfinite(audio).all()
    assert hearing.peak_db(audio) > -60.0


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
def test_a_hundred_instances_come_and_go_while_notes_play_and_leave_no_thread():
    def come_and_go(events, samples):
        plugin = player.load(PLUGIN)
        audio = player.play(plugin, events, samples, fresh=False)
        del plugin
        return audio

    def threads():
        gc.collect()
        return len(os.listdir("/proc/self/task"))

    choice = random.Random(100)
    come_and_go(chord(start=0), 4800)
    before = threads()
    for _ in range(100):
        # Gone at any moment of the notes' life: while they are decoded, sounding, released.
        assert np.isfinite(come_and_go(chord(start=0, seconds=0.1), choice.choice((1, 64, 480, 4800, 9600)))).all()
    assert threads() <= before


def test_onnx_runtime_plays_what_the_embedded_backend_plays(plugin, tmp_path):
    """The backend is chosen once in a process, so that the other one needs a process of its own."""
    # Found, not imported: this process is to have no ONNX Runtime in it.
    package = Path(importlib.util.find_spec("onnxruntime").origin).parent
    library = next(iter(sorted(package.glob("capi/*onnxruntime.*"))), None)
    if library is None:
        pytest.skip("this onnxruntime brings no shared library that the plugin could open")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy, player; plugin = player.load(sys.argv[2]);"
        "numpy.save(sys.argv[3], player.play(plugin, player.Note(0, 24000, 60, 100).events(), 48000))"
    )
    saved = tmp_path / "audio.npy"
    choice = {"UKULELATENT_ONNXRUNTIME": str(library), "UKULELATENT_BACKEND": "onnxruntime"}
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(PLUGIN), str(saved)]
    subprocess.run(command, env=os.environ | choice, check=True)
    there, here = np.load(saved), player.play(plugin, Note(0, 24_000, 60, 100).events(), 48_000)
    # Mel frames agree to 1e-4; phases of faint partials may fall otherwise.
    assert not np.array_equal(there, here), "the same bits: ONNX Runtime cannot have played"
    assert np.sum((there - here) ** 2) < 0.01 * np.sum(here**2)


def wheel(sample, from_rest):
    raw = from_rest + 8192
    return Event(sample, (0xE0, raw & 127, raw >> 7))


def test_the_pitch_wheel_reaches_the_plugin(plugin):
    note, seconds = Note(0, 2 * RATE, 57, 100).events(), slice(RATE // 4, RATE)
    still = player.play(plugin, note, RATE)
    bent = player.play(plugin, [*note, wheel(2400, 8191)], RATE)
    still_hz, bent_hz = (hearing.yin_hz(audio[0, seconds], RATE) for audio in (still, bent))
    assert 1200 * np.log2(bent_hz / still_hz) == pytest.approx(200, abs=3)


def test_the_sustain_pedal_reaches_the_plugin(plugin):
    pedal = [Event(0, (0xB0, 64, 127)), Event(30_000, (0xB0, 64, 0))]
    note = Note(100, 4800, 57, 100).events()
    level = lambda audio: np.abs(audio[:, 24_000:28_000]).max()
    plain, held = (player.play(plugin, events, RATE) for events in (note, [*note, *pedal]))
    assert level(held) > 10 * level(plain)
    assert np.abs(held[:, 44_000:]).max() < 0.1 * level(held), "the pedal came up"


def test_an_exported_preset_loads(plugin, tmp_path):
    command = [os.environ["UKULELATENT_COMMAND_LINE"], "preset", "export", "--to", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    presets = sorted(tmp_path.glob("*.vstpreset"))
    assert len(presets) >= 8
    plugin.load_preset(str(presets[0]))
    # pedalboard goes on showing the values of before; what the plugin would save tells what it took.
    wanted, saved = (saved_params(data) for data in (presets[0].read_bytes(), plugin.preset_data))
    assert saved != saved_params(player.load(PLUGIN).preset_data)
    assert saved == {name: wanted[name] for name in saved}


def saved_params(preset):
    """The parameters in the bytes of a .vstpreset, whose list of chunks says where it lies."""
    listed = int.from_bytes(preset[40:48], "little")
    at, length = (int.from_bytes(preset[listed + n : listed + n + 8], "little") for n in (12, 20))
    return json.loads(preset[at : at + length])["params"]
