//! Reads the attributes of a start tag. A report is mostly attributes, so this looks for quotation marks
//! many bytes at a time, and copies a value only where it holds an escape.
//!
//! It never looks at names twice: who reads a name twice says so.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::QName;

use super::{Stop, malformed};

/// Name and raw value of each attribute, in the order of the tag.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Attributes<'a> {
    pub(super) fn of(start: &'a BytesStart<'_>) -> Self {
        Self { rest: start.attributes_raw() }
    }

    /// `name = "value"` at the beginning of what is left, which is not blank.
    fn split(&mut self) -> Option<(&'a str, &'a str)> {
        let (name, after) = self.rest.split_at(memchr::memchr(b'=', self.rest.as_bytes())?);
        let name = name.trim_ascii_end();
        let quoted = after[1..].trim_ascii_start();
        let quote = *quoted.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let end = 1 + memchr::memchr(quote, &quoted.as_bytes()[1..])?;
        self.rest = &quoted[end + 1..];
        // One look per byte: what may not be in a name is below the letters, except for `>`.
        let is_name =
            !name.is_empty() && !name.bytes().any(|byte| byte <= b'\'' || matches!(byte, b'<' | b'>'));
        is_name.then(|| (name, &quoted[1..end]))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(&'a str, &'a str), Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return None;
        }
        let attribute = self.split();
        if attribute.is_none() {
            self.rest = "";
        }
        Some(attribute.ok_or_else(|| malformed("an attribute is not written as `name=\"value\"`")))
    }
}

/// Bytes of the longest key that has a meaning.
pub(super) const KEY_BYTES_MAX: usize = 16;

/// The key in lower case, without an allocation; one too long to have a meaning stays as it is.
pub(super) fn folded<'a>(key: &'a str, buffer: &'a mut [u8; KEY_BYTES_MAX]) -> &'a str {
    if key.len() > KEY_BYTES_MAX || !key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return key;
    }
    let lower = &mut buffer[..key.len()];
    lower.copy_from_slice(key.as_bytes());
    lower.make_ascii_lowercase();
    str::from_utf8(lower).unwrap_or(key)
}

/// The value with its escapes resolved and its white space normalised (XML 1.0, section 3.3.3).
pub(super) fn value(raw: &str) -> Result<Cow<'_, str>, Stop> {
    let bytes = raw.as_bytes();
    if memchr::memchr3(b'&', b'\n', b'\t', bytes).is_none() && memchr::memchr(b'\r', bytes).is_none() {
        return Ok(Cow::Borrowed(raw));
    }
    let attribute = Attribute { key: QName("value"), value: Cow::Borrowed(raw) };
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    value
        .map(|value| Cow::Owned(value.into_owned()))
        .map_err(|error| malformed(format!("an attribute: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &str) -> Result<Vec<(String, String)>, Stop> {
        let tag = format!("t {attributes}");
        let start = BytesStart::from_content(&tag, 1);
        Attributes::of(&start)
            .map(|attribute| {
                attribute.and_then(|(name, raw)| Ok((name.to_owned(), value(raw)?.into_owned())))
            })
            .collect()
    }

    #[test]
    fn names_and_values() {
        let pairs = |expected: &[(&str, &str)]| {
            expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        for (attributes, expected) in [
            ("", &[][..]),
            ("a=\"1\"", &[("a", "1")]),
            ("a='1' b = \"two 'quotes'\"", &[("a", "1"), ("b", "two 'quotes'")]),
            ("\n\ta=\"x=y\"\n", &[("a", "x=y")]),
            ("a=\"1\"b=\"2\"", &[("a", "1"), ("b", "2")]),
            ("a=\"&lt;&amp;&#65;\"", &[("a", "<&A")]),
            ("a=\"one\ntwo\"", &[("a", "one two")]),
        ] {
            assert_eq!(read(attributes).ok(), Some(pairs(expected)), "{attributes}");
        }
    }

    #[test]
    fn what_is_no_attribute_is_malformed() {
        for attributes in
            ["a", "a=", "a=1", "a=\"1", "=\"1\"", "a b=\"1\"", "a=\"1\" b", "a=\"&unknown;\"", "a\"=\"1\""]
        {
            assert!(read(attributes).is_err(), "{attributes}");
        }
    }
}
