//! What of a screen is not compared: areas of the config and the mask of the screen.

use evident_checker::{Artifact, Error, Reason};

use crate::decode::{Size, Source};
use crate::regions::Area;
use crate::settings::Settings;
use crate::work::Work;

/// Tells row by row what is not compared.
pub(crate) struct Mask<'a> {
    areas: Vec<Area>,
    picture: Option<Picture<'a>>,
    row: Vec<bool>,
}

struct Picture<'a> {
    source: Source<'a>,
    /// The word without alpha of what is ignored; none: what is not transparent.
    color: Option<u32>,
    bytes: Vec<u8>,
    words: Vec<u32>,
}

const COLOR: u32 = 0x00ff_ffff;

impl<'a> Mask<'a> {
    /// For a screen of this size.
    pub(crate) fn open(
        settings: &Settings,
        areas: Vec<Area>,
        mask: Option<&'a Artifact>,
        size: Size,
        work: &mut Work,
    ) -> Result<Self, Error> {
        let picture = mask.map(|artifact| {
            let source = Source::open(artifact, 1, work)?;
            if source.size() != size {
                let why = format!(
                    "the mask `{}` has {} pixels, its screen {size}",
                    artifact.info().name,
                    source.size()
                );
                return Err(Error::Inconclusive(Reason::Config, why));
            }
            let (bytes, words) = (vec![0; source.row_bytes()], vec![0; size.width()]);
            Ok(Picture { source, color: settings.mask_color, bytes, words })
        });
        Ok(Self { areas, picture: picture.transpose()?, row: vec![false; size.width()] })
    }

    /// Which pixels of row `y` are ignored; none where all are compared. Rows are asked for in order.
    pub(crate) fn row(&mut self, y: usize) -> Result<Option<&[bool]>, Error> {
        let mut areas = self.areas.iter().filter(|area| (area.top..area.bottom).contains(&y)).peekable();
        if self.picture.is_none() && areas.peek().is_none() {
            return Ok(None);
        }
        self.row.fill(false);
        for area in areas {
            self.row[area.left..area.right].fill(true);
        }
        if let Some(picture) = &mut self.picture {
            picture.source.next(&mut picture.bytes)?;
            picture.source.layout().expand(&picture.bytes, &mut picture.words);
            for (ignored, word) in self.row.iter_mut().zip(&picture.words) {
                *ignored |= match picture.color {
                    Some(color) => word & COLOR == color,
                    None => word >> 24 > 0,
                };
            }
        }
        Ok(Some(&self.row))
    }

    /// Reads what is left of the mask's file.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.picture.map_or(Ok(()), |picture| picture.source.finish())
    }
}
