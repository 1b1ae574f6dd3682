//! The lab: makes Ukulelatent instruments from recordings.
pub mod graph;
pub mod network;
pub mod onnx;
