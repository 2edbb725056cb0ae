//! Pictures as rows of bytes with a layout, whatever file they come in.
//!
//! PNG comes row by row. What cannot (interlaced PNG, WebP, JPEG) is read whole, within a smaller bound. What
//! a file is, its first bytes say; its name never does.

mod kept;
mod png;
mod scaled;
mod whole;

use std::io::{self, BufRead};

use evident_checker::{Artifact, Error};
pub(crate) use kept::{Keeper, Kept};
use png::Png;
pub(crate) use png::SIGNATURE;
pub(crate) use png::{Filtered, Layout};
use scaled::Scaled;
use whole::Whole;

use crate::work::Work;

/// Longest side in pixels. Browsers make screenshots of 16,384 at most; stitched ones are longer. A row of
/// this length takes 1 MiB in the widest layout, and several rows are kept.
pub(crate) const SIDE_MAX: u32 = 131_072;

/// Pixels of a picture that comes row by row: four times the longest page that was measured (37 million).
pub(crate) const PIXELS_MAX: u64 = 1 << 27;

/// Pixels of a picture that is read whole: one and a half screens of 3840 x 2160. Two of them take 96 MiB.
pub(crate) const WHOLE_PIXELS_MAX: u64 = 12 * 1024 * 1024;

/// Why a picture cannot be read.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is not what its format demands.
    Malformed(String),
    /// It is larger than this checker handles.
    Limit(String),
    /// It is of a kind that this checker does not know.
    Unsupported(String),
    /// The host gave no bytes.
    Read(io::Error),
}

impl Problem {
    pub(crate) fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed(why.into())
    }

    pub(crate) fn ends_early() -> Self {
        Self::malformed("it ends early")
    }

    /// Names the picture.
    pub(crate) fn of(self, artifact: &Artifact) -> Error {
        let named = |why: String| format!("`{}`: {why}", artifact.info().name);
        match self {
            Self::Malformed(why) => Error::malformed(named(why)),
            Self::Limit(why) => Error::limit(named(why)),
            Self::Unsupported(why) => Error::unsupported(named(why)),
            Self::Read(error) => error.into(),
        }
    }
}

/// Width and height, both from 1 to [`SIDE_MAX`], with at most [`PIXELS_MAX`] pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    width: u32,
    height: u32,
}

impl Size {
    pub(crate) fn new(width: u32, height: u32) -> Result<Self, Problem> {
        if width == 0 || height == 0 {
            return Err(Problem::malformed("it has no pixels"));
        }
        let pixels = u64::from(width) * u64::from(height);
        if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
            return Err(Problem::Limit(format!(
                "it has {width}x{height} pixels; a side has at most {SIDE_MAX}, a picture at most {PIXELS_MAX}"
            )));
        }
        Ok(Self { width, height })
    }

    pub(crate) fn width(self) -> usize {
        self.width as usize
    }

    pub(crate) fn height(self) -> usize {
        self.height as usize
    }

    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Refuses what is too large to be kept whole.
    pub(crate) fn fits_whole(self) -> Result<(), Problem> {
        if self.pixels() > WHOLE_PIXELS_MAX {
            return Err(Problem::Limit(format!(
                "it has {self} pixels; one that does not come row by row has at most {WHOLE_PIXELS_MAX}"
            )));
        }
        Ok(())
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

/// A picture that gives its rows in order.
pub(crate) struct Source<'a> {
    artifact: &'a Artifact,
    kind: Kind<'a>,
    rows_left: usize,
}

enum Kind<'a> {
    Png(Box<Png<'a>>),
    Whole(Whole),
    Kept(Kept),
    Scaled(Box<Scaled<'a>>),
}

impl<'a> Source<'a> {
    /// Reads what comes before the first row, and takes the work for all of it. With `scale` above 1 each pixel
    /// is the mean of a square of that many by that many pixels.
    ///
    /// # Errors
    /// Inconclusive, also where there is too little work left.
    pub(crate) fn open(artifact: &'a Artifact, scale: usize, work: &mut Work) -> Result<Self, Error> {
        let kind = kind(artifact, work).map_err(|problem| problem.of(artifact))?;
        let source = Self::of(artifact, kind);
        if scale == 1 {
            return Ok(source);
        }
        let scaled = Scaled::new(source, scale).map_err(|problem| problem.of(artifact))?;
        Ok(Self::of(artifact, Kind::Scaled(Box::new(scaled))))
    }

    /// A picture that was read before.
    pub(crate) fn kept(artifact: &'a Artifact, kept: Kept) -> Self {
        Self::of(artifact, Kind::Kept(kept))
    }

    fn of(artifact: &'a Artifact, kind: Kind<'a>) -> Self {
        let mut source = Self { artifact, kind, rows_left: 0 };
        source.rows_left = source.size().height();
        source
    }

    pub(crate) fn size(&self) -> Size {
        match &self.kind {
            Kind::Png(png) => png.size(),
            Kind::Whole(whole) => whole.size(),
            Kind::Kept(kept) => kept.size(),
            Kind::Scaled(scaled) => scaled.size(),
        }
    }

    pub(crate) fn layout(&self) -> &Layout {
        match &self.kind {
            Kind::Png(png) => png.layout(),
            Kind::Whole(whole) => whole.layout(),
            Kind::Kept(kept) => kept.layout(),
            Kind::Scaled(scaled) => scaled.layout(),
        }
    }

    /// What is not as it would be shown, for a person.
    pub(crate) fn notes(&self) -> Vec<String> {
        match &self.kind {
            Kind::Png(png) => png.notes(),
            Kind::Whole(whole) => whole.notes().to_vec(),
            // They were told when it was read.
            Kind::Kept(_) => Vec::new(),
            Kind::Scaled(scaled) => scaled.notes(),
        }
    }

    pub(crate) fn artifact(&self) -> &'a Artifact {
        self.artifact
    }

    /// Bytes of a row.
    pub(crate) fn row_bytes(&self) -> usize {
        self.layout().row_bytes(self.size().width())
    }

    /// True if [`Source::filtered`] may be called.
    pub(crate) fn has_filters(&self) -> bool {
        matches!(self.kind, Kind::Png(_))
    }

    /// The next row before its filter is undone. Call either this or [`Source::next`], never both.
    pub(crate) fn filtered(&mut self) -> Result<Filtered<'_>, Error> {
        self.rows_left -= 1;
        match &mut self.kind {
            Kind::Png(png) => png.filtered().map_err(|problem| problem.of(self.artifact)),
            Kind::Whole(_) | Kind::Kept(_) | Kind::Scaled(_) => {
                Err(Error::Broken("these rows have no filter".into()))
            }
        }
    }

    /// Reads the next row.
    pub(crate) fn next(&mut self, row: &mut [u8]) -> Result<(), Error> {
        self.rows_left -= 1;
        let result = match &mut self.kind {
            Kind::Png(png) => png.next(row),
            Kind::Whole(whole) => {
                whole.next(row);
                Ok(())
            }
            Kind::Kept(kept) => {
                kept.next(row);
                Ok(())
            }
            Kind::Scaled(scaled) => return scaled.next(row),
        };
        result.map_err(|problem| problem.of(self.artifact))
    }

    /// Reads over some rows, as many as there are.
    pub(crate) fn skip(&mut self, rows: usize) -> Result<(), Error> {
        if let Kind::Kept(kept) = &mut self.kind {
            let rows = rows.min(self.rows_left);
            self.rows_left -= rows;
            kept.skip(rows);
            return Ok(());
        }
        let mut row = vec![0; self.row_bytes()];
        (0..rows.min(self.rows_left)).try_for_each(|_| self.next(&mut row))
    }

    /// Reads the rows that are left, and the end of the file.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.skip(self.rows_left)?;
        match self.kind {
            Kind::Png(png) => png.finish().map_err(|problem| problem.of(self.artifact)),
            Kind::Whole(_) | Kind::Kept(_) => Ok(()),
            Kind::Scaled(scaled) => scaled.finish(),
        }
    }
}

fn kind<'a>(artifact: &'a Artifact, work: &mut Work) -> Result<Kind<'a>, Problem> {
    let mut reader = artifact.reader();
    let first = reader.fill_buf().map_err(Problem::Read)?;
    if !first.is_empty() && first.starts_with(&SIGNATURE[..first.len().min(SIGNATURE.len())]) {
        let mut png = Png::open(reader)?;
        let rows = png.layout().row_bytes(png.size().width()) * png.size().height();
        work.read_png(artifact.info().size, rows as u64, png.size().pixels())?;
        if !png.is_interlaced() {
            return Ok(Kind::Png(Box::new(png)));
        }
        let (size, notes) = (png.size(), png.notes());
        let pixels = png.interlaced()?;
        png.finish()?;
        return Ok(Kind::Whole(Whole::of_words(size, &pixels, notes)));
    }
    whole::read(reader, artifact.info().size, work).map(Kind::Whole)
}
