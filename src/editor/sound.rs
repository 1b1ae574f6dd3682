//! The sound: the last note's spectrogram as it is decoded, where the voices are in it, the waveform and the meters.

use egui::{Align2, Color32, ColorImage, Mesh, Painter, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};

use super::theme::{self, Theme, Type};
use super::view::{Sound, Spectrogram, View};
use super::widgets::Pen;
use crate::heat;
use crate::units::{MidiNote, gain_to_db};

/// Rows of the picture of a spectrogram: more than it has points on most screens.
const ROWS: usize = 192;
/// Lowest level of the meter, in decibels.
const METER_FLOOR_DB: f32 = -60.0;

/// What the picture remembers between frames.
#[derive(Default)]
pub struct SoundState {
    /// Which note, and how many of its frames, the picture shows.
    shown: Option<(u64, usize)>,
    picture: Option<TextureHandle>,
}

/// Draws everything about the sound: three panels beside each other.
pub fn show(ui: &mut Ui, rect: Rect, pen: &mut Pen, view: &View, state: &mut SoundState) {
    let theme = pen.theme;
    let note = theme.rect(rect.min, 0.0, 0.0, 600.0, 120.0);
    spectrogram(ui, note, pen, view, state);
    let wave_panel = theme.rect(rect.min, 608.0, 0.0, 288.0, 120.0);
    wave(ui, wave_panel, &theme, &view.sound);
    let meters = theme.rect(rect.min, 904.0, 0.0, 184.0, 120.0);
    meter(ui, meters, &theme, view);
}

fn title(ui: &Ui, panel: Rect, theme: &Theme, words: &str) {
    let at = panel.min + vec2(theme.px(12.0), theme.px(14.0));
    theme.text(ui.painter(), at, Align2::LEFT_CENTER, words, (Type::Title, theme::TEXT));
}

fn spectrogram(ui: &mut Ui, panel: Rect, pen: &mut Pen, view: &View, state: &mut SoundState) {
    let (theme, sound) = (pen.theme, &view.sound);
    theme.panel(ui.painter(), panel);
    title(ui, panel, &theme, "Last note");
    let well = theme.rect(panel.min, 12.0, 28.0, 576.0, 84.0);
    theme.well(ui.painter(), well);
    let Some(last) = sound.spectrogram.as_deref().filter(|last| last.frames > 0) else {
        empty(ui, well, &theme);
        return;
    };
    let note = MidiNote::new(last.key).map_or_else(|_| String::new(), |note| note.to_string());
    let about = format!("{note}  \u{b7}  time to the right, pitch upwards");
    let at = pos2(panel.right() - theme.px(12.0), panel.top() + theme.px(14.0));
    theme.text(ui.painter(), at, Align2::RIGHT_CENTER, about, (Type::Caption, theme::DIM));

    if state.shown != Some((last.serial, last.frames)) {
        let image = picture(last);
        match &mut state.picture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => state.picture = Some(ui.ctx().load_texture("spectrogram", image, TextureOptions::LINEAR)),
        }
        state.shown = Some((last.serial, last.frames));
    }
    if let Some(texture) = &state.picture {
        let share = last.frames as f32 / last.whole.max(1) as f32;
        let there = Rect::from_min_max(well.min, pos2(well.left() + share.min(1.0) * well.width(), well.bottom()));
        let mut mesh = Mesh::with_texture(texture.id());
        mesh.add_rect_with_uv(
            there.shrink(1.0),
            Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)),
            Color32::WHITE,
        );
        ui.painter().add(mesh);
    }
    for head in &sound.playheads {
        let x = well.left() + head.place.clamp(0.0, 1.0) * well.width();
        let (width, light) = if head.is_last { (1.5, 1.0) } else { (1.0, 0.25 + 0.5 * head.level) };
        ui.painter().vline(x, well.y_range(), theme.stroke(width, theme::TEXT.gamma_multiply(light)));
    }
}

/// What to do first.
fn empty(ui: &Ui, well: Rect, theme: &Theme) {
    let lines = [
        ("Play a note: with your keyboard, in your host, or on the keys below.", Type::Title, theme::TEXT),
        ("Then drag in a pad or click on the map. The next note is another instrument.", Type::Body, theme::DIM),
    ];
    for (n, (words, kind, ink)) in lines.into_iter().enumerate() {
        let at = well.center() + vec2(0.0, theme.px(-10.0 + 22.0 * n as f32));
        theme.text(ui.painter(), at, Align2::CENTER_CENTER, words, (kind, ink));
    }
}

/// Time to the right, bands upwards.
fn picture(last: &Spectrogram) -> ColorImage {
    let rows = ROWS.min(last.bands).max(1);
    let mut image = ColorImage::filled([last.frames, rows], Color32::BLACK);
    for row in 0..rows {
        let bands = row * last.bands / rows..((row + 1) * last.bands / rows).min(last.bands);
        for frame in 0..last.frames {
            let of_frame = &last.levels[frame * last.bands..][..last.bands];
            // The loudest of the bands that share a row, so that no partial is lost.
            let level = of_frame[bands.clone()].iter().copied().max().unwrap_or(0);
            let [r, g, b] = heat::colour(f32::from(level) / 255.0);
            image.pixels[(rows - 1 - row) * last.frames + frame] = Color32::from_rgb(r, g, b);
        }
    }
    image
}

fn wave(ui: &Ui, panel: Rect, theme: &Theme, sound: &Sound) {
    theme.panel(ui.painter(), panel);
    title(ui, panel, theme, "Output");
    let well = theme.rect(panel.min, 12.0, 28.0, 264.0, 84.0);
    theme.well(ui.painter(), well);
    let painter = ui.painter();
    painter.hline(well.x_range(), well.center().y, theme.stroke(1.0, theme::HAIR));
    if sound.wave.is_empty() {
        return;
    }
    let most = sound.wave.iter().flatten().fold(0.0_f32, |most, x| most.max(x.abs()));
    // Quiet sounds are shown larger, by whole factors of two, so that the picture does not breathe.
    let zoom = if most > 1e-4 { (0.9 / most).log2().floor().exp2().clamp(1.0, 64.0) } else { 1.0 };
    let y = |x: f32| well.center().y - (x * zoom).clamp(-1.0, 1.0) * well.height() / 2.0;
    let step = well.width() / sound.wave.len() as f32;
    let mut mesh = Mesh::default();
    let least = theme.px(1.0);
    for (n, [low, high]) in sound.wave.iter().enumerate() {
        let left = well.left() + n as f32 * step;
        let (top, bottom) = (y(*high), y(*low).max(y(*high) + least));
        mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(left + step, bottom)), theme::ACCENT);
    }
    painter.add(mesh);
    if zoom > 1.0 {
        let at = pos2(panel.right() - theme.px(12.0), panel.top() + theme.px(14.0));
        theme.text(painter, at, Align2::RIGHT_CENTER, format!("\u{d7}{zoom:.0}"), (Type::Caption, theme::DIM));
    }
}

fn meter(ui: &Ui, panel: Rect, theme: &Theme, view: &View) {
    let sound = &view.sound;
    let painter = ui.painter();
    theme.panel(painter, panel);
    title(ui, panel, theme, "Level");
    let db = |gain: f32| if gain > 0.0 { gain_to_db(gain) } else { f32::NEG_INFINITY };
    let held = db(sound.held);
    let words = if held < METER_FLOOR_DB { "\u{2212}\u{221e} dB".into() } else { minus(format!("{held:.1} dB")) };
    let ink = if held > 0.0 { theme::ALARM } else { theme::TEXT };
    let at = pos2(panel.right() - theme.px(12.0), panel.top() + theme.px(14.0));
    theme.text(painter, at, Align2::RIGHT_CENTER, words, (Type::Strong, ink));
    bar(painter, theme, theme.rect(panel.min, 12.0, 28.0, 160.0, 12.0), (db(sound.level), held));
    let percent = |share: f32| format!("{:.0} %", 100.0 * share);
    let rows = [
        ("Voices", format!("{} of {}", sound.voices[0], sound.voices[1]), false),
        ("Workers", percent(sound.load), sound.load > 0.9),
        ("Late or lost notes", (sound.late + sound.failed).to_string(), sound.late + sound.failed > 0),
        ("Notes ready", sound.cached.to_string(), false),
    ];
    for (n, (name, value, warns)) in rows.into_iter().enumerate() {
        let y = panel.top() + theme.px(54.0 + 17.0 * n as f32);
        let (left, right) = (panel.left() + theme.px(12.0), panel.right() - theme.px(12.0));
        theme.text(painter, pos2(left, y), Align2::LEFT_CENTER, name, (Type::Caption, theme::DIM));
        let ink = if warns { theme::WARNING } else { theme::TEXT };
        theme.text(painter, pos2(right, y), Align2::RIGHT_CENTER, value, (Type::Caption, ink));
    }
}

fn bar(painter: &Painter, theme: &Theme, rect: Rect, (level, held): (f32, f32)) {
    let share = |db: f32| ((db - METER_FLOOR_DB) / -METER_FLOOR_DB).clamp(0.0, 1.0);
    painter.rect_filled(rect, theme.corner(2.0), theme::WELL);
    let mut filled = rect;
    filled.set_right(rect.left() + share(level) * rect.width());
    painter.rect_filled(filled, theme.corner(2.0), if level > -3.0 { theme::WARNING } else { theme::ACCENT });
    if held > METER_FLOOR_DB {
        let x = rect.left() + share(held) * rect.width();
        let ink = if held > 0.0 { theme::ALARM } else { theme::TEXT };
        painter.vline(x, rect.y_range(), theme.stroke(2.0, ink));
    }
}

/// With a minus, not a hyphen.
fn minus(text: String) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_partial_is_in_the_picture_at_its_height_and_time() {
        let (frames, bands) = (4, 500);
        let mut levels = vec![0; frames * bands];
        levels[2 * bands + 499] = 255;
        let last = Spectrogram { serial: 1, frames, whole: 128, bands, levels, key: 60 };
        let image = picture(&last);
        assert_eq!(image.size, [frames, ROWS]);
        let bright: Vec<usize> = (0..image.pixels.len()).filter(|n| image.pixels[*n].r() > 200).collect();
        assert_eq!(bright, [2], "the top row, third frame");
    }
}
