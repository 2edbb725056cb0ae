//! The most marked pixels in any square window, over rows that come in order.
//!
//! It keeps the marks of as many rows as a window is high and one sum per column. Windows lie inside the
//! picture; a picture smaller than a window is one window.

/// Counts marks in windows.
pub(crate) struct Density {
    side: usize,
    /// Marked columns of the last rows, in turns.
    rows: Vec<Vec<u32>>,
    /// Marks of each column in the rows that are kept.
    sums: Vec<u32>,
    most: u32,
    next: usize,
}

impl Density {
    /// For windows of `side` by `side` pixels.
    pub(crate) fn new(width: usize, side: usize) -> Self {
        Self { side, rows: vec![Vec::new(); side], sums: vec![0; width], most: 0, next: 0 }
    }

    /// Takes the marked columns of the next row, in order. It leaves the vector empty.
    pub(crate) fn row(&mut self, marked: &mut Vec<u32>) {
        let oldest = &mut self.rows[self.next];
        self.next = (self.next + 1) % self.side;
        for &column in &*oldest {
            self.sums[column as usize] -= 1;
        }
        oldest.clear();
        std::mem::swap(oldest, marked);
        for &column in &*oldest {
            self.sums[column as usize] += 1;
        }
        // Only a window with a new mark can hold more than one before.
        let (Some(&first), Some(&last)) = (oldest.first(), oldest.last()) else { return };
        self.look((first as usize + 1).saturating_sub(self.side), last as usize + self.side);
    }

    /// Looks at the windows inside these columns.
    fn look(&mut self, start: usize, end: usize) {
        let columns = &self.sums[start..end.min(self.sums.len())];
        let mut sum: u32 = columns.iter().take(self.side).sum();
        self.most = self.most.max(sum);
        for (leaves, enters) in columns.iter().zip(columns.iter().skip(self.side)) {
            sum = sum + enters - leaves;
            self.most = self.most.max(sum);
        }
    }

    /// The most marks that any window held.
    pub(crate) fn most(&self) -> u32 {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a window that is one row or column too large or too small, against a count of every window.
    #[test]
    fn it_is_what_counting_every_window_gives() {
        for (width, height, side, seed) in
            [(1, 1, 1, 1), (7, 9, 3, 2), (9, 7, 4, 3), (20, 20, 8, 4), (5, 5, 8, 5), (3, 40, 8, 6)]
        {
            let mut state: u64 = seed;
            let marks: Vec<Vec<bool>> = (0..height)
                .map(|_| {
                    (0..width)
                        .map(|_| {
                            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                            state >> 62 == 0
                        })
                        .collect()
                })
                .collect();
            let mut density = Density::new(width, side);
            for row in &marks {
                let mut marked = (0..width).filter(|x| row[*x]).map(|x| u32::try_from(x).unwrap()).collect();
                density.row(&mut marked);
            }
            let count = |left: usize, top: usize| {
                let rows = marks.iter().skip(top).take(side);
                rows.flat_map(|row| row.iter().skip(left).take(side)).filter(|mark| **mark).count()
            };
            let windows = (0..height).flat_map(|top| (0..width).map(move |left| (left, top)));
            let most = windows.map(|(left, top)| count(left, top)).max();
            assert_eq!(Some(density.most() as usize), most, "{width}x{height} by {side}");
        }
    }
}
