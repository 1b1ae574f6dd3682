//! How near a signal is to the magnitudes it was made from.

use super::stft::Stft;

/// Spectral convergence of `signal` to `target`, in decibels (lower is better; -inf for a perfect fit):
/// `20 log10 (||S - |STFT x||| / ||S||)` (Sturmel & Daudet 2011, "Signal reconstruction from STFT magnitude",
/// equation 12). `target` has a row of `bins()` linear magnitudes for each frame; frames that reach beyond the end
/// of the signal see zeros there. NaN if the target is silent.
#[must_use]
pub fn spectral_convergence_db(stft: &mut Stft, signal: &[f32], target: &[f32]) -> f64 {
    let (mut error, mut energy) = (0.0, 0.0);
    each_frame(stft, signal, target, |got, want| {
        for (g, w) in got.iter().zip(want) {
            error += f64::from(w - g).powi(2);
            energy += f64::from(*w).powi(2);
        }
    });
    10.0 * (error / energy).log10()
}

/// Log-spectral distance (Gray & Markel 1976, "Distance measures for speech processing") of `signal` to `target`, in decibels: the mean over frames of the root mean square
/// difference of levels, with both floored at `floor_db` below the target's loudest bin. Shapes as in
/// [`spectral_convergence_db`]; zero for an empty target.
#[must_use]
pub fn log_spectral_distance_db(stft: &mut Stft, signal: &[f32], target: &[f32], floor_db: f32) -> f64 {
    let loudest = target.iter().copied().fold(0.0, f32::max);
    let floor = (loudest * 10f32.powf(-floor_db.abs() / 20.0)).max(f32::MIN_POSITIVE);
    let level = |m: f32| 20.0 * f64::from(m.max(floor)).log10();
    let (mut sum, mut frames) = (0.0, 0);
    each_frame(stft, signal, target, |got, want| {
        let squares: f64 = got.iter().zip(want).map(|(&g, &w)| (level(g) - level(w)).powi(2)).sum();
        sum += (squares / want.len() as f64).sqrt();
        frames += 1;
    });
    sum / f64::from(frames.max(1))
}

/// Magnitudes of all whole frames of `signal`, a row of `bins()` each.
#[must_use]
pub fn spectrogram(stft: &mut Stft, signal: &[f32]) -> Vec<f32> {
    let geometry = stft.geometry();
    let mut rows = vec![0.0; geometry.frames(signal.len()) * geometry.bins()];
    for (i, row) in rows.chunks_exact_mut(geometry.bins()).enumerate() {
        stft.magnitude(&signal[i * geometry.hop..][..geometry.fft_size], row);
    }
    rows
}

fn each_frame(stft: &mut Stft, signal: &[f32], target: &[f32], mut visit: impl FnMut(&[f32], &[f32])) {
    let geometry = stft.geometry();
    let mut frame = vec![0.0; geometry.fft_size];
    let mut magnitude = vec![0.0; geometry.bins()];
    for (i, want) in target.chunks_exact(geometry.bins()).enumerate() {
        let rest = signal.get(i * geometry.hop..).unwrap_or_default();
        let inside = rest.len().min(frame.len());
        frame[..inside].copy_from_slice(&rest[..inside]);
        frame[inside..].fill(0.0);
        stft.magnitude(&frame, &mut magnitude);
        visit(&magnitude, want);
    }
}
