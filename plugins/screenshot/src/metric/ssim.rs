//! Structural similarity beside perceived colour difference, as Playwright's comparator `ssim-cie94` has it.
//!
//! A pixel differs if its colours do so noticeably (CIE94 above 1) and either its three by three neighbours are
//! all of one colour in one picture, where nothing can be anti-aliasing, or the structural similarity (Wang et
//! al., 2004) of the 31 by 31 pixels around it is below 0.99. Both pictures have a border of two colours in
//! turns, and are seen over white.
//!
//! Sums over a window are kept per column in integers, one row of memory for each of the fifteen sums, so that
//! a row costs the same whatever differs in it and several columns are added at once. Where few pixels are to
//! be looked at, those around each are summed anew, and rows without any cost nothing.

use super::colour::{cie94_squared, lab, linear_table, over_white};
use crate::classes::Class;
use crate::marks::Marks;
use crate::regions::Area;
use crate::rows::Window;

/// Rows and columns either side of a pixel.
pub(crate) const RADIUS: usize = 15;
const SIDE: usize = 2 * RADIUS + 1;

/// Pixels that may be looked at one by one: as much work as the sums of a picture of 10 million.
const FEW: u64 = 50_000;

/// Colours whose place in L*a*b* is kept, as a power of 2: 128 KiB.
const LABS_BITS: u32 = 12;

/// Red, green and blue of the expected picture, then of the actual one: a row of each.
type Row = [Vec<u8>; 6];

/// Judges rows in order.
#[derive(Debug)]
pub(crate) struct Ssim {
    similar: f64,
    linear: [f64; 256],
    /// Colours that were seen, where their words say: a screen has few.
    labs: Vec<(u32, [f64; 3])>,
    /// What is looked at; nothing else is not the same. Rows and columns with the border around it are kept.
    area: Area,
    /// Pixels around each that is looked at are summed anew.
    is_sparse: bool,
    /// Row `y` of the pictures is at `(y + RADIUS) % (SIDE + 1)`: one more than a window, for what leaves it.
    rows: Vec<Row>,
    /// Of each column, over the window's rows. For each channel: expected, actual, their squares, their product.
    sums: [[Vec<u32>; 5]; 3],
    /// The next row to take, counted from the upper border.
    next: usize,
}

impl Ssim {
    /// `threshold` is how far the similarity may be below 1; `count` pixels are not the same.
    pub(crate) fn new(threshold: f64, area: Area, count: u64) -> Self {
        let is_sparse = count <= FEW;
        let columns = if is_sparse { 0 } else { area.width() + 2 * RADIUS };
        Self {
            similar: 1.0 - threshold,
            linear: linear_table(),
            labs: vec![(0, [0.0; 3]); 1 << LABS_BITS],
            rows: (0..=SIDE).map(|_| std::array::from_fn(|_| vec![0; columns])).collect(),
            sums: std::array::from_fn(|_| std::array::from_fn(|_| vec![0; columns])),
            next: area.top,
            area,
            is_sparse,
        }
    }

    /// Of row `y` with so many pixels to look at, at most, in units of work.
    pub(crate) fn cost(&self, y: usize, count: u64) -> u64 {
        let of_columns = if self.needs(y) { 150 * self.area.width() as u64 } else { 0 };
        of_columns + count * if self.is_sparse { 40_000 } else { 2_500 }
    }

    /// True if row `y` must be seen though it may be the same in both pictures.
    pub(crate) fn needs(&self, y: usize) -> bool {
        !self.is_sparse && self.looks_at(y)
    }

    fn looks_at(&self, y: usize) -> bool {
        (self.area.top..self.area.bottom).contains(&y)
    }

    /// Marks the pixels of the current row that are not the same.
    pub(crate) fn judge(&mut self, window: &Window<'_>, ignored: Option<&[bool]>, marks: &mut Marks) {
        if !self.looks_at(window.y) {
            return;
        }
        while !self.is_sparse && self.next < window.y + SIDE {
            self.take(window);
        }
        let pixels = window.expected(window.y).iter().zip(window.actual(window.y)).enumerate();
        let shown = pixels.take(self.area.right).skip(self.area.left);
        for (x, _) in shown.filter(|(_, (expected, actual))| expected != actual) {
            let is_ignored = ignored.is_some_and(|ignored| ignored[x]);
            let class = if is_ignored { Class::Ignored } else { self.class(window, x) };
            marks.push(x, class);
        }
    }

    /// L*a*b* of a colour.
    fn lab(&mut self, rgb: [u8; 3]) -> [f64; 3] {
        let [r, g, b] = rgb;
        // No colour is 0, which stands where nothing was kept yet.
        let key = u32::from_le_bytes([r, g, b, 1]);
        let kept = &mut self.labs[(key.wrapping_mul(0x9e37_79b1) >> (u32::BITS - LABS_BITS)) as usize];
        if kept.0 != key {
            *kept = (key, lab(&self.linear, rgb));
        }
        kept.1
    }

    fn class(&mut self, window: &Window<'_>, x: usize) -> Class {
        let around = Around { window, x, row: window.y + RADIUS };
        let [ours, theirs] = around.centre();
        let [ours, theirs] = [self.lab(ours), self.lab(theirs)];
        if cie94_squared(ours, theirs) <= 1.0 {
            return Class::Faint;
        }
        if around.is_even() {
            return Class::Different;
        }
        let column = x + RADIUS - self.area.left;
        let sums = if self.is_sparse { around.sums() } else { self.sums(column) };
        let of_channels = sums.map(|sums| similarity(sums.map(f64::from)));
        let mean = (of_channels[0] + of_channels[1] + of_channels[2]) / 3.0;
        if mean < self.similar { Class::Different } else { Class::Antialias }
    }

    /// Sums over the window around a column of the current row.
    fn sums(&self, column: usize) -> [[u32; 5]; 3] {
        let window = column - RADIUS..=column + RADIUS;
        self.sums.each_ref().map(|sums| sums.each_ref().map(|sums| sums[window.clone()].iter().sum()))
    }

    /// Takes the next row into the sums, and the one that leaves the window out of them.
    fn take(&mut self, window: &Window<'_>) {
        let at = self.next % (SIDE + 1);
        let mut row = std::mem::take(&mut self.rows[at]);
        self.fill(&mut row, window);
        let leaving = self.next.checked_sub(SIDE).filter(|leaving| *leaving >= self.area.top);
        for (channel, sums) in self.sums.iter_mut().enumerate() {
            update(sums, &row[channel], &row[channel + 3], u32::wrapping_add);
            if let Some(leaving) = leaving {
                let leaving = &self.rows[leaving % (SIDE + 1)];
                update(sums, &leaving[channel], &leaving[channel + 3], u32::wrapping_sub);
            }
        }
        self.rows[at] = row;
        self.next += 1;
    }

    /// Fills a row with the border, and with what of the pictures lies in it.
    fn fill(&self, row: &mut Row, window: &Window<'_>) {
        let columns = self.area.width() + 2 * RADIUS;
        let inside = self.next.checked_sub(RADIUS).filter(|y| *y < window.height);
        // Columns of the pictures that lie in the row, and where the first of them is.
        let first = self.area.left.saturating_sub(RADIUS);
        let last = (self.area.right + RADIUS).min(window.width);
        let start = first + RADIUS - self.area.left;
        let pictures = inside.map_or(0..0, |_| start..start + last - first);
        for (at, channel) in row.iter_mut().enumerate() {
            channel.resize(columns, 0);
            for column in (0..pictures.start).chain(pictures.end..columns) {
                channel[column] = border(column + self.area.left + self.next)[at % 3];
            }
        }
        let Some(y) = inside else { return };
        let (expected, actual) = row.split_at_mut(3);
        unpack(&window.expected(y)[first..last], expected, start);
        unpack(&window.actual(y)[first..last], actual, start);
    }
}

/// A pixel and what is around it, with the border. Places count from the corner of the border.
struct Around<'a> {
    window: &'a Window<'a>,
    /// Of the pixel, from the left edge of the picture; the window around it begins here, from that of the border.
    x: usize,
    row: usize,
}

impl Around<'_> {
    /// The expected and the actual colour at a place.
    fn at(&self, column: usize, row: usize) -> [[u8; 3]; 2] {
        let (x, y) = (column.wrapping_sub(RADIUS), row.wrapping_sub(RADIUS));
        if x < self.window.width && y < self.window.height {
            [self.window.expected(y)[x], self.window.actual(y)[x]].map(over_white)
        } else {
            [border(column + row); 2]
        }
    }

    fn centre(&self) -> [[u8; 3]; 2] {
        self.at(self.x + RADIUS, self.row)
    }

    /// True if in one of the pictures the pixel and those around it have one colour.
    fn is_even(&self) -> bool {
        let (centre, column) = (self.centre(), self.x + RADIUS);
        let is_even = |side: usize| {
            let mut rows = self.row - 1..=self.row + 1;
            rows.all(|row| (column - 1..=column + 1).all(|column| self.at(column, row)[side] == centre[side]))
        };
        is_even(0) || is_even(1)
    }

    /// For each channel the sums over the window.
    fn sums(&self) -> [[u32; 5]; 3] {
        let mut sums = [[0; 5]; 3];
        for row in self.row - RADIUS..=self.row + RADIUS {
            for column in self.x..self.x + SIDE {
                let [ours, theirs] = self.at(column, row).map(|rgb| rgb.map(u32::from));
                for (channel, sums) in sums.iter_mut().enumerate() {
                    let (left, right) = (ours[channel], theirs[channel]);
                    let parts = [left, right, left * left, right * right, left * right];
                    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
                }
            }
        }
        sums
    }
}

/// Spreads pixels over three channels, from `start` on.
fn unpack(words: &[u32], channels: &mut [Vec<u8>], start: usize) {
    let is_opaque = words.iter().fold(u32::MAX, |all, word| all & word) >= 0xff00_0000;
    for (at, channel) in channels.iter_mut().enumerate() {
        let channel = channel[start..].iter_mut().zip(words);
        if is_opaque {
            channel.for_each(|(to, word)| *to = word.to_le_bytes()[at]);
        } else {
            channel.for_each(|(to, word)| *to = over_white(*word)[at]);
        }
    }
}

/// The colour of the border, in turns.
fn border(place: usize) -> [u8; 3] {
    if place.is_multiple_of(2) { [255, 0, 255] } else { [0, 255, 0] }
}

/// Takes one channel of a row into the sums of each column, or out of them.
fn update(sums: &mut [Vec<u32>; 5], expected: &[u8], actual: &[u8], change: impl Fn(u32, u32) -> u32) {
    let [ours, theirs, our_squares, their_squares, products] = sums;
    let one = |sums: &mut [u32], left: &[u8], right: Option<&[u8]>| match right {
        None => {
            for (sum, left) in sums.iter_mut().zip(left) {
                *sum = change(*sum, u32::from(*left));
            }
        }
        Some(right) => {
            for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
                *sum = change(*sum, u32::from(*left) * u32::from(*right));
            }
        }
    };
    one(ours, expected, None);
    one(theirs, actual, None);
    one(our_squares, expected, Some(expected));
    one(their_squares, actual, Some(actual));
    one(products, expected, Some(actual));
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
