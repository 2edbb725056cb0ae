//! Interlaced pictures: seven passes over a grid (PNG specification, section 8.2).
//!
//! The rows come too scattered to be compared as they come, so the picture is kept whole.

use super::chunks::Chunks;
use super::filter;
use super::header::Header;
use super::inflate::Inflate;
use crate::decode::Problem;

/// First column, first row, and how far the next ones are.
const PASSES: [(usize, usize, usize, usize); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// Reads all passes.
pub(super) fn read(
    header: &Header,
    inflate: &mut Inflate,
    chunks: &mut Chunks<'_>,
) -> Result<Vec<u32>, Problem> {
    let (width, height) = (header.size.width(), header.size.height());
    header.size.fits_whole()?;
    let mut picture = vec![0; width * height];
    let (mut row, mut above, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for (x, y, right, down) in PASSES {
        let columns = width.saturating_sub(x).div_ceil(right);
        if columns == 0 {
            continue;
        }
        let bytes = header.layout.row_bytes(columns);
        row.resize(bytes, 0);
        above.clear();
        above.resize(bytes, 0);
        words.resize(columns, 0);
        for y in (y..height).step_by(down) {
            let filtered = inflate.take(bytes + 1, chunks)?;
            filter::undo(filtered[0], header.layout.pixel_bytes(), &filtered[1..], &above, &mut row)?;
            header.layout.expand(&row, &mut words);
            for (to, from) in picture[y * width + x..(y + 1) * width].iter_mut().step_by(right).zip(&words) {
                *to = *from;
            }
            std::mem::swap(&mut row, &mut above);
        }
    }
    Ok(picture)
}
