//! Structural similarity beside perceived colour difference, as Playwright's comparator `ssim-cie94` has it.
//!
//! A pixel differs if its colours do so noticeably (CIE94 above 1) and either its three by three neighbours are
//! all of one colour in one picture, where nothing can be anti-aliasing, or the structural similarity (Wang et
//! al., 2004) of the 31 by 31 pixels around it is below 0.99. Both pictures have a border of two colours in
//! turns, and are seen over white.
//!
//! Sums over a window are kept per column in integers, so that a row costs the same whatever differs in it.

use super::colour::{cie94_squared, lab, linear_table, over_white};
use crate::classes::{Class, Mark};
use crate::rows::Window;

/// Rows and columns either side of a pixel.
pub(crate) const RADIUS: usize = 15;
const SIDE: usize = 2 * RADIUS + 1;

/// Sums of each channel: expected, actual, their squares, their product.
type Sums = [[u32; 5]; 3];

/// One row of both pictures with its border: channels of the expected and of the actual picture.
type Row = Vec<[[u8; 3]; 2]>;

/// Judges rows in order.
#[derive(Debug)]
pub(crate) struct Ssim {
    similar: f64,
    linear: [f64; 256],
    /// Row `y` of the pictures is at `(y + RADIUS) % (SIDE + 1)`: one more than a window, for what leaves it.
    rows: Vec<Row>,
    /// Of each column, over the window's rows.
    columns: Vec<Sums>,
    /// Rows that were taken, the border's too.
    taken: usize,
}

impl Ssim {
    /// `threshold` is how far the similarity may be below 1.
    pub(crate) fn new(threshold: f64, width: usize) -> Self {
        Self {
            similar: 1.0 - threshold,
            linear: linear_table(),
            rows: vec![Vec::new(); SIDE + 1],
            columns: vec![Sums::default(); width + 2 * RADIUS],
            taken: 0,
        }
    }

    /// Marks the pixels of the current row that are not the same.
    pub(crate) fn judge(&mut self, window: &Window<'_>, ignored: Option<&[bool]>, marks: &mut Vec<Mark>) {
        while self.taken < window.y + SIDE {
            self.take(window);
        }
        let pixels = window.expected(window.y).iter().zip(window.actual(window.y));
        for (x, _) in pixels.enumerate().filter(|(_, (expected, actual))| expected != actual) {
            let is_ignored = ignored.is_some_and(|ignored| ignored[x]);
            let class = if is_ignored { Class::Ignored } else { self.class(x, window.y) };
            marks.push(Mark::new(x, class));
        }
    }

    fn class(&self, x: usize, y: usize) -> Class {
        let (column, row) = (x + RADIUS, y + RADIUS);
        let [ours, theirs] = self.rows[row % (SIDE + 1)][column].map(|rgb| lab(&self.linear, rgb));
        if cie94_squared(ours, theirs) <= 1.0 {
            return Class::Faint;
        }
        if self.is_even(column, row) || self.similarity(column) < self.similar {
            return Class::Different;
        }
        Class::Antialias
    }

    /// True if in one of the pictures the pixel and those around it have one colour.
    fn is_even(&self, column: usize, row: usize) -> bool {
        let centre = self.rows[row % (SIDE + 1)][column];
        let is_even = |side: usize| {
            let mut near =
                (row - 1..=row + 1).flat_map(|row| &self.rows[row % (SIDE + 1)][column - 1..=column + 1]);
            near.all(|pixel| pixel[side] == centre[side])
        };
        is_even(0) || is_even(1)
    }

    /// The mean of the similarities of the three channels, around a column of the current row.
    fn similarity(&self, column: usize) -> f64 {
        let window = &self.columns[column - RADIUS..=column + RADIUS];
        let of_channel = |channel: usize| {
            let sums = window
                .iter()
                .fold([0_u32; 5], |sums, column| std::array::from_fn(|at| sums[at] + column[channel][at]));
            similarity(sums.map(f64::from))
        };
        (of_channel(0) + of_channel(1) + of_channel(2)) / 3.0
    }

    /// Takes the next row into the sums, and the one that leaves the window out of them.
    fn take(&mut self, window: &Window<'_>) {
        let at = self.taken % (SIDE + 1);
        let mut row = std::mem::take(&mut self.rows[at]);
        self.fill(&mut row, window);
        let leaving = self.taken.checked_sub(SIDE).map(|leaving| &self.rows[leaving % (SIDE + 1)]);
        for (column, sums) in self.columns.iter_mut().enumerate() {
            add(sums, row[column]);
            if let Some(leaving) = leaving {
                remove(sums, leaving[column]);
            }
        }
        self.rows[at] = row;
        self.taken += 1;
    }

    fn fill(&self, row: &mut Row, window: &Window<'_>) {
        let width = window.width + 2 * RADIUS;
        row.clear();
        row.extend((0..width).map(|column| [border(column + self.taken); 2]));
        let Some(y) = self.taken.checked_sub(RADIUS).filter(|y| *y < window.height) else { return };
        let words = window.expected(y).iter().zip(window.actual(y));
        for (pixel, (&expected, &actual)) in row[RADIUS..].iter_mut().zip(words) {
            *pixel = [over_white(expected), over_white(actual)];
        }
    }
}

/// The colour of the border, in turns.
fn border(place: usize) -> [u8; 3] {
    if place % 2 == 0 { [255, 0, 255] } else { [0, 255, 0] }
}

fn products([expected, actual]: [[u8; 3]; 2], channel: usize) -> [u32; 5] {
    let [left, right] = [expected[channel], actual[channel]].map(u32::from);
    [left, right, left * left, right * right, left * right]
}

fn add(sums: &mut Sums, pixel: [[u8; 3]; 2]) {
    for (channel, sums) in sums.iter_mut().enumerate() {
        for (sum, product) in sums.iter_mut().zip(products(pixel, channel)) {
            *sum += product;
        }
    }
}

fn remove(sums: &mut Sums, pixel: [[u8; 3]; 2]) {
    for (channel, sums) in sums.iter_mut().enumerate() {
        for (sum, product) in sums.iter_mut().zip(products(pixel, channel)) {
            *sum -= product;
        }
    }
}

/// The index of Wang et al. of one channel, from its sums over a window.
fn similarity([expected, actual, expected_squares, actual_squares, products]: [f64; 5]) -> f64 {
    const COUNT: f64 = (SIDE * SIDE) as f64;
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let (mean1, mean2) = (expected / COUNT, actual / COUNT);
    let variance1 = (expected_squares - expected * expected / COUNT) / COUNT;
    let variance2 = (actual_squares - actual * actual / COUNT) / COUNT;
    let covariance = (products - expected * actual / COUNT) / COUNT;
    (2.0 * mean1 * mean2 + C1) * (2.0 * covariance + C2)
        / (mean1 * mean1 + mean2 * mean2 + C1)
        / (variance1 + variance2 + C2)
}
