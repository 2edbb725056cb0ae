//! Differing pixels as a handful of regions that a person sees.
//!
//! The picture is divided into square cells, so that memory is bounded whatever differs. Cells that touch are
//! one region; while there are more regions than a person reads, cells are taken together by four and joined
//! again. A region tells the box of its pixels, not that of its cells.
//!
//! What happened in a region is told by the ends of its rows of differing pixels: where the pixel beside such
//! an end has the colour that the row has in the expected picture, the row lies on what was there before, so
//! that something was added; where it has that of the actual picture, something was removed.

/// Cells are at least this wide: letters of a word are one region.
const CELL_SIDE_MIN: usize = 8;
/// Cells in a picture: joining them takes 16 MiB.
const CELLS_MAX: usize = 3 << 16;
/// Regions that are told apart.
pub(crate) const REGIONS_MAX: usize = 12;

/// A text cursor is one pixel wide, two on a screen with twice the pixels.
const CARET_WIDTH_MAX: usize = 2;
/// Pixels, from the smallest type that is read to a heading on a screen with twice the pixels.
const CARET_HEIGHTS: std::ops::RangeInclusive<usize> = 6..=128;

/// What happened in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Added,
    Removed,
    Changed,
    /// Every pixel is most likely anti-aliasing; told only where that counts.
    Antialias,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Antialias => "anti-aliased",
        }
    }
}

/// A box of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: usize,
    pub(crate) top: usize,
    /// Exclusive.
    pub(crate) right: usize,
    /// Exclusive.
    pub(crate) bottom: usize,
}

impl Area {
    pub(crate) fn width(self) -> usize {
        self.right - self.left
    }

    pub(crate) fn height(self) -> usize {
        self.bottom - self.top
    }

    /// With a margin, inside `whole`.
    pub(crate) fn grown(self, margin: usize, whole: Self) -> Self {
        Self {
            left: self.left.saturating_sub(margin).max(whole.left),
            top: self.top.saturating_sub(margin).max(whole.top),
            right: (self.right + margin).min(whole.right),
            bottom: (self.bottom + margin).min(whole.bottom),
        }
    }

    /// The smallest box around both.
    pub(crate) fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

impl std::fmt::Display for Area {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}x{} at x={}, y={}", self.width(), self.height(), self.left, self.top)
    }
}

/// Pixels that differ near each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) area: Area,
    pub(crate) kind: Kind,
    pub(crate) pixels: u64,
}

/// Pixels of one cell. Places are inside the cell.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    pixels: u16,
    antialiased: u16,
    left: u8,
    top: u8,
    right: u8,
    bottom: u8,
    ends: u16,
    added: u16,
    removed: u16,
}

/// What the pixel beside the end of a row of differing pixels says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// It has the colour of the end in the expected picture.
    pub(crate) as_expected: bool,
    /// It has the colour of the end in the actual picture.
    pub(crate) as_actual: bool,
}

/// Collects differing pixels.
pub(crate) struct Regions {
    side: usize,
    /// The side is 2 to the power of it: what differs is many pixels.
    bits: u32,
    columns: usize,
    rows: usize,
    /// Empty until something differs.
    cells: Vec<Cell>,
}

impl Regions {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let count = |side: usize| width.div_ceil(side) * height.div_ceil(side);
        let mut side = CELL_SIDE_MIN;
        while count(side) > CELLS_MAX {
            side *= 2;
        }
        Self {
            side,
            bits: side.ilog2(),
            columns: width.div_ceil(side),
            rows: height.div_ceil(side),
            cells: Vec::new(),
        }
    }

    fn cell(&mut self, x: usize, y: usize) -> &mut Cell {
        if self.cells.is_empty() {
            self.cells.resize(self.columns * self.rows, Cell::default());
        }
        &mut self.cells[(y >> self.bits) * self.columns + (x >> self.bits)]
    }

    /// Takes a pixel that differs.
    pub(crate) fn pixel(&mut self, x: usize, y: usize, is_antialiased: bool) {
        let inside =
            |place: usize| u8::try_from(place & (self.side - 1)).expect("cells are at most 128 wide");
        let (x_inside, y_inside) = (inside(x), inside(y));
        let cell = self.cell(x, y);
        if cell.pixels == 0 {
            (cell.left, cell.top, cell.right, cell.bottom) = (x_inside, y_inside, x_inside, y_inside);
        }
        cell.left = cell.left.min(x_inside);
        cell.right = cell.right.max(x_inside);
        // Rows come in order.
        cell.bottom = y_inside;
        cell.pixels += 1;
        cell.antialiased += u16::from(is_antialiased);
    }

    /// Takes the end of a row of differing pixels.
    pub(crate) fn end(&mut self, x: usize, y: usize, end: End) {
        let cell = self.cell(x, y);
        cell.ends += 1;
        cell.added += u16::from(end.as_expected);
        cell.removed += u16::from(end.as_actual);
    }

    /// Takes out the only region that looks like a text cursor: an upright bar without gaps.
    pub(crate) fn take_caret(&mut self) -> Option<Region> {
        if self.cells.is_empty() {
            return None;
        }
        let regions = self.at(0);
        let mut bars = regions.iter().filter(|region| is_bar(region));
        let (bar, None) = (*bars.next()?, bars.next()) else { return None };
        for y in bar.area.top / self.side..=(bar.area.bottom - 1) / self.side {
            for x in bar.area.left / self.side..=(bar.area.right - 1) / self.side {
                self.cells[y * self.columns + x] = Cell::default();
            }
        }
        Some(bar)
    }

    /// The regions, from top to bottom and from left to right.
    pub(crate) fn join(&self) -> Vec<Region> {
        if self.cells.is_empty() {
            return Vec::new();
        }
        for level in 0.. {
            let regions = self.at(level);
            if regions.len() <= REGIONS_MAX {
                return regions;
            }
        }
        unreachable!("at some level all cells are one")
    }

    /// The regions where 2^level by 2^level cells are one.
    fn at(&self, level: u32) -> Vec<Region> {
        let (columns, rows) = (((self.columns - 1) >> level) + 1, ((self.rows - 1) >> level) + 1);
        let mut blocks = vec![None; columns * rows];
        for (at, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.pixels > 0) {
            let (x, y) = (at % self.columns, at / self.columns);
            let block: &mut Option<Sum> = &mut blocks[(y >> level) * columns + (x >> level)];
            let sum = Sum::of(cell, x * self.side, y * self.side);
            *block = Some(block.take().map_or(sum, |other| other.with(sum)));
        }
        let mut regions: Vec<Region> = Vec::new();
        for at in 0..blocks.len() {
            if let Some(sum) = flood(&mut blocks, columns, at) {
                regions.push(sum.region());
            }
        }
        regions.sort_by_key(|region| (region.area.top, region.area.left));
        regions
    }
}

fn is_bar(region: &Region) -> bool {
    let (width, height) = (region.area.width(), region.area.height());
    width <= CARET_WIDTH_MAX && CARET_HEIGHTS.contains(&height) && region.pixels == (width * height) as u64
}

/// Takes the block at `start` and all that touch it, also by a corner.
fn flood(blocks: &mut [Option<Sum>], columns: usize, start: usize) -> Option<Sum> {
    let mut whole = blocks[start].take()?;
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        let (x, y) = (at % columns, at / columns);
        for y in y.saturating_sub(1)..(y + 2).min(blocks.len() / columns) {
            for x in x.saturating_sub(1)..(x + 2).min(columns) {
                if let Some(sum) = blocks[y * columns + x].take() {
                    whole = whole.with(sum);
                    open.push(y * columns + x);
                }
            }
        }
    }
    Some(whole)
}

/// Cells taken together.
#[derive(Debug, Clone, Copy)]
struct Sum {
    area: Area,
    pixels: u64,
    antialiased: u64,
    ends: u64,
    added: u64,
    removed: u64,
}

impl Sum {
    fn of(cell: &Cell, x: usize, y: usize) -> Self {
        let area = Area {
            left: x + usize::from(cell.left),
            top: y + usize::from(cell.top),
            right: x + usize::from(cell.right) + 1,
            bottom: y + usize::from(cell.bottom) + 1,
        };
        let [pixels, antialiased, ends, added, removed] =
            [cell.pixels, cell.antialiased, cell.ends, cell.added, cell.removed].map(u64::from);
        Self { area, pixels, antialiased, ends, added, removed }
    }

    fn with(self, other: Self) -> Self {
        Self {
            area: self.area.around(other.area),
            pixels: self.pixels + other.pixels,
            antialiased: self.antialiased + other.antialiased,
            ends: self.ends + other.ends,
            added: self.added + other.added,
            removed: self.removed + other.removed,
        }
    }

    fn region(self) -> Region {
        let most = |votes: u64| votes * 3 >= self.ends * 2;
        let kind = if self.antialiased == self.pixels {
            Kind::Antialias
        } else {
            match (most(self.added), most(self.removed)) {
                (true, false) => Kind::Added,
                (false, true) => Kind::Removed,
                _ => Kind::Changed,
            }
        };
        Region { area: self.area, kind, pixels: self.pixels }
    }
}
