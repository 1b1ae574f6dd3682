//! Signal processing shared by the plugin and the lab. Pure: it knows no thread, no host and no model.

pub mod mel;
pub mod stft;
