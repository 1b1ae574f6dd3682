//! The instrument as the window shows it: what its card says, in the order in which it is drawn.

use std::collections::HashMap;

use super::action::Latent;
use crate::model::ModelFile;
use crate::model::card::{Credit, LATENT_DIM, MapPoint, ModelCard};

/// Families with a colour and a shape of their own; the rest share the last.
pub const FAMILIES: usize = 8;
/// Cells of a density, along each side.
pub const DENSITY: usize = 48;

/// A latent coordinate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What one hears along it.
    pub label: String,
    /// What was measured.
    pub description: String,
    /// Where the model sounds good.
    pub range: [f32; 2],
}

/// One training sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where it lies in the latent space.
    pub z: Latent,
    /// Where it lies on the map, from 0 to 1 in both directions.
    pub place: [f32; 2],
    /// What it is.
    pub label: String,
    /// Its key.
    pub key: u8,
    /// Which of [`Instrument::families`] it belongs to.
    pub family: usize,
}

/// A group of sounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// How many sounds it has.
    pub sounds: usize,
}

/// What the window shows of an instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instrument {
    /// SHA-256 of its file.
    pub sha256: String,
    /// Its name.
    pub name: String,
    /// Who trained it.
    pub author: String,
    /// What it is.
    pub description: String,
    /// Its licence.
    pub licence: String,
    /// Recordings, their authors and licences.
    pub credits: Vec<(String, String, String)>,
    /// The lowest and highest key that training heard.
    pub keys: [u8; 2],
    /// Its coordinates.
    pub axes: [Axis; LATENT_DIM],
    /// Its training sounds.
    pub points: Vec<Point>,
    /// Their families, the largest first.
    pub families: Vec<Family>,
    /// How many sounds lie where, for each pad, row by row from the bottom; 1 where most do.
    pub densities: [Vec<f32>; 2],
}

impl Instrument {
    /// Of a model file.
    #[must_use]
    pub fn of(model: &ModelFile) -> Self {
        Self { sha256: model.sha256.clone(), ..Self::of_card(&model.card) }
    }

    /// Of a card.
    #[must_use]
    pub fn of_card(card: &ModelCard) -> Self {
        let axes = std::array::from_fn(|axis| Axis {
            label: card.axes[axis].label.clone(),
            description: card.axes[axis].description.clone(),
            range: card.axes[axis].range,
        });
        let families = families(&card.map);
        let points = points(&card.map, &families);
        let densities = [0, 2].map(|first| density(&points, &axes, [first, first + 1]));
        let credit = |credit: &Credit| (credit.work.clone(), credit.author.clone(), credit.licence.clone());
        Self {
            sha256: String::new(),
            name: card.name.clone(),
            author: card.author.clone(),
            description: card.description.clone(),
            licence: card.licence.clone(),
            credits: card.credits.iter().map(credit).collect(),
            keys: [card.notes.lowest.number(), card.notes.highest.number()],
            axes,
            points,
            families,
            densities,
        }
    }

    /// The training sound that lies nearest to a point.
    #[must_use]
    pub fn nearest(&self, z: &Latent) -> Option<usize> {
        let distance = |point: &Point| distance_squared(&point.z, z);
        let places = 0..self.points.len();
        places.min_by(|&a, &b| distance(&self.points[a]).total_cmp(&distance(&self.points[b])))
    }
}

/// Squared Euclidean distance.
#[must_use]
pub fn distance_squared(a: &Latent, b: &Latent) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// A label's family: what stands before its first hyphen.
fn family_of(label: &str) -> &str {
    label.split('-').next().unwrap_or(label)
}

fn families(map: &[MapPoint]) -> Vec<Family> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for point in map {
        *counts.entry(family_of(&point.label)).or_default() += 1;
    }
    let mut all: Vec<(&str, usize)> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let family = |(name, sounds): &(&str, usize)| Family { name: (*name).into(), sounds: *sounds };
    if all.len() <= FAMILIES {
        return all.iter().map(family).collect();
    }
    let rest = all.split_off(FAMILIES - 1);
    let mut families: Vec<Family> = all.iter().map(family).collect();
    families.push(Family { name: "other".into(), sounds: rest.iter().map(|(_, sounds)| sounds).sum() });
    families
}

fn points(map: &[MapPoint], families: &[Family]) -> Vec<Point> {
    // The middle and the reach of nearly all of them: a few that lie far out would leave the rest in a heap. Those
    // are drawn in, the more the farther out they are.
    let spread = |axis: usize| {
        let mut places: Vec<f32> = map.iter().map(|point| point.xy[axis]).filter(|x| x.is_finite()).collect();
        places.sort_by(f32::total_cmp);
        let at = |share: f32| {
            places.get((share * places.len().saturating_sub(1) as f32) as usize).copied().unwrap_or(0.0)
        };
        [0.5 * (at(0.03) + at(0.97)), (0.5 * (at(0.97) - at(0.03))).max(f32::EPSILON)]
    };
    let spreads = [spread(0), spread(1)];
    let place = |xy: [f32; 2]| {
        std::array::from_fn(|axis| {
            let [middle, reach] = spreads[axis];
            let out = 0.8 * (xy[axis] - middle) / reach;
            0.5 + 0.5 * out / (1.0 + out.abs().powi(3)).cbrt()
        })
    };
    let family = |label: &str| families.iter().position(|family| family.name == family_of(label));
    map.iter()
        .filter(|point| point.xy.iter().chain(&point.z).all(|x| x.is_finite()))
        .map(|point| Point {
            z: point.z,
            place: place(point.xy),
            label: point.label.clone(),
            key: point.note.number(),
            family: family(&point.label).unwrap_or(families.len().saturating_sub(1)),
        })
        .collect()
}

/// A sum of Gaussian bells over the points, of a width that shows regions and not single sounds.
fn density(points: &[Point], axes: &[Axis; LATENT_DIM], pair: [usize; 2]) -> Vec<f32> {
    /// Standard deviation of a bell, in cells.
    const WIDTH: f32 = 2.4;
    /// Beyond this many cells a bell is below a thousandth.
    const REACH: i32 = 9;
    let mut cells = vec![0.0_f32; DENSITY * DENSITY];
    for point in points {
        let [x, y] = pair.map(|axis| {
            let [low, high] = axes[axis].range;
            (point.z[axis] - low) / (high - low) * DENSITY as f32 - 0.5
        });
        let near =
            |at: f32| (at.round() as i32 - REACH).max(0)..(at.round() as i32 + REACH + 1).min(DENSITY as i32);
        for row in near(y) {
            for column in near(x) {
                let squared = (column as f32 - x).powi(2) + (row as f32 - y).powi(2);
                cells[row as usize * DENSITY + column as usize] += (-squared / (2.0 * WIDTH * WIDTH)).exp();
            }
        }
    }
    let most = cells.iter().copied().fold(f32::EPSILON, f32::max);
    cells.iter().map(|cell| cell / most).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The instrument that is compiled in.
    pub(in crate::editor) fn built_in() -> Instrument {
        Instrument::of(&ModelFile::built_in().unwrap())
    }

    #[test]
    fn the_built_in_card_fills_the_map_and_both_pads() {
        let instrument = built_in();
        assert!(instrument.points.len() > 100 && instrument.families.len() == FAMILIES);
        assert_eq!(instrument.families.iter().map(|family| family.sounds).sum::<usize>(), instrument.points.len());
        assert!(instrument.points.iter().all(|point| point.place.iter().all(|x| (0.0..=1.0).contains(x))));
        for density in &instrument.densities {
            assert_eq!(density.len(), DENSITY * DENSITY);
            assert!(density.iter().all(|cell| (0.0..=1.0).contains(cell)));
        }
    }

    #[test]
    fn a_sound_lies_nearest_to_itself() {
        let instrument = built_in();
        let nearest = instrument.nearest(&instrument.points[17].z).unwrap();
        assert_eq!(instrument.points[nearest].z, instrument.points[17].z);
    }

    #[test]
    fn a_card_without_a_map_is_drawn_without_one() {
        let mut card = ModelFile::built_in().unwrap().card.clone();
        card.map.clear();
        let instrument = Instrument::of_card(&card);
        assert!(instrument.points.is_empty() && instrument.families.is_empty());
        assert_eq!(instrument.nearest(&[0.0; LATENT_DIM]), None);
        assert!(instrument.densities[0].iter().all(|cell| *cell == 0.0));
    }
}
