//! A file that takes no room for what is zero.
//!
//! A sparse file has a length without the room for it. What was copied byte by byte would take that room once
//! for each copy, at no cost for the one who made it.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Zero bytes, written at once, that are left out: the smallest unit of common file systems.
const HOLE_BYTES_MIN: usize = 4096;

/// Writes a new file from its beginning.
#[derive(Debug)]
pub struct Holes {
    file: File,
    size: u64,
}

impl Holes {
    /// Writes into an empty file.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self { file, size: 0 }
    }

    /// Bytes written so far, those that are left out too.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Gives the file the length of what was written.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(&self) -> io::Result<&File> {
        self.file.set_len(self.size)?;
        Ok(&self.file)
    }
}

impl Write for Holes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_hole = bytes.len() >= HOLE_BYTES_MIN && bytes.iter().all(|byte| *byte == 0);
        let count = if is_hole {
            let count = i64::try_from(bytes.len()).map_err(io::Error::other)?;
            self.file.seek(SeekFrom::Current(count))?;
            bytes.len()
        } else {
            self.file.write(bytes)?
        };
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    /// Catches a sparse file whose copies fill the disk, and one whose copy is other bytes.
    #[test]
    fn zeros_take_no_room() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let mut holes = Holes::new(File::create(&path).expect("makes"));
        let parts: [&[u8]; 5] = [b"begin", &[0; 1 << 20], b"middle", &[0; 100], &[0; 1 << 20]];
        for part in parts {
            holes.write_all(part).expect("writes");
        }
        holes.finish().expect("ends");
        assert_eq!(std::fs::read(&path).expect("is there"), parts.concat());
        let stat = std::fs::metadata(&path).expect("is there");
        assert!(stat.blocks() * 512 < 64 << 10, "{} blocks", stat.blocks());
    }
}
