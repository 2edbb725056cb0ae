//! Parts with their lengths, one after the other: what rules and stat caches are written as.

/// Writes numbers (8 bytes, big-endian) and parts (their length as a number, then their bytes).
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(mark: &[u8]) -> Self {
        Self(mark.to_vec())
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn part(&mut self, part: &[u8]) {
        self.number(part.len() as u64);
        self.0.extend_from_slice(part);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what a [`Writer`] wrote; `None` where the bytes end too early.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], mark: &[u8]) -> Option<Self> {
        bytes.strip_prefix(mark).map(Self)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn array<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn part(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
