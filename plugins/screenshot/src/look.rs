//! One walk over two pictures: what each pixel is, counted.

use evident_checker::Error;

use crate::blank::Watched;
use crate::classes::{Class, Classes};
use crate::density::Density;
use crate::mask::Mask;
use crate::regions::{Area, End, Region, Regions};
use crate::rows::{Rows, Window};
use crate::shift::{Hashes, hash};

/// What a walk found.
#[derive(Debug)]
pub(crate) struct Look {
    /// Columns that both pictures have.
    pub(crate) width: usize,
    /// Pixels that were compared: all that both pictures have, less what is masked.
    pub(crate) area: u64,
    pub(crate) different: u64,
    /// Not the same, but similar enough.
    pub(crate) faint: u64,
    /// Different by anti-aliasing, whether it counts or not.
    pub(crate) antialiased: u64,
    /// The most differing pixels in any window.
    pub(crate) density: u32,
    pub(crate) regions: Vec<Region>,
    /// A text cursor that was left out.
    pub(crate) caret: Option<Area>,
    /// Rows from the first that differs on.
    pub(crate) hashes: Option<Hashes>,
}

impl Look {
    /// True if some pixels are not the same and none of them counts.
    pub(crate) fn is_faint(&self) -> bool {
        self.different == 0 && self.faint + self.antialiased > 0
    }
}

/// Sees every row that was looked at: pictures are made of them.
pub(crate) trait Observe {
    /// True if row `y` must be shown whether it differs or not.
    fn wants(&self, y: usize) -> bool;

    /// Takes row `y`, if it was wanted or differs.
    fn row(&mut self, window: &Window<'_>, classes: &[Class]);
}

/// Walks all rows. `watched` are areas of which it must be known whether they show anything.
pub(crate) fn look(
    rows: &mut Rows<'_>,
    classes: &mut Classes,
    mask: &mut Mask<'_>,
    (window, ignore_caret): (usize, bool),
    watched: &mut [Watched],
    observer: &mut dyn Observe,
) -> Result<Look, Error> {
    let (width, height) = (rows.width(), rows.height());
    let mut tally = Tally::new(width, height, window);
    let mut row = vec![Class::Same; width];
    for y in 0..height {
        let same = rows.is_same(y)?;
        let ignored = mask.row(y)?.map(|ignored| &ignored[..width]);
        tally.area += compared(width, ignored);
        let is_watched = watched.iter().any(|watched| watched.wants(y));
        let is_hashed = tally.hashes.is_some();
        if same && !is_watched && !is_hashed && !classes.needs_all() && !observer.wants(y) {
            tally.density.row(&mut tally.marked);
            continue;
        }
        let window = rows.window(y);
        for watched in watched.iter_mut().filter(|watched| watched.wants(y)) {
            watched.row(window.expected(y), window.actual(y), ignored);
        }
        row.fill(Class::Same);
        classes.judge(&window, ignored, &mut row);
        tally.row(&window, &row);
        if !same || observer.wants(y) {
            observer.row(&window, &row);
        }
    }
    Ok(tally.finish(ignore_caret))
}

fn compared(width: usize, ignored: Option<&[bool]>) -> u64 {
    let masked = ignored.map_or(0, |ignored| ignored.iter().filter(|ignored| **ignored).count());
    (width - masked) as u64
}

/// Counts as rows come.
struct Tally {
    width: usize,
    area: u64,
    different: u64,
    faint: u64,
    antialiased: u64,
    density: Density,
    regions: Regions,
    hashes: Option<Hashes>,
    /// Columns of the current row that differ.
    marked: Vec<u32>,
}

impl Tally {
    fn new(width: usize, height: usize, window: usize) -> Self {
        Self {
            width,
            area: 0,
            different: 0,
            faint: 0,
            antialiased: 0,
            density: Density::new(width, window),
            regions: Regions::new(width, height),
            hashes: None,
            marked: Vec::new(),
        }
    }

    fn row(&mut self, window: &Window<'_>, classes: &[Class]) {
        let y = window.y;
        for (x, class) in classes.iter().enumerate().filter(|(_, class)| **class != Class::Same) {
            match class {
                Class::Same | Class::Ignored => {}
                Class::Faint => self.faint += 1,
                Class::Antialias => self.antialiased += 1,
                Class::CountedAntialias | Class::Different => {
                    let is_antialiased = *class == Class::CountedAntialias;
                    self.antialiased += u64::from(is_antialiased);
                    self.different += 1;
                    self.marked.push(u32::try_from(x).expect("a side is below 2^17"));
                    self.regions.pixel(x, y, is_antialiased);
                }
            }
        }
        self.ends(window);
        if self.hashes.is_none() && !self.marked.is_empty() {
            self.hashes = Some(Hashes::from(y));
        }
        if let Some(hashes) = &mut self.hashes {
            let (expected, actual) = (window.expected(y), window.actual(y));
            let ours = hash(expected);
            hashes.row(ours, if expected == actual { ours } else { hash(actual) });
        }
        self.density.row(&mut self.marked);
    }

    /// Tells the regions what stands beside each run of differing pixels.
    fn ends(&mut self, window: &Window<'_>) {
        let (expected, actual) = (window.expected(window.y), window.actual(window.y));
        for run in self.marked.chunk_by(|left, right| left + 1 == *right) {
            let (first, last) = (run[0] as usize, run[run.len() - 1] as usize);
            let beside =
                [(first, first.checked_sub(1)), (last, Some(last + 1).filter(|x| *x < window.width))];
            for (x, beside) in beside.into_iter().filter_map(|(x, beside)| Some((x, beside?))) {
                let as_expected = expected[beside] == expected[x];
                let as_actual = actual[beside] == actual[x];
                self.regions.end(x, window.y, End { as_expected, as_actual });
            }
        }
    }

    fn finish(mut self, ignore_caret: bool) -> Look {
        let caret = if ignore_caret { self.regions.take_caret() } else { None };
        let different = self.different - caret.map_or(0, |caret| caret.pixels);
        Look {
            width: self.width,
            area: self.area,
            different,
            faint: self.faint,
            antialiased: self.antialiased,
            // What is left of a window with a cursor in it is not known, so that it counts as a whole.
            density: if different == 0 { 0 } else { self.density.most() },
            caret: caret.map(|caret| caret.area),
            regions: self.regions.join(),
            hashes: self.hashes,
        }
    }
}
