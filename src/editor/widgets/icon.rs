//! Icons, drawn as strokes in a square of sixteen design units.

use std::f32::consts::{PI, TAU};

use egui::{Color32, Painter, Pos2, Stroke, pos2, vec2};

use crate::editor::theme::Theme;

/// A picture that stands for a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Take back.
    Undo,
    /// Do again.
    Redo,
    /// The one before.
    Previous,
    /// The one after.
    Next,
    /// Keep.
    Save,
    /// Settings.
    Settings,
    /// Help.
    Help,
    /// Close.
    Close,
    /// There is more below.
    Down,
    /// From one to the other.
    Copy,
    /// A folder.
    Folder,
}

impl Icon {
    /// Draws it around a point.
    pub fn paint(self, painter: &Painter, centre: Pos2, theme: &Theme, colour: Color32) {
        let stroke = theme.stroke(1.5, colour);
        let at = |x: f32, y: f32| centre + vec2(theme.px(x), theme.px(y));
        let line = |points: &[(f32, f32)]| {
            painter.line(points.iter().map(|&(x, y)| at(x, y)).collect(), stroke);
        };
        match self {
            Self::Undo => turn(painter, centre, theme, stroke, 1.0),
            Self::Redo => turn(painter, centre, theme, stroke, -1.0),
            Self::Previous => line(&[(2.5, -5.0), (-2.5, 0.0), (2.5, 5.0)]),
            Self::Next => line(&[(-2.5, -5.0), (2.5, 0.0), (-2.5, 5.0)]),
            Self::Down => line(&[(-4.0, -2.0), (0.0, 2.0), (4.0, -2.0)]),
            Self::Close => {
                line(&[(-4.5, -4.5), (4.5, 4.5)]);
                line(&[(-4.5, 4.5), (4.5, -4.5)]);
            }
            Self::Save => {
                line(&[(0.0, -6.0), (0.0, 2.5)]);
                line(&[(-3.5, -1.0), (0.0, 2.5), (3.5, -1.0)]);
                line(&[(-6.0, 2.5), (-6.0, 6.0), (6.0, 6.0), (6.0, 2.5)]);
            }
            Self::Copy => {
                line(&[(-6.0, 0.0), (5.0, 0.0)]);
                line(&[(1.5, -3.5), (5.0, 0.0), (1.5, 3.5)]);
            }
            Self::Folder => {
                line(&[
                    (-6.5, 5.0),
                    (-6.5, -5.0),
                    (-2.0, -5.0),
                    (0.0, -3.0),
                    (6.5, -3.0),
                    (6.5, 5.0),
                    (-6.5, 5.0),
                ]);
            }
            Self::Settings => sliders(painter, theme, stroke, &at),
            Self::Help => question(painter, theme, stroke, &at),
        }
    }
}

/// An arrow that turns back: `way` 1 to the left, -1 to the right.
fn turn(painter: &Painter, centre: Pos2, theme: &Theme, stroke: Stroke, way: f32) {
    let at = |x: f32, y: f32| pos2(centre.x + theme.px(way * x), centre.y + theme.px(y));
    let bend = (0..=12).map(|step| {
        let angle = PI * step as f32 / 12.0;
        at(1.5 + 4.0 * angle.sin(), 1.0 - 4.0 * angle.cos())
    });
    let path = std::iter::once(at(-5.5, -3.0)).chain(bend).chain([at(-3.0, 5.0)]);
    painter.line(path.collect(), stroke);
    painter.line(vec![at(-2.5, -6.0), at(-5.5, -3.0), at(-2.5, 0.0)], stroke);
}

fn sliders(painter: &Painter, theme: &Theme, stroke: Stroke, at: &dyn Fn(f32, f32) -> Pos2) {
    for (y, knob) in [(-4.5, 2.5), (0.0, -2.5), (4.5, 3.0)] {
        painter.line_segment([at(-6.5, y), at(knob - 2.0, y)], stroke);
        painter.line_segment([at(knob + 2.0, y), at(6.5, y)], stroke);
        painter.circle_stroke(at(knob, y), theme.px(2.0), stroke);
    }
}

fn question(painter: &Painter, theme: &Theme, stroke: Stroke, at: &dyn Fn(f32, f32) -> Pos2) {
    let hook = (0..=14).map(|step| {
        let angle = -PI + TAU * 0.66 * step as f32 / 14.0;
        at(3.2 * angle.cos(), -2.6 + 3.2 * angle.sin())
    });
    let mut points: Vec<Pos2> = hook.collect();
    points.push(at(0.0, 3.0));
    painter.line(points, stroke);
    painter.circle_filled(at(0.0, 6.0), theme.px(1.1), stroke.color);
}
