//! One walk over two pictures: what each pixel is, counted or shown.

use evident_checker::Error;

use crate::blank::Watched;
use crate::classes::{Class, Classes, Kept};
use crate::density::Density;
use crate::marks::{Mark, Marks};
use crate::mask::Mask;
use crate::regions::{Area, End, Region, Regions};
use crate::rows::{Rows, Window};
use crate::shift::{Hashes, hash};
use crate::work::Work;

/// Sees the rows of a walk, in order.
pub(crate) trait Observe {
    /// True if row `y` must be shown though it is the same in both pictures.
    fn wants(&self, y: usize) -> bool;

    /// Takes row `y`, which was wanted or is not the same. `ignored` are the pixels that are masked.
    fn row(&mut self, window: &Window<'_>, ignored: Option<&[bool]>, marks: &Marks);

    /// A row that is the same and was not wanted.
    fn passed(&mut self);
}

/// How far a walk came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walked {
    /// Pixels that were compared: all of these rows that both pictures have, less what is masked.
    pub(crate) area: u64,
    /// Rows; fewer than there are where the work ended.
    pub(crate) rows: usize,
}

/// Walks all rows, as far as there is work left.
pub(crate) fn walk(
    rows: &mut Rows<'_>,
    classes: &mut Classes,
    mask: &mut Mask<'_>,
    observer: &mut dyn Observe,
    work: &mut Work,
) -> Result<Walked, Error> {
    let (width, mut area, mut marks) = (rows.width(), 0, Marks::default());
    for y in 0..rows.height() {
        let same = rows.is_same(y)?;
        let ignored = mask.row(y)?.map(|ignored| &ignored[..width]);
        let masked = ignored.map_or(0, |ignored| ignored.iter().filter(|ignored| **ignored).count());
        area += (width - masked) as u64;
        if same && !classes.needs(y) && !observer.wants(y) {
            observer.passed();
            continue;
        }
        let window = rows.window(y);
        marks.clear();
        if !same || classes.needs(y) {
            classes.judge(&window, ignored, &mut marks);
        }
        observer.row(&window, ignored, &marks);
        if !work.look(classes.cost(y, &marks)) {
            return Ok(Walked { area, rows: y + 1 });
        }
    }
    Ok(Walked { area, rows: rows.height() })
}

/// What was counted.
#[derive(Debug)]
pub(crate) struct Look {
    /// Columns that both pictures have.
    pub(crate) width: usize,
    /// Pixels that were compared.
    pub(crate) area: u64,
    /// Rows that were compared.
    pub(crate) rows: usize,
    pub(crate) different: u64,
    /// Not the same, but similar enough.
    pub(crate) faint: u64,
    /// Different by anti-aliasing, whether it counts or not.
    pub(crate) antialiased: u64,
    /// The most differing pixels in any window.
    pub(crate) density: u32,
    pub(crate) regions: Vec<Region>,
    /// The box around all pixels that are not the same, without those that are masked.
    pub(crate) unequal: Option<Area>,
    /// A text cursor that was left out.
    pub(crate) caret: Option<Area>,
    /// Rows from the first that differs on.
    pub(crate) hashes: Option<Hashes>,
    /// All marks, if they were to be kept.
    pub(crate) kept: Kept,
}

impl Look {
    /// True if some pixels are not the same and none of them counts.
    pub(crate) fn is_faint(&self) -> bool {
        self.different == 0 && self.faint + self.antialiased > 0
    }
}

/// Counts as rows come.
pub(crate) struct Tally<'a> {
    width: usize,
    different: u64,
    faint: u64,
    antialiased: u64,
    density: Density,
    regions: Regions,
    hashes: Option<Hashes>,
    unequal: Option<Area>,
    hash: bool,
    keep: bool,
    kept: Kept,
    /// Columns of the current row that differ.
    differing: Vec<u32>,
    /// Areas of which it must be known whether they show anything.
    watched: &'a mut [Watched],
}

impl<'a> Tally<'a> {
    /// For pictures of this size and windows of so many pixels. Marks are kept for who draws them, rows hashed
    /// for who looks for a shift.
    pub(crate) fn new(
        [width, height]: [usize; 2],
        window: usize,
        (keep, hash): (bool, bool),
        watched: &'a mut [Watched],
    ) -> Self {
        Self {
            width,
            different: 0,
            faint: 0,
            antialiased: 0,
            density: Density::new(width, window),
            regions: Regions::new(width, height),
            hashes: None,
            unequal: None,
            hash,
            keep,
            kept: Kept::default(),
            differing: Vec::new(),
            watched,
        }
    }

    fn mark(&mut self, mark: Mark, y: usize) {
        match mark.class {
            // Faint ones are counted together.
            Class::Ignored | Class::Faint => {}
            Class::Antialias => self.antialiased += 1,
            Class::CountedAntialias | Class::Different => {
                let is_antialiased = mark.class == Class::CountedAntialias;
                self.antialiased += u64::from(is_antialiased);
                self.different += 1;
                self.differing.push(mark.x);
                self.regions.pixel(mark.x as usize, y, is_antialiased);
            }
        }
    }

    /// Tells the regions what stands beside each run of differing pixels.
    fn ends(&mut self, window: &Window<'_>) {
        let (expected, actual) = (window.expected(window.y), window.actual(window.y));
        for run in self.differing.chunk_by(|left, right| left + 1 == *right) {
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

    /// The figures of a walk that came so far.
    pub(crate) fn finish(mut self, walked: Walked, ignore_caret: bool) -> Look {
        let caret = if ignore_caret { self.regions.take_caret() } else { None };
        let different = self.different - caret.map_or(0, |caret| caret.pixels);
        Look {
            width: self.width,
            area: walked.area,
            rows: walked.rows,
            different,
            faint: self.faint,
            antialiased: self.antialiased,
            // What is left of a window with a cursor in it is not known, so that it counts as a whole.
            density: if different == 0 { 0 } else { self.density.most() },
            unequal: self.unequal,
            caret: caret.map(|caret| caret.area),
            regions: self.regions.join(),
            hashes: self.hashes,
            kept: self.kept,
        }
    }
}

impl Observe for Tally<'_> {
    fn wants(&self, y: usize) -> bool {
        self.hashes.is_some() || self.watched.iter().any(|watched| watched.wants(y))
    }

    fn row(&mut self, window: &Window<'_>, ignored: Option<&[bool]>, marks: &Marks) {
        let y = window.y;
        let (expected, actual) = (window.expected(y), window.actual(y));
        for watched in self.watched.iter_mut().filter(|watched| watched.wants(y)) {
            watched.row(expected, actual, ignored);
        }
        for mark in marks.list() {
            self.mark(*mark, y);
        }
        self.faint += marks.count_faint();
        if let Some((first, last)) = marks.span() {
            let row = Area { left: first, top: y, right: last + 1, bottom: y + 1 };
            self.unequal = Some(self.unequal.map_or(row, |area| area.around(row)));
        }
        if self.keep {
            self.kept.row(y, marks.list());
        }
        self.ends(window);
        if self.hash && self.hashes.is_none() && !self.differing.is_empty() {
            self.hashes = Some(Hashes::from(y));
        }
        if let Some(hashes) = &mut self.hashes {
            let ours = hash(expected);
            hashes.row(ours, if marks.is_empty() { ours } else { hash(actual) });
        }
        self.density.row(&mut self.differing);
    }

    fn passed(&mut self) {
        self.density.row(&mut self.differing);
    }
}
