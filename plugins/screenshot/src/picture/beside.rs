//! `NAME-side-by-side.png`: what differs and a margin around it, as expected, as it is, and marked.
//!
//! A small area is enlarged, a large one made smaller, so that all three fit on a screen.

use super::encode::{Encoder, Kind};
use super::paint::{self, FRAME, INK, PAPER};
use super::title::{self, LETTER_HEIGHT};
use super::{Frame, Scale};
use crate::marks::Mark;
use crate::metric::over_white;
use crate::regions::Area;
use crate::rows::Window;

/// What is shown around what differs, in pixels of the screen.
const MARGIN: usize = 48;
/// The widest and the highest panel.
const PANEL_WIDTH_MAX: usize = 800;
const PANEL_HEIGHT_MAX: usize = 1_200;
/// A smaller area is enlarged.
const PANEL_WIDTH_MIN: usize = 320;
/// Enlarging beyond this shows nothing more.
const UP_MAX: usize = 8;
/// Between panels, and around them.
const GAP: usize = 12;
/// Pixels of a dot of a title.
const DOT: usize = 2;
/// Height of the row of titles.
const TITLE_HEIGHT: usize = GAP + LETTER_HEIGHT * DOT;
/// Above the panels.
const TITLES: [&str; 3] = ["expected", "actual", "difference"];

type Rgb = [u8; 3];

/// The picture while rows come.
pub(super) struct Beside {
    encoder: Encoder,
    area: Area,
    scale: Scale,
    frames: Vec<Frame>,
    /// Columns and rows of a panel.
    width: usize,
    rows: usize,
    /// Of each pixel of an output row: sums of the channels of both pictures.
    sums: Vec<[u32; 6]>,
    /// Shades and marks of an output row; marks are 0 where there is none.
    shades: Vec<u8>,
    marks: Vec<u8>,
    written: usize,
    palette: [Rgb; paint::COLORS],
}

impl Beside {
    /// Shows these regions; the whole screen where there are none.
    pub(super) fn new(width: usize, height: usize, regions: &[Area]) -> Self {
        let whole = Area { left: 0, top: 0, right: width, bottom: height };
        let area =
            regions.iter().copied().reduce(Area::around).map_or(whole, |area| area.grown(MARGIN, whole));
        let scale = scale(area);
        let panel = |side: usize| side.div_ceil(scale.down) * scale.up;
        let (columns, rows) = (panel(area.width()), panel(area.height()));
        let height = TITLE_HEIGHT + 2 * GAP + rows;
        let encoder = Encoder::new(3 * columns + 4 * GAP, height, Kind::Rgb);
        let frames = regions.iter().map(|region| Frame::around(*region, area, scale)).collect();
        let pixels = columns / scale.up;
        let mut beside = Self {
            encoder,
            area,
            scale,
            frames,
            width: columns,
            rows,
            sums: vec![[0; 6]; pixels],
            shades: vec![0; pixels],
            marks: vec![0; pixels],
            written: 0,
            palette: paint::palette(),
        };
        beside.titles();
        beside
    }

    /// Pixels of the picture, nearly: without what is around its panels.
    pub(super) fn pixels(&self) -> usize {
        3 * self.width * self.rows
    }

    /// True if row `y` of the screen is shown: the first of those that are one of the picture.
    pub(super) fn wants(&self, y: usize) -> bool {
        (self.area.top..self.area.bottom).contains(&y) && (y - self.area.top).is_multiple_of(self.scale.down)
    }

    fn titles(&mut self) {
        let [paper, ink] = [PAPER, INK].map(|index| self.palette[usize::from(index)]);
        for y in 0..TITLE_HEIGHT + GAP {
            let panel = |word: &str| {
                let dot = |x: usize| {
                    let row = y.checked_sub(GAP).filter(|row| *row < LETTER_HEIGHT * DOT);
                    row.is_some_and(|row| title::is_ink(word, x / DOT, row / DOT))
                };
                (0..self.width).map(|x| if dot(x) { ink } else { paper }).collect::<Vec<Rgb>>()
            };
            let row = lay([panel(TITLES[0]), panel(TITLES[1]), panel(TITLES[2])], paper);
            self.encoder.row(row.as_flattened());
        }
    }

    /// Takes a row that is wanted or has marks.
    pub(super) fn row(&mut self, window: &Window<'_>, marks: &[Mark]) {
        if !(self.area.top..self.area.bottom).contains(&window.y) {
            return;
        }
        if self.wants(window.y) {
            if window.y > self.area.top {
                self.write();
            }
            self.show(window);
        }
        let (columns, down) = (self.area.left..self.area.right, self.scale.down);
        let shown = marks.iter().filter(|mark| columns.contains(&(mark.x as usize)));
        for (x, mark) in shown.filter_map(|mark| Some((mark.x as usize, paint::mark(mark.class)?))) {
            paint::keep(&mut self.marks, (x - self.area.left) / down, mark);
        }
    }

    fn show(&mut self, window: &Window<'_>) {
        let columns = self.area.left..self.area.right;
        let down = self.scale.down;
        let (expected, actual) = (window.expected(window.y), window.actual(window.y));
        let blocks = expected[columns.clone()].chunks(down).zip(actual[columns].chunks(down));
        for ((sums, shade), (expected, actual)) in self.sums.iter_mut().zip(&mut self.shades).zip(blocks) {
            *shade = paint::shade(expected[expected.len() / 2]);
            let [[r1, g1, b1], [r2, g2, b2]] = [sum(expected), sum(actual)];
            *sums = [r1, g1, b1, r2, g2, b2];
        }
    }

    fn write(&mut self) {
        let (down, up) = (self.scale.down, self.scale.up);
        let mut panels: [Vec<Rgb>; 3] = std::array::from_fn(|_| Vec::with_capacity(self.width));
        for (x, (sums, mark)) in self.sums.iter().zip(&mut self.marks).enumerate() {
            let count = u32::try_from(down.min(self.area.width() - x * down)).expect("a factor is small");
            let [r1, g1, b1, r2, g2, b2] = sums.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX));
            let mark = std::mem::take(mark);
            let index = if mark > 0 { mark } else { self.shades[x] };
            let colors = [[r1, g1, b1], [r2, g2, b2], self.palette[usize::from(index)]];
            for (panel, color) in panels.iter_mut().zip(colors) {
                panel.extend(std::iter::repeat_n(color, up));
            }
        }
        let [paper, frame] = [PAPER, FRAME].map(|index| self.palette[usize::from(index)]);
        for _ in 0..up {
            let mut framed = panels.clone();
            for panel in &mut framed {
                paint::frames(panel, &self.frames, self.written, frame);
            }
            self.encoder.row(lay(framed, paper).as_flattened());
            self.written += 1;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.write();
        let paper = self.palette[usize::from(PAPER)];
        let row = vec![paper; 3 * self.width + 4 * GAP];
        (0..GAP).for_each(|_| self.encoder.row(row.as_flattened()));
        self.encoder.finish()
    }
}

/// Sums of the channels of at most 256 pixels, seen over white.
fn sum(words: &[u32]) -> [u32; 3] {
    let is_opaque = words.iter().fold(u32::MAX, |all, word| all & word) >= 0xff00_0000;
    if is_opaque {
        // Red and blue in one word: no sum of so few reaches into the other.
        let (red_blue, green) = words.iter().fold((0, 0), |(red_blue, green), word| {
            (red_blue + (word & 0x00ff_00ff), green + (word >> 8 & 0xff))
        });
        return [red_blue & 0xffff, green, red_blue >> 16];
    }
    words.iter().fold([0; 3], |sums, word| {
        let colors = over_white(*word);
        std::array::from_fn(|at| sums[at] + u32::from(colors[at]))
    })
}

/// Panels with gaps between and around them.
fn lay(panels: [Vec<Rgb>; 3], paper: Rgb) -> Vec<Rgb> {
    let mut row = vec![paper; GAP];
    for panel in panels {
        row.extend(panel);
        row.extend([paper; GAP]);
    }
    row
}

fn scale(area: Area) -> Scale {
    let down = area.width().div_ceil(PANEL_WIDTH_MAX).max(area.height().div_ceil(PANEL_HEIGHT_MAX));
    let up = (PANEL_WIDTH_MIN.div_ceil(area.width()))
        .min(PANEL_HEIGHT_MAX / area.height().max(1))
        .clamp(1, UP_MAX);
    Scale { up: if down > 1 { 1 } else { up }, down }
}
