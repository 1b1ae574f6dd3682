//! What saved projects and hosts hold on to: ids, ranges and the form of the state. Append only; a change here
//! breaks someone's song.

#[path = "support/host.rs"]
mod host;
mod support;

use host::Host;
use nice_plug::prelude::{ClapPlugin, Enum, Param, ParamFlags, Params, Vst3Plugin};
use ukulelatent::params::{LatencySetting, QualitySetting, STATE_VERSION, UkulelatentParams};
use ukulelatent::plugin::Ukulelatent;

/// The parameters, in order.
const IDS: [&str; 10] = ["z1", "z2", "z3", "z4", "gain", "attack", "release", "velocity", "latency", "quality"];

/// What version 1 saved, from a project whose model is not on this machine.
const STATE_1: &str = r#"{
  "version": "0.1.0",
  "params": {
    "attack": {"f32": 12.5},
    "gain": {"f32": 0.5},
    "latency": {"string": "20ms"},
    "release": {"f32": 750.0},
    "velocity": {"f32": 0.25},
    "z1": {"f32": -2.5},
    "z2": {"f32": 1.25},
    "z3": {"f32": 3.0},
    "z4": {"f32": -0.125}
  },
  "fields": {
    "model": "{\"name\":\"Gone\",\"sha256\":\"00ff\",\"path\":\"/nowhere/gone.onnx\"}",
    "state_version": "1"
  }
}"#;

fn params() -> UkulelatentParams {
    UkulelatentParams::new(support::choice())
}

#[test]
fn parameter_ids_and_their_order_are_frozen() {
    let ids: Vec<String> = params().param_map().into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids, IDS);
    assert_eq!(Host::new().param_names(), IDS);
}

#[test]
fn all_parameters_but_latency_and_quality_can_be_automated() {
    let params = params();
    for (id, param, _) in params.param_map() {
        // SAFETY: the pointer leads into `params`, which outlives it.
        let flags = unsafe { param.flags() };
        let automatable = !flags.intersects(ParamFlags::NON_AUTOMATABLE | ParamFlags::HIDDEN);
        assert_eq!(automatable, id != "latency" && id != "quality", "{id}");
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
fn plugin_ids_are_frozen() {
    assert_eq!(Ukulelatent::CLAP_ID, "org.ukulelatent.ukulelatent");
    assert_eq!(Ukulelatent::VST3_CLASS_ID, *b"UkulelatentSmplr");
}

#[test]
fn the_state_has_version_1() {
    assert_eq!(STATE_VERSION, 1);
    assert_eq!(Host::new().saved_json()["fields"]["state_version"], "1");
}

#[test]
fn a_project_saved_by_version_1_loads_whole() {
    let mut host = Host::new();
    assert!(host.load_json(STATE_1));
    let expected: serde_json::Value = serde_json::from_str(STATE_1).expect("JSON");
    let saved = host.saved_json();
    assert_eq!(saved["fields"]["state_version"], expected["fields"]["state_version"]);
    let model = |state: &serde_json::Value| -> serde_json::Value {
        serde_json::from_str(state["fields"]["model"].as_str().expect("text")).expect("JSON in JSON")
    };
    assert_eq!(model(&saved), model(&expected));
    // All values are exact in f32, and plain values are kept as they are. What version 1 did not know is as it was then.
    for (id, value) in expected["params"].as_object().expect("an object") {
        assert_eq!(&saved["params"][id], value, "{id}");
    }
    assert_eq!(saved["params"]["quality"]["string"], "play");
}
