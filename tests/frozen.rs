//! What saved projects and hosts hold on to: ids, ranges and the form of the state. Append only; a change here
//! breaks someone's song.

#[path = "support/host.rs"]
mod host;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use host::Host;
use nice_plug::prelude::{ClapPlugin, Enum, Param, ParamFlags, Params, Vst3Plugin};
use serde_json::Value;
use ukulelatent::params::{
    LatencySetting, OrbitLength, QualitySetting, STATE_VERSION, UkulelatentParams, additions_since, values,
};
use ukulelatent::plugin::Ukulelatent;
use ukulelatent::preset::Preset;

/// The parameters, in order.
const IDS: [&str; 48] = [
    // Version 1.
    "z1",
    "z2",
    "z3",
    "z4",
    "gain",
    "attack",
    "release",
    "velocity",
    "latency",
    // Version 2.
    "quality",
    "bend_range",
    "mpe",
    "mpe_range",
    "humanise",
    "wheel_z1",
    "wheel_z2",
    "wheel_z3",
    "wheel_z4",
    "pressure_z1",
    "pressure_z2",
    "pressure_z3",
    "pressure_z4",
    "slide_z1",
    "slide_z2",
    "slide_z3",
    "slide_z4",
    "velocity_z1",
    "velocity_z2",
    "velocity_z3",
    "velocity_z4",
    "tune",
    "transpose",
    "mts_esp",
    "width",
    "soft_limit",
    "morph",
    "start",
    "stretch",
    "sustain",
    "sustain_begin",
    "sustain_end",
    "cache",
    "cache_load",
    // Version 3.
    "orbit_depth",
    "orbit_sync",
    "orbit_rate",
    "orbit_length",
    "orbit_phase",
];

/// What each version saved, from a project whose model is not on this machine.
const STATES: [(&str, &str); 3] = [
    ("1", include_str!("states/version-1.json")),
    ("2", include_str!("states/version-2.json")),
    ("3", include_str!("states/version-3.json")),
];

/// What each version wrote as a preset: one with a sound's parameters alone, one that comes with the instrument, and
/// one that a player saved, with all that there is.
const PRESETS: [&str; 3] = [
    include_str!("states/preset-1.json"),
    include_str!("states/preset-2.json"),
    include_str!("states/preset-3.json"),
];

fn params() -> UkulelatentParams {
    UkulelatentParams::new(support::choice(), Arc::default())
}

#[test]
fn parameter_ids_and_their_order_are_frozen() {
    let ids: Vec<String> = params().param_map().into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids, IDS);
    assert_eq!(Host::new().param_names(), IDS);
}

#[test]
fn all_parameters_but_those_of_the_machine_can_be_automated() {
    let fixed = ["latency", "quality", "cache", "cache_load"];
    let params = params();
    for (id, param, _) in params.param_map() {
        // SAFETY: the pointer leads into `params`, which outlives it.
        let flags = unsafe { param.flags() };
        let automatable = !flags.intersects(ParamFlags::NON_AUTOMATABLE | ParamFlags::HIDDEN);
        assert_eq!(automatable, !fixed.contains(&&*id), "{id}");
    }
}

#[test]
fn latent_coordinates_reach_from_minus_three_to_three_around_zero() {
    let params = params();
    for z in [&params.z1, &params.z2, &params.z3, &params.z4] {
        assert_eq!(z.default_plain_value(), 0.0);
        assert_eq!((z.preview_plain(0.0), z.preview_plain(1.0)), (-3.0, 3.0));
    }
}

#[test]
fn latency_settings_are_frozen() {
    assert_eq!(LatencySetting::ids(), Some(&["live", "10ms", "20ms", "40ms", "80ms"][..]));
    let samples = (0..5).map(|index| LatencySetting::from_index(index).samples(support::rate(48_000.0)));
    assert_eq!(samples.collect::<Vec<_>>(), [0, 480, 960, 1920, 3840]);
    assert_eq!(params().latency.default_plain_value(), LatencySetting::Live);
}

#[test]
fn quality_settings_are_frozen() {
    assert_eq!(QualitySetting::ids(), Some(&["draft", "play", "fine"][..]));
    assert_eq!(params().quality.default_plain_value(), QualitySetting::Play);
}

#[test]
fn orbit_lengths_are_frozen() {
    let beats = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
    let ids: Vec<String> = beats.iter().map(ToString::to_string).collect();
    assert_eq!(OrbitLength::ids().expect("ids"), ids.iter().map(String::as_str).collect::<Vec<_>>());
    for (index, beats) in beats.into_iter().enumerate() {
        assert_eq!(OrbitLength::from_index(index).beats(), f64::from(beats));
    }
}

#[test]
fn plugin_ids_are_frozen() {
    assert_eq!(Ukulelatent::CLAP_ID, "org.ukulelatent.ukulelatent");
    assert_eq!(Ukulelatent::VST3_CLASS_ID, *b"UkulelatentSmplr");
}

#[test]
fn the_state_has_version_3() {
    assert_eq!(STATE_VERSION, 3);
    assert_eq!(Host::new().saved_json()["fields"]["state_version"], "3");
}

#[test]
fn projects_of_all_versions_load_whole_into_an_instance_that_had_another() {
    for (version, state) in STATES {
        let expected: serde_json::Value = serde_json::from_str(state).expect("JSON");
        let mut host = Host::new();
        // What an earlier version did not save must not stay as it was.
        for id in IDS {
            host.set(id, 1.0);
        }
        let mut other = host.saved_json();
        other["fields"]["orbit"] = r#"{"pins":[{"z":[1.0,2.0,3.0,-1.0]}]}"#.into();
        assert!(host.load_json(&other.to_string()));
        assert!(host.load_json(state), "version {version}");
        let saved = host.saved_json();
        assert_eq!(saved["fields"]["state_version"], "3");
        let field = |state: &serde_json::Value, name: &str| -> serde_json::Value {
            serde_json::from_str(state["fields"][name].as_str().unwrap_or("{}")).expect("JSON in JSON")
        };
        assert_eq!(field(&saved, "model"), field(&expected, "model"), "version {version}");
        let default = serde_json::json!({"scl": "", "kbm": ""});
        let scale = expected["fields"].get("scale").map_or(default, |_| field(&expected, "scale"));
        assert_eq!(field(&saved, "scale"), scale, "version {version}");
        let pins =
            expected["fields"].get("orbit").map_or(serde_json::json!({"pins": []}), |_| field(&expected, "orbit"));
        assert_eq!(field(&saved, "orbit"), pins, "version {version}");
        // All values are exact in f32, and plain values are kept as they are.
        for (id, value) in expected["params"].as_object().expect("parameters by id") {
            assert_eq!(&saved["params"][id], value, "version {version}: {id}");
        }
        let added: BTreeMap<String, serde_json::Value> = additions_since(version.parse().expect("a number"))
            .map(|(id, value)| (id.to_owned(), value))
            .collect();
        let names =
            |params: &serde_json::Value| params.as_object().expect("by id").keys().cloned().collect::<Vec<_>>();
        for id in names(&saved["params"]) {
            let known = expected["params"].get(&id).is_some();
            assert!(known != added.contains_key(&id), "version {version}: {id} must be saved or added");
        }
        let mut fresh = Host::new();
        assert!(fresh.load_json(state));
        assert_eq!(fresh.saved_json(), saved, "version {version}: something stayed as it was");
    }
}

#[test]
fn a_project_of_version_1_plays_as_it_did() {
    let mut host = Host::new();
    host.set("width", 1.0);
    host.set("humanise", 1.0);
    let mut state: serde_json::Value = serde_json::from_str(STATES[0].1).expect("JSON");
    state["params"]["latency"]["string"] = "live".into();
    assert!(host.load_json(&state.to_string()));
    let mut plain = Host::new();
    for (id, plain_value) in [("z1", -2.5), ("z2", 1.25), ("z3", 3.0), ("z4", -0.125)] {
        plain.set(id, (plain_value + 3.0) / 6.0);
    }
    let [old, new] = [host, plain].map(|mut host| {
        host.set("gain", 0.5);
        host.set("velocity", 0.25);
        host.set("attack", 0.0);
        host.set_offline();
        host.activate(48_000.0);
        host.play(&[(0, host::Cue::On(60, 1))], &[512], 4000)
    });
    assert_eq!(support::first_difference(&old.samples, &new.samples), None);
    assert_eq!(support::first_difference(&old.samples, &old.right), None, "it was mono");
}

/// Parameters keep numbers in single precision.
fn in_f32(value: &Value) -> Value {
    value.as_f64().map_or(value.clone(), |number| Value::from(number as f32))
}

#[test]
fn presets_of_all_formats_load_whole_into_an_instance_that_had_another() {
    let presets = PRESETS.map(|text| serde_json::from_str::<Preset>(text).expect("a preset"));
    assert_eq!(presets.each_ref().map(|preset| preset.format), [1, 2, STATE_VERSION]);
    let full = presets.last().expect("the newest format names everything");
    assert_eq!(full.params.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(IDS));
    for preset in &presets {
        let params = Arc::new(params());
        full.apply(&params).expect("it can be applied");
        preset.apply(&params).unwrap_or_else(|error| panic!("format {}: {error}", preset.format));
        let added: BTreeMap<&str, Value> = additions_since(preset.format).collect();
        for (id, value) in values(&params) {
            // Named by the preset, unknown to its version, or as it was.
            let before = added.get(&*id).unwrap_or(&full.params[&id]);
            let expected = preset.params.get(&id).unwrap_or(before);
            assert_eq!(in_f32(&value), in_f32(expected), "format {}: {id}", preset.format);
        }
        assert_eq!(Some(params.model_choice().reference()), full.model, "format {}", preset.format);
        assert_eq!(Some(params.scale_choice().files()), full.scale, "format {}", preset.format);
        assert_eq!(Some(params.orbit_choice().pins()), full.orbit, "format {}", preset.format);
    }
}

#[test]
fn what_the_formats_of_presets_did_not_know_is_what_they_did() {
    let unknown = |format: usize, id: &str| {
        let params = Arc::new(params());
        for text in [PRESETS[2], PRESETS[format - 1]] {
            serde_json::from_str::<Preset>(text).expect("a preset").apply(&params).expect("it can be applied");
        }
        values(&params)[id].clone()
    };
    for format in [1, 2] {
        assert_eq!(unknown(format, "orbit_depth"), 0.0);
        assert_eq!(unknown(format, "orbit_sync"), true);
        assert_eq!(unknown(format, "orbit_length"), "16");
    }
    assert_eq!(unknown(1, "sustain"), "off");
    assert_eq!(unknown(2, "sustain"), "wander");
}
