//! Turns the bytes of an XML document into UTF-8 while they are read, and bounds what one event may hold.
//!
//! The encodings are those that report writers declare: UTF-8, and the one-byte sets of Latin script.
//! Whether UTF-8 is valid is the XML reader's check, so bytes that are UTF-8 already pass untouched.

use std::io::{self, BufRead, Read};

/// Bytes of one tag or one stretch of text: the XML reader holds that much at once.
pub(super) const EVENT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Bytes at the beginning within which an XML declaration ends.
const DECLARATION_BYTES_MAX: usize = 512;

/// How the bytes of a document stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// ISO 8859-1: every byte is the character of that number.
    Latin1,
    /// ISO 8859-15: Latin-1 with the euro sign.
    Latin9,
    Windows1252,
}

/// What is wrong with the bytes as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Nul,
    EventTooLong,
}

/// Finds the encoding from a byte order mark or the declaration.
///
/// # Errors
/// The name of the encoding, if it is none of those above.
pub(super) fn encoding_of(start: &[u8]) -> Result<Encoding, String> {
    if start.starts_with(b"\xef\xbb\xbf") {
        return Ok(Encoding::Utf8);
    }
    if matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..]) {
        return Err("UTF-16".into());
    }
    let Some(declared) = declared(start) else { return Ok(Encoding::Utf8) };
    match declared.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(Encoding::Utf8),
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" => Ok(Encoding::Latin1),
        "iso-8859-15" | "iso8859-15" | "latin9" | "latin-9" => Ok(Encoding::Latin9),
        "windows-1252" | "cp1252" => Ok(Encoding::Windows1252),
        _ => Err(declared),
    }
}

fn declared(start: &[u8]) -> Option<String> {
    let start = &start[..start.len().min(DECLARATION_BYTES_MAX)];
    let text: String = start.iter().map(|byte| char::from(*byte)).collect();
    let declaration = text.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(value[1..].split_once(quote)?.0.into())
}

/// The document in UTF-8, without byte order mark.
pub(super) struct Decoded<R> {
    inner: R,
    encoding: Encoding,
    /// Characters decoded from one chunk of a one-byte encoding, and how many bytes were handed out.
    characters: String,
    position: usize,
    /// Bytes handed out since the last event ended, roughly: chunks are counted when they are consumed.
    event_bytes: u64,
    flaw: Option<Flaw>,
    /// How much of the inner chunk was searched for NUL already.
    searched: usize,
}

impl<R: BufRead> Decoded<R> {
    pub(super) fn new(mut inner: R, encoding: Encoding) -> io::Result<Self> {
        if inner.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            inner.consume(3);
        }
        Ok(Self {
            inner,
            encoding,
            characters: String::new(),
            position: 0,
            event_bytes: 0,
            flaw: None,
            searched: 0,
        })
    }

    /// Why reading ended with an error, if the bytes were the reason.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// Says that an event ended.
    pub(super) fn event_ended(&mut self) {
        self.event_bytes = 0;
    }

    fn check(&mut self) -> io::Result<()> {
        if self.event_bytes > EVENT_BYTES_MAX {
            self.flaw = Some(Flaw::EventTooLong);
            return Err(io::Error::other("one tag or text is too long"));
        }
        if self.searched == 0 {
            let chunk = self.inner.fill_buf()?;
            if memchr::memchr(0, chunk).is_some() {
                self.flaw = Some(Flaw::Nul);
                return Err(io::Error::other("there is a NUL byte"));
            }
            self.searched = chunk.len();
        }
        Ok(())
    }

    fn consume_inner(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.searched = self.searched.saturating_sub(amount);
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.encoding == Encoding::Utf8 {
            self.check()?;
            return self.inner.fill_buf();
        }
        if self.position == self.characters.len() {
            self.check()?;
            let encoding = self.encoding;
            let chunk = self.inner.fill_buf()?;
            let amount = chunk.len();
            self.characters.clear();
            self.characters.extend(chunk.iter().map(|byte| character(encoding, *byte)));
            self.position = 0;
            self.consume_inner(amount);
        }
        Ok(&self.characters.as_bytes()[self.position..])
    }

    fn consume(&mut self, amount: usize) {
        self.event_bytes += amount as u64;
        if self.encoding == Encoding::Utf8 {
            self.consume_inner(amount);
        } else {
            self.position += amount;
        }
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// Windows-1252 from 0x80 to 0x9f; the five unassigned bytes are control characters, as browsers read them.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn character(encoding: Encoding, byte: u8) -> char {
    match (encoding, byte) {
        (Encoding::Windows1252, 0x80..=0x9f) => WINDOWS_1252[usize::from(byte - 0x80)],
        (Encoding::Latin9, 0xa4) => '€',
        (Encoding::Latin9, 0xa6) => 'Š',
        (Encoding::Latin9, 0xa8) => 'š',
        (Encoding::Latin9, 0xb4) => 'Ž',
        (Encoding::Latin9, 0xb8) => 'ž',
        (Encoding::Latin9, 0xbc) => 'Œ',
        (Encoding::Latin9, 0xbd) => 'œ',
        (Encoding::Latin9, 0xbe) => 'Ÿ',
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_encoding() {
        for (start, expected) in [
            (&b"<testsuite/>"[..], Ok(Encoding::Utf8)),
            (b"<?xml version='1.0'?><a/>", Ok(Encoding::Utf8)),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?>", Ok(Encoding::Latin1)),
            (b"<?xml version=\"1.0\" encoding = \"windows-1252\" ?>", Ok(Encoding::Windows1252)),
            (b"<?xml version='1.0' encoding='EBCDIC'?>", Err("EBCDIC".to_owned())),
            (b"\xff\xfe<\0", Err("UTF-16".to_owned())),
            // Not in the declaration: this is only an attribute.
            (b"<testsuite encoding='EBCDIC'/>", Ok(Encoding::Utf8)),
        ] {
            assert_eq!(encoding_of(start), expected, "{start:?}");
        }
    }

    #[test]
    fn decodes_one_byte_sets_across_chunks() {
        for (encoding, bytes, expected) in [
            (Encoding::Latin1, &b"a\xe4\xa4"[..], "aä¤"),
            (Encoding::Latin9, b"a\xe4\xa4", "aä€"),
            (Encoding::Windows1252, b"\x80\x9f\xe9", "€Ÿé"),
        ] {
            for capacity in 1..4 {
                let reader = io::BufReader::with_capacity(capacity, bytes);
                let mut text = String::new();
                Decoded::new(reader, encoding).unwrap().read_to_string(&mut text).unwrap();
                assert_eq!(text, expected, "{encoding:?} in chunks of {capacity}");
            }
        }
    }

    #[test]
    fn a_nul_is_found_in_every_chunk() {
        for at in 0..6 {
            let mut bytes = *b"abcdef";
            bytes[at] = 0;
            let mut decoded =
                Decoded::new(io::BufReader::with_capacity(2, &bytes[..]), Encoding::Utf8).unwrap();
            assert!(decoded.read_to_end(&mut Vec::new()).is_err(), "at {at}");
            assert_eq!(decoded.flaw(), Some(Flaw::Nul));
        }
    }
}
