//! Undoes the filters of a PNG (PNG specification, section 9): each row is told as a difference from what is
//! left of it and above it.

use crate::decode::Problem;

/// Undoes the filter `kind` of one row. `above` is the row before, as many zero bytes for the first.
pub(crate) fn undo(
    kind: u8,
    pixel_bytes: usize,
    filtered: &[u8],
    above: &[u8],
    row: &mut [u8],
) -> Result<(), Problem> {
    match kind {
        0 => row.copy_from_slice(filtered),
        1 => by_pixel::<Left>(pixel_bytes, filtered, above, row),
        2 => add_above(filtered, above, row),
        3 => by_pixel::<Average>(pixel_bytes, filtered, above, row),
        4 => by_pixel::<Paeth>(pixel_bytes, filtered, above, row),
        _ => return Err(Problem::malformed(format!("a row has the unknown filter {kind}"))),
    }
    Ok(())
}

fn add_above(filtered: &[u8], above: &[u8], row: &mut [u8]) {
    for ((to, from), above) in row.iter_mut().zip(filtered).zip(above) {
        *to = from.wrapping_add(*above);
    }
}

/// Foretells a byte from the one left of it, above it, and left of that.
trait Predict {
    fn predict(left: u8, above: u8, corner: u8) -> u8;
}

struct Left;

impl Predict for Left {
    fn predict(left: u8, _: u8, _: u8) -> u8 {
        left
    }
}

struct Average;

impl Predict for Average {
    fn predict(left: u8, above: u8, _: u8) -> u8 {
        // The mean without a carry, rounded down.
        (left & above) + ((left ^ above) >> 1)
    }
}

struct Paeth;

impl Predict for Paeth {
    fn predict(left: u8, above: u8, corner: u8) -> u8 {
        let [a, b, c] = [left, above, corner].map(i16::from);
        let (to_left, to_above, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - c - c).abs());
        let best = if to_left <= to_above { left } else { above };
        if to_left.min(to_above) <= to_corner { best } else { corner }
    }
}

fn by_pixel<P: Predict>(pixel_bytes: usize, filtered: &[u8], above: &[u8], row: &mut [u8]) {
    match pixel_bytes {
        1 => run::<P, 1>(filtered, above, row),
        2 => run::<P, 2>(filtered, above, row),
        3 => run::<P, 3>(filtered, above, row),
        4 => run::<P, 4>(filtered, above, row),
        6 => run::<P, 6>(filtered, above, row),
        _ => run::<P, 8>(filtered, above, row),
    }
}

fn run<P: Predict, const N: usize>(filtered: &[u8], above: &[u8], row: &mut [u8]) {
    let (mut left, mut corner) = ([0; N], [0; N]);
    let (filtered, above, row) =
        (filtered.as_chunks::<N>().0, above.as_chunks::<N>().0, row.as_chunks_mut::<N>().0);
    for ((to, from), above) in row.iter_mut().zip(filtered).zip(above) {
        for at in 0..N {
            left[at] = from[at].wrapping_add(P::predict(left[at], above[at], corner[at]));
        }
        (corner, *to) = (*above, left);
    }
}
