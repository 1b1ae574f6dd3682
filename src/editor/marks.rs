//! The shapes that tell families apart where colours do not, as one picture that is tinted when it is drawn.

use egui::{Color32, ColorImage, Mesh, Pos2, Rect, TextureId, Vec2, pos2};

use super::instrument::FAMILIES;

/// Pixels of one shape, along each side.
const CELL: usize = 48;

/// All shapes beside each other, white on nothing.
#[must_use]
pub fn picture() -> ColorImage {
    let mut image = ColorImage::filled([CELL * FAMILIES, CELL], Color32::TRANSPARENT);
    for family in 0..FAMILIES {
        for y in 0..CELL {
            for x in 0..CELL {
                let at = |n: usize| (n as f32 + 0.5) / CELL as f32 * 2.0 - 1.0;
                let inside = distance(family, at(x), at(y)) * CELL as f32 / 2.0;
                let alpha = (0.5 - inside).clamp(0.0, 1.0);
                image.pixels[y * CELL * FAMILIES + family * CELL + x] =
                    Color32::from_white_alpha((alpha * 255.0) as u8);
            }
        }
    }
    image
}

/// How far a point of [-1, 1]² lies outside of a family's shape; negative within.
fn distance(family: usize, x: f32, y: f32) -> f32 {
    let square = |half: f32| x.abs().max(y.abs()) - half;
    let triangle = |y: f32| ((x.abs() * 0.866 + y * 0.5) - 0.36).max(-y - 0.66);
    match family {
        0 => x.hypot(y) - 0.72,
        1 => square(0.62),
        2 => triangle(-y),
        3 => (x.abs() + y.abs()) * 0.707 - 0.62,
        4 => (x.hypot(y) - 0.58).abs() - 0.2,
        5 => (x.abs().min(y.abs()) - 0.22).max(square(0.78)),
        6 => triangle(y),
        _ => x.hypot(y) - 0.42,
    }
}

/// Adds a shape to a mesh that is drawn with [`picture`].
pub fn add(mesh: &mut Mesh, family: usize, at: Pos2, radius: f32, colour: Color32) {
    let family = family.min(FAMILIES - 1) as f32;
    let count = FAMILIES as f32;
    let uv = Rect::from_min_max(pos2(family / count, 0.0), pos2((family + 1.0) / count, 1.0));
    mesh.add_rect_with_uv(Rect::from_center_size(at, Vec2::splat(2.0 * radius)), uv, colour);
}

/// A mesh for shapes.
#[must_use]
pub fn mesh(texture: TextureId) -> Mesh {
    Mesh::with_texture(texture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_shape_of_its_own_inside_its_cell() {
        let image = picture();
        let cell = |family: usize| -> Vec<u8> {
            let row = |y: usize| &image.pixels[y * CELL * FAMILIES + family * CELL..][..CELL];
            (0..CELL).flat_map(row).map(|pixel| pixel.a()).collect()
        };
        for family in 0..FAMILIES {
            let pixels = cell(family);
            let covered = pixels.iter().filter(|alpha| **alpha > 127).count() as f32 / (CELL * CELL) as f32;
            assert!((0.1..0.6).contains(&covered), "family {family} covers {covered}");
            assert!(pixels[..CELL].iter().all(|alpha| *alpha == 0), "family {family} is cut off");
            assert!((0..family).all(|other| cell(other) != pixels), "family {family} looks like another");
        }
    }
}
