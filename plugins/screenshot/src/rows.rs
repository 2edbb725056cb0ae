//! Two pictures, walked row by row in step, with as many rows around the current one as a metric needs.
//!
//! What is the same in both is told as early as it can be: equal files are decoded once; where two rows are
//! the same up to here and the next differs in no byte before its filter is undone, it is undone once. Rows
//! are told as pixels only where somebody asks for them.

use std::io::BufRead;

use evident_checker::{Artifact, Error};

use crate::decode::{Keeper, Kept, Layout, Size, Source};
use crate::work::Work;

/// Content that lies higher or lower in one picture than in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    /// First row, of the expected picture, that is elsewhere in the actual one.
    pub(crate) from: usize,
    /// Rows that the actual picture has before it and the expected one has not; negative where it is the other
    /// way round. Never 0.
    pub(crate) by: isize,
}

/// One row of both pictures.
#[derive(Default)]
struct Slot {
    expected_bytes: Vec<u8>,
    actual_bytes: Vec<u8>,
    /// Both are the same, and `actual*` is not filled.
    same: bool,
    told: bool,
    expected: Vec<u32>,
    actual: Vec<u32>,
}

/// How rows of two pictures are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Both are alike and have filters: rows are compared before and after their filters are undone.
    Filtered,
    /// Both have the same layout and width: rows are compared as bytes.
    Bytes,
    /// Rows are compared as pixels.
    Pixels,
}

/// The actual picture.
enum Actual<'a> {
    Other(Source<'a>),
    /// The same file as the expected one: it is not decoded again.
    Same(&'a Artifact),
}

/// Two pictures.
pub(crate) struct Rows<'a> {
    expected: Source<'a>,
    actual: Actual<'a>,
    /// Of the expected picture.
    layout: Layout,
    step: Step,
    shift: Option<Shift>,
    /// Takes what is read, for a further walk.
    keeper: Option<Keeper>,
    radius: usize,
    slots: Vec<Slot>,
    read: usize,
    width: usize,
    height: usize,
}

/// The current row of both pictures and those around it.
pub(crate) struct Window<'a> {
    slots: &'a [Slot],
    /// Of the current row.
    pub(crate) y: usize,
    /// Of the area that both pictures have.
    pub(crate) width: usize,
    /// Of the area that both pictures have.
    pub(crate) height: usize,
}

impl<'a> Rows<'a> {
    /// Opens both pictures, for windows of `radius` rows either side.
    pub(crate) fn open(
        expected: &'a Artifact,
        actual: &'a Artifact,
        scale: usize,
        radius: usize,
        work: &mut Work,
    ) -> Result<Self, Error> {
        let is_same_file = scale == 1 && is_same(expected, actual);
        let expected = Source::open(expected, 1, work)?;
        let actual = if is_same_file {
            Actual::Same(actual)
        } else {
            Actual::Other(Source::open(actual, scale, work)?)
        };
        Ok(Self::of(expected, actual, radius))
    }

    /// Both pictures as they were kept by an earlier walk.
    pub(crate) fn kept(
        expected: &'a Artifact,
        actual: &'a Artifact,
        [ours, theirs]: [Kept; 2],
        radius: usize,
    ) -> Self {
        Self::of(Source::kept(expected, ours), Actual::Other(Source::kept(actual, theirs)), radius)
    }

    fn of(expected: Source<'a>, actual: Actual<'a>, radius: usize) -> Self {
        let layout = expected.layout().clone();
        // The filters of a row need the one above it, also where a metric does not.
        let slots = (0..=(2 * radius).max(1)).map(|_| Slot::default()).collect();
        let mut rows = Self {
            step: step(&expected, &actual),
            expected,
            actual,
            layout,
            shift: None,
            keeper: None,
            radius,
            slots,
            read: 0,
            width: 0,
            height: 0,
        };
        let [expected, actual] = rows.sizes();
        rows.width = expected.width().min(actual.width());
        rows.height = expected.height().min(actual.height());
        rows
    }

    /// Keeps what is read, where it is not too much: [`Rows::finish`] gives it for a further walk.
    pub(crate) fn keep(&mut self) {
        if self.step == Step::Filtered {
            self.keeper = Keeper::new(self.expected.size(), &self.layout);
        }
    }

    /// Walks the rows as they lie with this shift.
    pub(crate) fn shifted(mut self, shift: Shift) -> Self {
        let [expected, actual] = self.sizes().map(Size::height);
        let by = shift.by.unsigned_abs();
        self.height = if shift.by > 0 { expected.min(actual - by) } else { (expected - by).min(actual) };
        self.shift = Some(shift);
        // Rows that are not side by side have other rows above them.
        self.step = if self.step == Step::Filtered { Step::Bytes } else { self.step };
        self
    }

    /// Of the expected and the actual picture.
    pub(crate) fn sizes(&self) -> [Size; 2] {
        let expected = self.expected.size();
        match &self.actual {
            Actual::Other(actual) => [expected, actual.size()],
            Actual::Same(_) => [expected; 2],
        }
    }

    /// Rows that both pictures have, as they are walked.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Columns that both pictures have.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// What is not compared as it would be shown, of the expected and the actual picture.
    pub(crate) fn notes(&self) -> [Vec<String>; 2] {
        match &self.actual {
            Actual::Other(actual) => [self.expected.notes(), actual.notes()],
            Actual::Same(_) => [self.expected.notes(), self.expected.notes()],
        }
    }

    /// True if row `y` is the same in both. It is the next row or one of the window.
    pub(crate) fn is_same(&mut self, y: usize) -> Result<bool, Error> {
        while self.read < self.height.min(y + self.radius + 1) {
            self.advance()?;
        }
        let at = y % self.slots.len();
        Ok(self.slots[at].same)
    }

    /// Row `y` and those around it, as pixels. [`Rows::is_same`] was asked for `y`.
    pub(crate) fn window(&mut self, y: usize) -> Window<'_> {
        for near in y.saturating_sub(self.radius)..self.read {
            self.tell(near);
        }
        Window { slots: &self.slots, y, width: self.width, height: self.height }
    }

    fn tell(&mut self, y: usize) {
        let at = y % self.slots.len();
        let slot = &mut self.slots[at];
        if std::mem::replace(&mut slot.told, true) {
            return;
        }
        tell(&self.layout, self.expected.size(), &slot.expected_bytes, &mut slot.expected);
        if let (false, Actual::Other(actual)) = (slot.same, &self.actual) {
            tell(actual.layout(), actual.size(), &slot.actual_bytes, &mut slot.actual);
        }
    }

    /// Reads the next row of both.
    fn advance(&mut self) -> Result<(), Error> {
        let at = self.read % self.slots.len();
        let mut slot = std::mem::take(&mut self.slots[at]);
        slot.expected_bytes.resize(self.expected.row_bytes(), 0);
        (slot.told, slot.same) = (false, false);
        self.fill(&mut slot)?;
        if let Some(keeper) = &mut self.keeper {
            let actual = (!slot.same).then_some(slot.actual_bytes.as_slice());
            keeper.row(&slot.expected_bytes, actual);
        }
        self.slots[at] = slot;
        if self.step == Step::Pixels {
            self.tell(self.read);
            let slot = &mut self.slots[at];
            slot.same = slot.expected[..self.width] == slot.actual[..self.width];
        }
        self.read += 1;
        Ok(())
    }

    fn fill(&mut self, slot: &mut Slot) -> Result<(), Error> {
        let before = (self.read + self.slots.len() - 1) % self.slots.len();
        let Actual::Other(actual) = &mut self.actual else {
            slot.same = true;
            return self.expected.next(&mut slot.expected_bytes);
        };
        if let Some(shift) = self.shift.take_if(|shift| shift.from == self.read) {
            let (longer, by) =
                if shift.by > 0 { (&mut *actual, shift.by) } else { (&mut self.expected, -shift.by) };
            longer.skip(by.unsigned_abs())?;
        }
        slot.actual_bytes.resize(actual.row_bytes(), 0);
        if self.step == Step::Filtered {
            let before =
                if self.read > 0 { &self.slots[before] } else { &Slot::first(slot.actual_bytes.len()) };
            return undo(&mut self.expected, actual, &self.layout, before, slot);
        }
        self.expected.next(&mut slot.expected_bytes)?;
        actual.next(&mut slot.actual_bytes)?;
        slot.same = self.step == Step::Bytes && slot.expected_bytes == slot.actual_bytes;
        Ok(())
    }

    /// Reads what is left of both files. Gives all rows, if they were kept.
    pub(crate) fn finish(self) -> Result<Option<[Kept; 2]>, Error> {
        self.expected.finish()?;
        match self.actual {
            Actual::Other(actual) => actual.finish()?,
            Actual::Same(artifact) => read_over(artifact)?,
        }
        Ok(self.keeper.and_then(Keeper::finish))
    }
}

impl Slot {
    /// What stands above the first row: zeros.
    fn first(bytes: usize) -> Self {
        Self { expected_bytes: vec![0; bytes], same: true, ..Self::default() }
    }
}

fn step(expected: &Source<'_>, actual: &Actual<'_>) -> Step {
    let Actual::Other(actual) = actual else { return Step::Bytes };
    if expected.layout() != actual.layout() || expected.size().width() != actual.size().width() {
        return Step::Pixels;
    }
    let are_filtered = expected.has_filters() && actual.has_filters() && expected.size() == actual.size();
    if are_filtered { Step::Filtered } else { Step::Bytes }
}

/// Undoes the filters of the next row, for both at once where the rows above and the bytes are the same.
fn undo(
    expected: &mut Source<'_>,
    actual: &mut Source<'_>,
    layout: &Layout,
    before: &Slot,
    slot: &mut Slot,
) -> Result<(), Error> {
    let (expected_artifact, actual_artifact) = (expected.artifact(), actual.artifact());
    let (ours, theirs) = (expected.filtered()?, actual.filtered()?);
    let above = &before.expected_bytes;
    ours.undo(layout, above, &mut slot.expected_bytes).map_err(|problem| problem.of(expected_artifact))?;
    slot.same = before.same && ours == theirs;
    if !slot.same {
        let above = if before.same { above } else { &before.actual_bytes };
        theirs.undo(layout, above, &mut slot.actual_bytes).map_err(|problem| problem.of(actual_artifact))?;
        slot.same = slot.expected_bytes == slot.actual_bytes;
    }
    Ok(())
}

/// Reads a file whose pixels need not be known.
pub(crate) fn read_over(artifact: &Artifact) -> Result<(), Error> {
    let mut reader = artifact.reader();
    loop {
        let length = reader.fill_buf()?.len();
        if length == 0 {
            return Ok(());
        }
        reader.consume(length);
    }
}

/// True if the host says that both files have the same bytes.
fn is_same(expected: &Artifact, actual: &Artifact) -> bool {
    let (expected, actual) = (expected.info(), actual.info());
    !expected.digest.is_empty() && expected.digest == actual.digest && expected.size == actual.size
}

fn tell(layout: &Layout, size: Size, bytes: &[u8], words: &mut Vec<u32>) {
    words.resize(size.width(), 0);
    layout.expand(bytes, words);
}

impl Window<'_> {
    /// Row `y` of the expected picture, as far as both reach. It lies within the radius.
    pub(crate) fn expected(&self, y: usize) -> &[u32] {
        &self.slots[y % self.slots.len()].expected[..self.width]
    }

    /// Row `y` of the actual picture, as far as both reach. It lies within the radius.
    pub(crate) fn actual(&self, y: usize) -> &[u32] {
        let slot = &self.slots[y % self.slots.len()];
        let words = if slot.same { &slot.expected } else { &slot.actual };
        &words[..self.width]
    }
}
