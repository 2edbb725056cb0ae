//! Pictures for people: what differs, at a glance.
//!
//! They are made in a walk of their own, row by row, so that no picture is kept whole, and only of screens that
//! do not look as they did. Regions are known then, and framed. The same screens give the same bytes.

mod beside;
mod difference;
mod encode;
mod paint;
mod title;

use beside::Beside;
use difference::Difference;
use evident_checker::{AttachmentError, Error, Sink};

use crate::look::Observe;
use crate::marks::Marks;
use crate::regions::Area;
use crate::rows::Window;

/// How many pixels of a picture are one of the screen, or the other way round.
#[derive(Debug, Clone, Copy)]
struct Scale {
    up: usize,
    down: usize,
}

/// A frame around a region, in pixels of a picture.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: usize,
    top: usize,
    /// Exclusive.
    right: usize,
    /// Exclusive.
    bottom: usize,
}

impl Frame {
    /// Pixels of its lines.
    const LINE: usize = 2;
    /// Pixels between a region and its frame.
    const DISTANCE: usize = 3;

    /// Around `region`, as `scale` shows it in a picture of `shown`.
    fn around(region: Area, shown: Area, scale: Scale) -> Self {
        let place = |at: usize, start: usize| at.saturating_sub(start) * scale.up / scale.down;
        let out = Self::LINE + Self::DISTANCE;
        Self {
            left: place(region.left, shown.left).saturating_sub(out),
            top: place(region.top, shown.top).saturating_sub(out),
            right: place(region.right - 1, shown.left) + scale.up + out,
            bottom: place(region.bottom - 1, shown.top) + scale.up + out,
        }
    }
}

/// Both pictures of a screen while rows come.
pub(crate) struct Pictures {
    difference: Difference,
    beside: Beside,
}

impl Pictures {
    /// Of a screen of this size with these regions.
    pub(crate) fn new(width: usize, height: usize, regions: &[Area]) -> Self {
        Self {
            difference: Difference::new(width, height, regions),
            beside: Beside::new(width, height, regions),
        }
    }

    /// Pixels of both.
    pub(crate) fn pixels(&self) -> u64 {
        (self.difference.pixels() + self.beside.pixels()) as u64
    }

    /// Hands both over.
    ///
    /// # Errors
    /// When the host cannot write. What does not fit is told by `false`.
    pub(crate) fn attach(self, screen: &str, sink: &mut dyn Sink) -> Result<bool, Error> {
        let files = [("diff", self.difference.finish()), ("side-by-side", self.beside.finish())];
        for (what, bytes) in files {
            let name = format!("{screen}-{what}.png");
            match sink.attach(&name, "image/png", &bytes) {
                Ok(()) => {}
                Err(AttachmentError::TooMany | AttachmentError::TooLarge) => return Ok(false),
                Err(AttachmentError::Unwritable) => {
                    return Err(Error::Broken(format!("the host could not write `{name}`")));
                }
            }
        }
        Ok(true)
    }
}

impl Observe for Pictures {
    fn wants(&self, y: usize) -> bool {
        self.difference.wants(y) || self.beside.wants(y)
    }

    fn row(&mut self, window: &Window<'_>, _: Option<&[bool]>, marks: &Marks) {
        self.difference.row(window, marks.list());
        self.beside.row(window, marks.list());
    }

    fn passed(&mut self) {}
}
