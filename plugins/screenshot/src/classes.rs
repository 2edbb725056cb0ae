//! What a pixel is, and the two ways to find out: by the pixel, or by what is around it.

use crate::metric::{Antialias, Blend, Metric, OfPixel, Oklab, Pixelmatch, SSIM_RADIUS, Ssim};
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

/// A pixel of the current row that is not the same in both pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Column.
    pub(crate) x: u32,
    pub(crate) class: Class,
}

impl Mark {
    /// A mark at this column.
    pub(crate) fn new(x: usize, class: Class) -> Self {
        Self { x: u32::try_from(x).expect("a side is below 2^18"), class }
    }
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

    /// Takes the marks of a row that are drawn: all but the faint ones, which may be as many as there are pixels.
    /// Rows come in order.
    pub(crate) fn row(&mut self, y: usize, marks: &[Mark]) {
        if self.overflow {
            return;
        }
        let start = self.marks.len();
        self.marks.extend(marks.iter().filter(|mark| mark.class != Class::Faint));
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

    /// True if row `y` must be shown though it may be the same in both pictures.
    pub(crate) fn needs(&self, y: usize) -> bool {
        match self {
            Self::Ssim(ssim) => ssim.needs(y),
            Self::Pixel { .. } | Self::Kept { .. } => false,
        }
    }

    /// Marks the pixels of the current row that are not the same, from left to right.
    pub(crate) fn judge(&mut self, window: &Window<'_>, ignored: Option<&[bool]>, marks: &mut Vec<Mark>) {
        match self {
            Self::Pixel { metric, antialias, count_antialias } => {
                let mut antialias = antialias.row(window);
                each_unequal(window, |x, expected, actual| {
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
                    marks.push(Mark::new(x, class));
                });
            }
            Self::Ssim(ssim) => ssim.judge(window, ignored, marks),
            Self::Kept { kept, next } => {
                if kept.rows.get(*next).is_some_and(|(y, _)| *y == window.y) {
                    marks.extend_from_slice(kept.marks(*next));
                    *next += 1;
                }
            }
        }
    }
}

/// Visits the pixels of the current row that are not the same in both pictures.
fn each_unequal(window: &Window<'_>, mut visit: impl FnMut(usize, u32, u32)) {
    /// Words that are compared at once.
    const BLOCK: usize = 16;
    let (expected, actual) = (window.expected(window.y), window.actual(window.y));
    for (at, (ours, theirs)) in expected.chunks(BLOCK).zip(actual.chunks(BLOCK)).enumerate() {
        if ours == theirs {
            continue;
        }
        for (x, (&ours, &theirs)) in (at * BLOCK..).zip(ours.iter().zip(theirs)) {
            if ours != theirs {
                visit(x, ours, theirs);
            }
        }
    }
}
