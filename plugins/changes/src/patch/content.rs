//! The content of one file of a patch: hunks of text, or what git writes for bytes.
//!
//! It never believes a hunk that is shorter or longer than its header says.

use std::io::BufRead;

use evident_checker::Error;

use super::wrong;
use crate::lines::Lines;
use crate::text::Text;
use crate::words::shown;

/// Bytes of added lines of one file that are kept, as many as a line of the host's document may have.
const ADDED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the content of a file says.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) binary: bool,
    pub(super) hunks: u64,
    pub(super) lines_added: u64,
    pub(super) lines_removed: u64,
    pub(super) lines_kept: u64,
    pub(super) added: Text,
    /// True if not every added line was kept.
    pub(super) is_cut: bool,
}

impl Content {
    fn add(&mut self, text: &[u8]) {
        self.lines_added += 1;
        self.is_cut |= self.added.len() + text.len() > ADDED_BYTES_MAX;
        if !self.is_cut {
            self.added.push(text);
        }
    }
}

/// Reads hunks as long as there are some.
pub(super) fn hunks<R: BufRead>(lines: &mut Lines<R>) -> Result<Content, Error> {
    let mut content = Content::default();
    while let Some(line) = lines.peek()? {
        if !line.starts_with(b"@@ ") {
            break;
        }
        let Some(range) = range(line) else { return Err(wrong(lines, "it is not a header of a hunk")) };
        lines.skip();
        hunk(lines, range, &mut content)?;
        content.hunks += 1;
    }
    if content.hunks == 0 {
        return Err(wrong(lines, "the names of a file are not followed by a hunk"));
    }
    Ok(content)
}

/// Lines of a hunk that are still to come, and the number of the next new one.
struct Range {
    old: u64,
    new: u64,
    next: u64,
}

fn hunk<R: BufRead>(lines: &mut Lines<R>, mut range: Range, content: &mut Content) -> Result<(), Error> {
    let mut in_run = false;
    while range.old > 0 || range.new > 0 {
        let Some(line) = lines.peek()? else {
            return Err(wrong(lines, "a hunk is shorter than its header says"));
        };
        match line.split_first() {
            Some((b'+', text)) if range.new > 0 => {
                if !in_run {
                    content.added.start_run(range.next);
                }
                content.add(text);
                in_run = true;
                (range.new, range.next) = (range.new - 1, range.next.saturating_add(1));
            }
            Some((b'-', _)) if range.old > 0 => {
                content.lines_removed += 1;
                range.old -= 1;
            }
            // Some tools cut the blank of an empty line that stays.
            None | Some((b' ', _)) if range.old > 0 && range.new > 0 => {
                content.lines_kept += 1;
                in_run = false;
                (range.old, range.new) = (range.old - 1, range.new - 1);
                range.next = range.next.saturating_add(1);
            }
            Some((b'\\', rest)) if rest.starts_with(b" ") => {}
            _ => return Err(wrong(lines, "a hunk does not have the lines that its header says")),
        }
        lines.skip();
    }
    // The sentence that a line feed is missing comes after the line, so perhaps after the last one.
    if lines.peek()?.is_some_and(|line| line.starts_with(b"\\ ")) {
        lines.skip();
    }
    Ok(())
}

/// `@@ -START[,COUNT] +START[,COUNT] @@`, then perhaps a heading.
fn range(line: &[u8]) -> Option<Range> {
    let line = String::from_utf8_lossy(line);
    let rest = line.strip_prefix("@@ -")?;
    let (ranges, heading) = rest.split_once(" @@")?;
    if !(heading.is_empty() || heading.starts_with([' ', '\r'])) {
        return None;
    }
    let (old, new) = ranges.split_once(" +")?;
    let ((_, old), (next, new)) = (numbers(old)?, numbers(new)?);
    (old > 0 || new > 0).then_some(Range { old, new, next })
}

fn numbers(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    match text.split_once(',') {
        Some((start, count)) => Some((number(start)?, number(count)?)),
        None => Some((number(text)?, 1)),
    }
}

/// Reads `Binary files A and B differ`.
pub(super) fn binary_sentence<R: BufRead>(lines: &mut Lines<R>) -> Result<Content, Error> {
    let line = lines.peek()?.unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !line.ends_with(b" differ") {
        return Err(wrong(lines, "it is not a sentence about binary files"));
    }
    lines.skip();
    Ok(Content { binary: true, ..Content::default() })
}

/// Reads `GIT binary patch` and what follows: the new bytes, and perhaps the old ones.
pub(super) fn binary_patch<R: BufRead>(lines: &mut Lines<R>) -> Result<Content, Error> {
    lines.skip();
    let mut parts = 0;
    while lines.peek()?.is_some_and(is_binary_head) {
        lines.skip();
        binary_part(lines)?;
        parts += 1;
    }
    if !(1..=2).contains(&parts) {
        return Err(wrong(lines, format!("a binary patch has {parts} parts")));
    }
    Ok(Content { binary: true, ..Content::default() })
}

/// `literal SIZE` or `delta SIZE`.
fn is_binary_head(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let size = line.strip_prefix(b"literal ").or(line.strip_prefix(b"delta "));
    size.is_some_and(|size| !size.is_empty() && size.iter().all(u8::is_ascii_digit))
}

/// Lines of base 85 up to a blank one.
fn binary_part<R: BufRead>(lines: &mut Lines<R>) -> Result<(), Error> {
    let mut count = 0_u64;
    loop {
        let Some(line) = lines.peek()? else {
            return Err(wrong(lines, "a binary patch has no blank line at its end"));
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() && count > 0 {
            lines.skip();
            return Ok(());
        }
        if !is_base_85(line) {
            let text = String::from_utf8_lossy(line).into_owned();
            return Err(wrong(lines, format!("`{}` is not a line of a binary patch", shown(&text))));
        }
        lines.skip();
        count += 1;
    }
}

/// A letter for the number of bytes, then five characters for every four of them.
fn is_base_85(line: &[u8]) -> bool {
    let Some((first, digits)) = line.split_first() else { return false };
    let bytes = match first {
        b'A'..=b'Z' => first - b'A' + 1,
        b'a'..=b'z' => first - b'a' + 27,
        _ => return false,
    };
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&()*+-;<=>?@^_`{|}~".contains(byte);
    digits.len() == usize::from(bytes).div_ceil(4) * 5 && digits.iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Content, Error> {
        hunks(&mut Lines::new(text.as_bytes()))
    }

    #[test]
    fn a_hunk_has_what_its_header_says() {
        let content = read(
            "@@ -1,2 +5,3 @@ fn x()\n a\r\n-b\n+c\rd\n+\n\\ No newline at end of file\n@@ -9 +9 @@\n-x\n+y\n",
        )
        .expect("reads");
        assert_eq!(
            (content.hunks, content.lines_added, content.lines_removed, content.lines_kept),
            (2, 3, 2, 1)
        );
        for (text, number) in [("c\rd", Some(6)), ("y", Some(9)), ("z", None)] {
            let found = content.added.find(&memchr::memmem::Finder::new(text));
            assert_eq!(found.and_then(|found| found.number), number, "{text}");
        }
        for text in [
            "@@ -1,2 +1 @@\n-a\n",
            "@@ -1 +1 @@\n-a\n-b\n+c\n",
            "@@ -1 +1 @@\n+a\n+b\n",
            "@@ -1,2 +1,2 @@\n a\n@@ -5 +5 @@\n-a\n+b\n",
            "@@ -1,2 +1,2 @@\n a\ntext\n",
            "@@ -0,0 +0,0 @@\n",
            "@@ -1 +1 @@x\n-a\n+b\n",
            "@@ -1 +1\n-a\n+b\n",
            "@@ -1, +1 @@\n-a\n+b\n",
            "@@ -1,99999999999999999999 +1 @@\n-a\n+b\n",
            "@@ -+1 +1 @@\n-a\n+b\n",
            "text\n",
            "",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_of_base_85_have_the_length_that_they_say() {
        assert!(is_base_85(b"HcmV?d00001"));
        for line in [&b""[..], b"HcmV?d0000", b"HcmV?d000012", b"1cmV?d", b"AcmV ?"] {
            assert!(!is_base_85(line), "{line:?}");
        }
    }
}
