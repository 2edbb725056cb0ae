//! Undoes the quoting of names: `"A \303\242 B.py"` is `A â B.py`.
//!
//! It never leaves a quoted name quoted: a pattern would not match it. Source: git's `quote.c`.

/// Reads a quoted name at the start of `text`; gives its bytes and what follows the closing quote.
pub(super) fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (first, after) = rest.split_first()?;
        rest = after;
        match first {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (byte, after) = escape(rest)?;
                name.push(byte);
                rest = after;
            }
            byte => name.push(*byte),
        }
    }
}

/// The byte that an escape stands for, and what follows it.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = text.split_first()?;
    let byte = match first {
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        b'"' | b'\\' => *first,
        b'0'..=b'3' => {
            let (digits, rest) = text.split_first_chunk::<3>()?;
            if !digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) {
                return None;
            }
            return Some((digits.iter().fold(0, |byte, digit| byte * 8 + (digit - b'0')), rest));
        }
        _ => return None,
    };
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_every_escape_and_nothing_else() {
        for (text, name, rest) in [
            (r#""a b""#, "a b", ""),
            (r#""A \303\242 B.py" x"#, "A â B.py", " x"),
            (r#""\a\b\t\n\v\f\r\"\\""#, "\x07\x08\t\n\x0b\x0c\r\"\\", ""),
            (r#""\0601""#, "01", ""),
        ] {
            assert_eq!(unquote(text.as_bytes()), Some((name.as_bytes().to_vec(), rest.as_bytes())), "{text}");
        }
        assert_eq!(unquote(br#""\377""#), Some((vec![0xff], &b""[..])));
        for text in ["a", "\"a", r#""\q""#, r#""\40""#, r#""\400""#, r#""\08a""#, "\"\\"] {
            assert_eq!(unquote(text.as_bytes()), None, "{text}");
        }
    }
}
