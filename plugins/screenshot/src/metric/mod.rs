//! The metrics, by name and version.

mod antialias;
mod colour;
mod even;
mod oklab;
mod pixelmatch7;
mod ssim;

pub(crate) use antialias::Antialias;
pub(crate) use colour::over_white;
pub(crate) use oklab::Oklab;
pub(crate) use pixelmatch7::{Blend, Pixelmatch};
pub(crate) use ssim::{RADIUS as SSIM_RADIUS, Ssim};

/// Which metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Pixelmatch,
    Oklab,
    Ssim,
}

impl Metric {
    pub(crate) const WORDS: &[(&str, Self)] =
        &[("pixelmatch-7", Self::Pixelmatch), ("oklab", Self::Oklab), ("ssim", Self::Ssim)];

    /// The name that stands in every outcome.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pixelmatch => "pixelmatch-7",
            Self::Oklab => "oklab",
            Self::Ssim => "ssim",
        }
    }

    pub(crate) fn threshold_default(self) -> f64 {
        match self {
            Self::Pixelmatch | Self::Oklab => 0.1,
            Self::Ssim => 0.01,
        }
    }
}

/// Pixels that are compared at once.
pub(crate) const BLOCK: usize = 16;

/// A metric that looks at one pixel at a time.
#[derive(Debug, Clone)]
pub(crate) enum OfPixel {
    Pixelmatch(Pixelmatch),
    Oklab(Box<Oklab>),
}

impl OfPixel {
    /// Which pixels of a block may differ, bit by bit. All others do not; of these, each is to be asked about.
    pub(crate) fn may_differ(&self, expected: &[u32; BLOCK], actual: &[u32; BLOCK]) -> u32 {
        match self {
            Self::Pixelmatch(metric) => metric.may_differ(expected, actual),
            Self::Oklab(_) => u32::MAX,
        }
    }

    /// True if two unequal colours differ. `place` is the number of the pixel, row by row from 0.
    pub(crate) fn differ(&self, expected: u32, actual: u32, place: usize) -> bool {
        match self {
            Self::Pixelmatch(metric) => metric.differ(expected, actual, place),
            Self::Oklab(metric) => metric.differ(expected, actual),
        }
    }
}
