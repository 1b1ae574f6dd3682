//! Gathers what the window draws from. The only file that reads parameters and what goes on for it.

use std::sync::Arc;

use nice_plug::prelude::ParamPtr;

use super::action::Latent;
use super::desk::{Desk, Z};
use super::gesture::Gestures;
use super::pad::latent_at;
use super::view::{Control, Controls, Edits, Keys, Orbits, Settings, View};
use crate::model::backend::Backend;
use crate::model::card::LATENT_DIM;
use crate::params::LATENT_REACH;
use crate::perform::OrbitPath;

/// Parameters with at most this many choices show them all.
const FEW: usize = 5;
/// Share of a range that an arrow key moves, where there are no steps.
const STEP: f32 = 0.01;
/// Points on the orbit, for drawing.
const PATH: usize = 96;

impl Desk {
    /// Everything as it stands.
    pub fn gather(&mut self) -> View {
        let params = Arc::clone(self.gestures.params());
        let values = self.gestures.values();
        let instrument = self.shelf.instrument(params.model_choice());
        let controls = controls(&self.gestures);
        let defaults = controls.0.iter().map(|control| (control.id.to_owned(), control.default)).collect();
        let (sound, keys, orbit, phase) = self.listener.listen();
        let moved: Latent = Z.map(|id| latent_at(controls.get(id).now));
        let travels = phase.is_some();
        let now = |axis: usize| {
            (moved[axis] + if travels { orbit[axis] } else { 0.0 }).clamp(-LATENT_REACH, LATENT_REACH)
        };
        let range = instrument.keys;
        View {
            z: self.z(),
            z_now: std::array::from_fn(now),
            sound,
            keys: Keys { range, ..keys },
            orbits: orbits(&self.gestures, moved, phase),
            presets: self.library.view(&values, &defaults, &params.model_choice().reference()),
            models: self.shelf.view(&self.settings),
            edits: Edits {
                undo: self.history.undo_label().map(str::to_owned),
                redo: self.history.redo_label().map(str::to_owned),
                is_b: self.history.is_b(),
            },
            settings: self.settings_view(),
            notices: self.unread(),
            controls,
            instrument,
        }
    }

    fn settings_view(&self) -> Settings {
        let (backend, because) = match Backend::get() {
            Ok(backend) => (backend.kind.name().to_owned(), backend.because.clone()),
            Err(reason) => ("none".to_owned(), reason),
        };
        let scale = self.gestures.params().scale_choice().files();
        Settings {
            scale: self.settings.window_scale,
            travel_seconds: self.settings.travel_seconds,
            backend,
            because,
            backend_wish: self.settings.backend,
            scale_name: scale_name(&scale.scl),
            latency_ms: self.gestures.params().latency.value().ms(),
        }
    }
}

/// The orbit around the point that the host has set.
fn orbits(gestures: &Gestures, around: Latent, phase: Option<f32>) -> Orbits {
    let params = gestures.params();
    let pins: Vec<Latent> = params.orbit_choice().pins().pins.iter().map(|pin| pin.z).collect();
    let path = OrbitPath::through(&pins);
    let depth = gestures.value("orbit_depth");
    if path.is_still() || depth <= 0.0 {
        return Orbits { pins, path: Vec::new(), phase };
    }
    let point = |n: usize| -> Latent {
        let offset = path.offset(n as f64 / PATH as f64);
        std::array::from_fn::<_, LATENT_DIM, _>(|axis| around[axis] + depth * offset[axis])
    };
    Orbits { pins, path: (0..=PATH).map(point).collect(), phase }
}

/// What a scale file says of itself: its first line that is no comment.
fn scale_name(scl: &str) -> String {
    let mut lines = scl.lines().filter(|line| !line.starts_with('!')).map(str::trim);
    match lines.next() {
        Some(name) if !name.is_empty() => name.into(),
        Some(_) => "A scale without a name".into(),
        None => String::new(),
    }
}

fn controls(gestures: &Gestures) -> Controls {
    Controls(gestures.pointers().map(|(id, param)| control(id, param, gestures.value(id))).collect())
}

fn control(id: super::action::Id, param: ParamPtr, set: f32) -> Control {
    // SAFETY: `Gestures` keeps its parameters alive.
    unsafe {
        let moved = param.modulated_normalized_value() - param.unmodulated_normalized_value();
        let steps = param.step_count().filter(|steps| (1..FEW).contains(steps));
        let choice = |n: usize, steps: usize| param.normalized_value_to_string(n as f32 / steps as f32, false);
        Control {
            id,
            name: param.name().into(),
            set,
            now: (set + moved).clamp(0.0, 1.0),
            default: param.default_normalized_value(),
            text: param.normalized_value_to_string(set, true).replace('-', "\u{2212}"),
            step: param.step_count().map_or(STEP, |steps| 1.0 / steps.max(1) as f32),
            choices: steps.map_or_else(Vec::new, |steps| (0..=steps).map(|n| choice(n, steps)).collect()),
        }
    }
}
