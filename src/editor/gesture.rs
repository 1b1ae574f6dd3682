//! From gestures to parameters, always through the host, with a beginning and an end, so that automation records
//! well.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{ParamPtr, Params as _};

use super::action::Id;
use crate::params::UkulelatentParams;

/// A host that has not shown a value by then has refused it.
const PATIENCE: Duration = Duration::from_millis(400);

/// Whoever sets parameters when asked: a host, or in tests the parameters themselves.
pub trait Host {
    /// The user takes hold.
    fn begin(&self, param: ParamPtr);
    /// The user moves it, to a share of its range.
    fn set(&self, param: ParamPtr, normalized: f32);
    /// The user lets go.
    fn end(&self, param: ParamPtr);
}

impl Host for GuiContext {
    fn begin(&self, param: ParamPtr) {
        // SAFETY: the pointer leads into the plugin's own parameters, which `Gestures` holds.
        unsafe { self.raw_begin_set_parameter(param) }
    }

    fn set(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: as above.
        unsafe { self.raw_set_parameter_normalized(param, normalized) }
    }

    fn end(&self, param: ParamPtr) {
        // SAFETY: as above.
        unsafe { self.raw_end_set_parameter(param) }
    }
}

/// All parameters' values, as shares of their ranges.
pub type Values = BTreeMap<String, f32>;

/// The parameters, and which of them the user holds.
pub struct Gestures {
    /// Keeps the pointers alive.
    params: Arc<UkulelatentParams>,
    by_id: BTreeMap<Id, ParamPtr>,
    /// Where held ones were moved to.
    held: BTreeMap<String, f32>,
    /// Hosts apply a value some time after they were told: until then, what they were told, and when.
    told: BTreeMap<String, (f32, Instant)>,
}

// SAFETY: the pointers lead into `params`, which is `Send` and `Sync`, and are only read or handed to the host.
unsafe impl Send for Gestures {}

impl Gestures {
    /// Nothing held.
    #[must_use]
    pub fn new(params: Arc<UkulelatentParams>) -> Self {
        let by_id =
            params.param_map().into_iter().filter_map(|(id, param, _)| Some((known(&params, &id)?, param)));
        let by_id = by_id.collect();
        Self { params, by_id, held: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// The parameters that gestures move.
    #[must_use]
    pub fn params(&self) -> &Arc<UkulelatentParams> {
        &self.params
    }

    /// The parameters by id.
    pub fn pointers(&self) -> impl Iterator<Item = (Id, ParamPtr)> {
        self.by_id.iter().map(|(id, param)| (*id, *param))
    }

    /// What a parameter is called.
    #[must_use]
    pub fn name(&self, id: &str) -> String {
        // SAFETY: `params` keeps it alive.
        self.by_id.get(id).map_or_else(String::new, |param| unsafe { param.name() }.to_owned())
    }

    /// Takes hold.
    pub fn begin(&mut self, host: &dyn Host, id: &str) {
        let Some(param) = self.by_id.get(id) else { return };
        if !self.held.contains_key(id) {
            self.held.insert(id.into(), self.value(id));
            host.begin(*param);
        }
    }

    /// Moves; a parameter that nobody holds is taken and let go.
    pub fn set(&mut self, host: &dyn Host, id: &str, normalized: f32) {
        let Some(&param) = self.by_id.get(id) else { return };
        let value = snapped(param, normalized.clamp(0.0, 1.0));
        if let Some(held) = self.held.get_mut(id) {
            if held.to_bits() != value.to_bits() {
                *held = value;
                host.set(param, value);
            }
        } else if self.value(id).to_bits() != value.to_bits() {
            host.begin(param);
            host.set(param, value);
            host.end(param);
        }
        self.told.insert(id.into(), (value, Instant::now()));
    }

    /// Lets go.
    pub fn end(&mut self, host: &dyn Host, id: &str) {
        if self.held.remove(id).is_some()
            && let Some(param) = self.by_id.get(id)
        {
            host.end(*param);
        }
    }

    /// Lets go of everything, as when the window closes in the middle of a gesture.
    pub fn end_all(&mut self, host: &dyn Host) {
        for id in std::mem::take(&mut self.held).into_keys() {
            host.end(self.by_id[&*id]);
        }
    }

    /// Whether the user holds anything.
    #[must_use]
    pub fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }

    /// Sets what was typed; `false` if it is no value of this parameter.
    pub fn enter(&mut self, host: &dyn Host, id: &str, text: &str) -> bool {
        let Some(&param) = self.by_id.get(id) else { return false };
        // A proper minus is shown, and half the world writes a decimal comma.
        let text = text.trim().replace('\u{2212}', "-").replace(',', ".");
        // SAFETY: `params` keeps it alive.
        let value = unsafe { param.string_to_normalized_value(&text) }.filter(|value| value.is_finite());
        if let Some(value) = value {
            self.set(host, id, value);
        }
        value.is_some()
    }

    /// Sets the default.
    pub fn reset(&mut self, host: &dyn Host, id: &str) {
        if let Some(param) = self.by_id.get(id) {
            // SAFETY: `params` keeps it alive.
            self.set(host, id, unsafe { param.default_normalized_value() });
        }
    }

    /// A parameter's value as the user knows it, as a share of its range: what the host was told, as soon as it was.
    #[must_use]
    pub fn value(&self, id: &str) -> f32 {
        // SAFETY: `params` keeps it alive.
        let actual = self.by_id.get(id).map_or(0.0, |param| unsafe { param.unmodulated_normalized_value() });
        let told = self.told.get(id).filter(|(_, when)| when.elapsed() < PATIENCE).map(|(value, _)| *value);
        self.held.get(id).copied().or(told).unwrap_or(actual)
    }

    /// Forgets what hosts have taken over by now; `true` if some have yet to.
    pub fn settle(&mut self) -> bool {
        let by_id = &self.by_id;
        self.told.retain(|id, (value, when)| {
            // SAFETY: `params` keeps it alive.
            let actual = unsafe { by_id[&**id].unmodulated_normalized_value() };
            (actual - *value).abs() > 1e-6 && when.elapsed() < PATIENCE
        });
        !self.told.is_empty()
    }

    /// All values as the user knows them.
    #[must_use]
    pub fn values(&self) -> Values {
        self.by_id.keys().map(|id| ((*id).to_owned(), self.value(id))).collect()
    }

    /// Sets what differs between two sets of values.
    pub fn apply(&mut self, host: &dyn Host, from: &Values, to: &Values) {
        for (id, value) in to {
            if from.get(id).is_none_or(|before| before.to_bits() != value.to_bits()) {
                self.set(host, id, *value);
            }
        }
    }
}

/// Ids are made when parameters are, but are the same for all instances and for ever: they are kept once.
fn known(params: &UkulelatentParams, id: &str) -> Option<Id> {
    static IDS: OnceLock<BTreeMap<String, Id>> = OnceLock::new();
    let all = || params.param_map().into_iter().map(|(id, ..)| (id.clone(), &*id.leak())).collect();
    IDS.get_or_init(all).get(id).copied()
}

/// The nearest value that a parameter can have.
fn snapped(param: ParamPtr, normalized: f32) -> f32 {
    // SAFETY: the caller's parameters are alive.
    unsafe {
        if param.step_count().is_some() {
            param.preview_normalized(param.preview_plain(normalized))
        } else {
            normalized
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::link::{ModelChoice, ScaleChoice};
    use crate::model::{Catalog, ModelFile};

    /// A host that does as it is told, and keeps the minutes.
    #[derive(Default)]
    pub(in crate::editor) struct Desk {
        pub log: RefCell<Vec<String>>,
    }

    impl Host for Desk {
        fn begin(&self, _: ParamPtr) {
            self.log.borrow_mut().push("begin".into());
        }

        fn set(&self, param: ParamPtr, normalized: f32) {
            // SAFETY: tests keep their parameters.
            unsafe { param._internal_set_normalized_value(normalized) };
            self.log.borrow_mut().push(format!("{normalized:.3}"));
        }

        fn end(&self, _: ParamPtr) {
            self.log.borrow_mut().push("end".into());
        }
    }

    pub(in crate::editor) fn params() -> Arc<UkulelatentParams> {
        let choice = ModelChoice::new(ModelFile::built_in().unwrap(), Catalog::of(Vec::new()));
        Arc::new(UkulelatentParams::new(Arc::new(choice), Arc::new(ScaleChoice::default())))
    }

    #[test]
    fn every_value_lies_between_a_beginning_and_an_end() {
        let (desk, mut gestures) = (Desk::default(), Gestures::new(params()));
        gestures.begin(&desk, "z1");
        gestures.begin(&desk, "z1");
        gestures.set(&desk, "z1", 0.25);
        gestures.set(&desk, "z1", 0.25);
        gestures.end(&desk, "z1");
        gestures.end(&desk, "z1");
        gestures.set(&desk, "z2", 0.75);
        assert_eq!(*desk.log.borrow(), ["begin", "0.250", "end", "begin", "0.750", "end"]);
        assert!(!gestures.holds_any());
    }

    #[test]
    fn a_host_that_takes_its_time_is_not_waited_for() {
        struct Deaf;
        impl Host for Deaf {
            fn begin(&self, _: ParamPtr) {}
            fn set(&self, _: ParamPtr, _: f32) {}
            fn end(&self, _: ParamPtr) {}
        }
        let mut gestures = Gestures::new(params());
        gestures.set(&Deaf, "z1", 1.0);
        assert!((gestures.value("z1") - 1.0).abs() < 1e-6, "shown at once");
        std::thread::sleep(PATIENCE);
        assert!(!gestures.settle());
        assert!((gestures.value("z1") - 0.5).abs() < 1e-6, "refused, so the truth is shown");
    }

    #[test]
    fn values_are_typed_with_or_without_units() {
        let (desk, mut gestures) = (Desk::default(), Gestures::new(params()));
        let plain = |gestures: &Gestures| gestures.params().release.value();
        for (text, milliseconds) in [("120", 120.0), ("80 ms", 80.0), ("12,5", 12.5)] {
            assert!(gestures.enter(&desk, "release", text), "{text}");
            assert!((plain(&gestures) - milliseconds).abs() < 0.01, "{text}: {}", plain(&gestures));
        }
        assert!(!gestures.enter(&desk, "release", "soon"));
        assert!(gestures.enter(&desk, "z1", "\u{2212}1.5"));
        assert!((gestures.params().z1.value() + 1.5).abs() < 1e-4);
    }

    #[test]
    fn steps_are_kept_to_and_defaults_come_back() {
        let (desk, mut gestures) = (Desk::default(), Gestures::new(params()));
        gestures.set(&desk, "sustain", 0.4);
        assert!((gestures.value("sustain") - 0.5).abs() < 1e-6);
        gestures.reset(&desk, "sustain");
        assert!(gestures.value("sustain").abs() < 1e-6);
    }
}
