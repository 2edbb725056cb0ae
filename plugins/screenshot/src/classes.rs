//! What a pixel is, and the two ways to find out: by the pixel, or by what is around it.

use crate::marks::{Mark, Marks};
use crate::metric::{Antialias, BLOCK, Blend, Metric, OfPixel, Oklab, Pixelmatch, SSIM_RADIUS, Ssim};
use crate::regions::Area;
use crate::rows::Window;
use crate::settings::Settings;

/// What a pixel is that is not the same in both pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Not the same, but similar enough.
    Faint,
    /// Different, most likely by anti-aliasing, which does not count.
    Antialias,
    /// The same, but it counts.
    CountedAntialias,
    Different,
    /// Not the same, but masked.
    Ignored,
}

/// The marks of a walk, for the next one.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Row and place of its first mark, for rows with marks.
    rows: Vec<(usize, usize)>,
    marks: Vec<Mark>,
    overflow: bool,
}

impl Kept {
    /// More are not kept but found again: 16 MiB.
    const MARKS_MAX: usize = 2 << 20;

    /// Takes the marks of a row; rows come in order.
    pub(crate) fn row(&mut self, y: usize, marks: &[Mark]) {
        if self.overflow {
            return;
        }
        let start = self.marks.len();
        self.marks.extend_from_slice(marks);
        if self.marks.len() > Self::MARKS_MAX {
            *self = Self { overflow: true, ..Self::default() };
        } else if self.marks.len() > start {
            self.rows.push((y, start));
        }
    }

    /// What tells the same marks again; none if there were too many.
    pub(crate) fn again(self) -> Option<Classes> {
        (!self.overflow).then_some(Classes::Kept { kept: self, next: 0 })
    }

    fn marks(&self, at: usize) -> &[Mark] {
        let end = self.rows.get(at + 1).map_or(self.marks.len(), |(_, start)| *start);
        &self.marks[self.rows[at].1..end]
    }
}

/// Finds out what the pixels of a row are. Rows come in order.
pub(crate) enum Classes {
    Pixel {
        metric: OfPixel,
        antialias: Antialias,
        count_antialias: bool,
    },
    Ssim(Box<Ssim>),
    /// What another walk found; `next` is the next row of it.
    Kept {
        kept: Kept,
        next: usize,
    },
}

impl Classes {
    /// By the metric of the config, for a picture of this width.
    pub(crate) fn of(settings: &Settings, width: usize) -> Self {
        let Settings { threshold, count_antialias, .. } = *settings;
        let (metric, blend) = match settings.metric {
            Metric::Pixelmatch => {
                (OfPixel::Pixelmatch(Pixelmatch::new(threshold, settings.blend)), settings.blend)
            }
            Metric::Oklab => (OfPixel::Oklab(Box::new(Oklab::new(threshold))), Blend::White),
            Metric::Ssim => {
                let all = Area { left: 0, top: 0, right: width, bottom: usize::MAX };
                return Self::Ssim(Box::new(Ssim::new(threshold, all, u64::MAX)));
            }
        };
        Self::Pixel { metric, antialias: Antialias::new(width, blend), count_antialias }
    }

    /// The look at what a metric found similar: `count` pixels, none of them outside of `area`.
    pub(crate) fn faint(area: Area, count: u64) -> Self {
        Self::Ssim(Box::new(Ssim::new(Metric::Ssim.threshold_default(), area, count)))
    }

    /// Rows either side that [`Classes::judge`] looks at.
    pub(crate) fn radius(&self) -> usize {
        match self {
            Self::Pixel { .. } => 2,
            Self::Ssim(_) => SSIM_RADIUS,
            Self::Kept { .. } => 0,
        }
    }

    /// What it costs at most, in units of work, to judge row `y`, which has these marks, and to count them.
    pub(crate) fn cost(&mut self, y: usize, marks: &Marks) -> u64 {
        let (count, faint) = (marks.list().len() as u64, marks.count_faint());
        match self {
            Self::Pixel { antialias, .. } => count * 700 + faint * 200 + antialias.take_looked() * 400,
            Self::Ssim(ssim) => ssim.cost(y, count + faint),
            Self::Kept { .. } => count * 30,
        }
    }

    /// True if row `y` must be shown though it may be the same in both pictures.
    pub(crate) fn needs(&self, y: usize) -> bool {
        match self {
            Self::Ssim(ssim) => ssim.needs(y),
            Self::Pixel { .. } | Self::Kept { .. } => false,
        }
    }

    /// Marks the pixels of the current row that are not the same, from left to right.
    pub(crate) fn judge(&mut self, window: &Window<'_>, ignored: Option<&[bool]>, marks: &mut Marks) {
        match self {
            Self::Pixel { metric, antialias, count_antialias } => {
                let mut antialias = antialias.row(window);
                let mut judge = |marks: &mut Marks, x: usize, expected, actual| {
                    let class = if ignored.is_some_and(|ignored| ignored[x]) {
                        Class::Ignored
                    } else if !metric.differ(expected, actual, window.y * window.width + x) {
                        Class::Faint
                    } else if !antialias.is_at(x) {
                        Class::Different
                    } else if *count_antialias {
                        Class::CountedAntialias
                    } else {
                        Class::Antialias
                    };
                    marks.push(x, class);
                };
                let (expected, actual) = (window.expected(window.y), window.actual(window.y));
                let ((ours, rest), (theirs, other_rest)) = (expected.as_chunks(), actual.as_chunks());
                for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate().filter(|(_, (a, b))| a != b) {
                    let may_differ =
                        if ignored.is_none() { metric.may_differ(ours, theirs) } else { u32::MAX };
                    let mut open = unequal(ours, theirs);
                    marks.faint(at * BLOCK, open & !may_differ);
                    open &= may_differ;
                    while open > 0 {
                        let place = open.trailing_zeros() as usize;
                        judge(marks, at * BLOCK + place, ours[place], theirs[place]);
                        open &= open - 1;
                    }
                }
                let x = expected.len() - rest.len();
                for (at, (&ours, &theirs)) in rest.iter().zip(other_rest).enumerate() {
                    if ours != theirs {
                        judge(marks, x + at, ours, theirs);
                    }
                }
            }
            Self::Ssim(ssim) => ssim.judge(window, ignored, marks),
            Self::Kept { kept, next } => {
                if kept.rows.get(*next).is_some_and(|(y, _)| *y == window.y) {
                    marks.extend(kept.marks(*next));
                    *next += 1;
                }
            }
        }
    }
}

/// Which pixels of a block are not the same, bit by bit.
fn unequal(expected: &[u32; BLOCK], actual: &[u32; BLOCK]) -> u32 {
    let pixels = expected.iter().zip(actual).enumerate();
    pixels.fold(0, |bits, (at, (ours, theirs))| bits | u32::from(ours != theirs) << at)
}
