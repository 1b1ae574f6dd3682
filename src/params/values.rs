//! Parameters by id, as plain JSON: what presets are made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use nice_plug::params::InternalParamMut as _;
use nice_plug::plugin::ParamValue;
use nice_plug::prelude::{Param as _, ParamPtr, Params as _, PluginState};
use serde_json::Value;

use super::UkulelatentParams;

/// A value that a parameter cannot have.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// There is no such parameter.
    #[error("{0}: no such parameter")]
    Unknown(String),
    /// It is of the wrong kind, or out of range.
    #[error("{id}: expected {expected}, got {got}")]
    Bad {
        /// Which parameter.
        id: String,
        /// What it can be.
        expected: String,
        /// What was there.
        got: Value,
    },
}

/// Every parameter's value, by id: numbers, switches, and the ids of choices.
#[must_use]
pub fn values(params: &Arc<UkulelatentParams>) -> BTreeMap<String, Value> {
    // SAFETY: the pointers lead into `params`, which is held here.
    params.param_map().into_iter().map(|(id, param, _)| (id, unsafe { value_of(param) })).collect()
}

/// # Safety
/// The parameter must be alive.
unsafe fn value_of(param: ParamPtr) -> Value {
    // SAFETY: the caller keeps it alive.
    unsafe {
        match param {
            ParamPtr::FloatParam(p) => Value::from(shortest((*p).unmodulated_plain_value())),
            ParamPtr::IntParam(p) => Value::from((*p).unmodulated_plain_value()),
            ParamPtr::BoolParam(p) => Value::from((*p).unmodulated_plain_value()),
            ParamPtr::EnumParam(p) => match (*p).unmodulated_plain_id() {
                Some(id) => Value::from(id),
                None => Value::from((*p).unmodulated_plain_value()),
            },
        }
    }
}

/// The double that reads like the single: 0.1, not 0.10000000149.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// What a project saves of these parameters, as nice-plug writes it.
#[must_use]
pub fn state_json(params: &Arc<UkulelatentParams>) -> String {
    // SAFETY: the pointers lead into `params`, which is held here.
    let saved = |param: ParamPtr| unsafe {
        match param {
            ParamPtr::FloatParam(p) => ParamValue::F32((*p).unmodulated_plain_value()),
            ParamPtr::IntParam(p) => ParamValue::I32((*p).unmodulated_plain_value()),
            ParamPtr::BoolParam(p) => ParamValue::Bool((*p).unmodulated_plain_value()),
            ParamPtr::EnumParam(p) => match (*p).unmodulated_plain_id() {
                Some(id) => ParamValue::String(id.into()),
                None => ParamValue::I32((*p).unmodulated_plain_value()),
            },
        }
    };
    let state = PluginState {
        version: env!("CARGO_PKG_VERSION").into(),
        params: params.param_map().into_iter().map(|(id, param, _)| (id, saved(param))).collect(),
        fields: params.serialize_fields(),
    };
    serde_json::to_string(&state).expect("numbers and text are JSON")
}

/// Sets one parameter of an instance that no host has yet.
///
/// # Errors
/// [`ValueError`]; the parameter is as it was then.
pub fn set_value(params: &Arc<UkulelatentParams>, id: &str, value: &Value) -> Result<(), ValueError> {
    let found = params.param_map().into_iter().find(|(known, ..)| known == id);
    let Some((_, param, _)) = found else { return Err(ValueError::Unknown(id.into())) };
    let bad = |expected: String| ValueError::Bad { id: id.into(), expected, got: value.clone() };
    // SAFETY: the pointer leads into `params`, which is held here.
    unsafe {
        match param {
            ParamPtr::FloatParam(p) => {
                let (low, high) = ((*p).preview_plain(0.0), (*p).preview_plain(1.0));
                let number = value.as_f64().map(|number| number as f32);
                let number = number.filter(|number| (low..=high).contains(number));
                let number = number.ok_or_else(|| bad(format!("a number from {low} to {high}")))?;
                (*p)._internal_set_plain_value(number);
            }
            ParamPtr::IntParam(p) => {
                let (low, high) = ((*p).preview_plain(0.0), (*p).preview_plain(1.0));
                let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
                let number = number.filter(|number| (low..=high).contains(number));
                let number = number.ok_or_else(|| bad(format!("a whole number from {low} to {high}")))?;
                (*p)._internal_set_plain_value(number);
            }
            ParamPtr::BoolParam(p) => {
                let on = value.as_bool().ok_or_else(|| bad("true or false".into()))?;
                (*p)._internal_set_plain_value(on);
            }
            ParamPtr::EnumParam(p) => {
                if !value.as_str().is_some_and(|name| (*p).set_from_id(name)) {
                    return Err(bad("the name of a choice".into()));
                }
            }
        }
    }
    Ok(())
}
