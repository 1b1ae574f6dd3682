//! Signal processing shared by the plugin and the lab. Pure: it knows no thread, no host and no model.

mod fast_math;
mod griffin_lim;
pub mod inversion;
pub mod mel;
pub mod metrics;
mod pghi;
pub mod pitch;
mod quality;
pub mod reconstruct;
pub mod stft;
#[cfg(test)]
mod testing;
pub mod yin;
