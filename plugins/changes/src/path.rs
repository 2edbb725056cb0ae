//! What a path of a tree may look like.
//!
//! It never looks at a file system: a path is text that patterns are matched with.

/// Refuses what would be matched as one path and mean another.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub(crate) fn check(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.starts_with('/') {
        return Err("is absolute");
    }
    if path.contains('\0') {
        return Err("has a NUL");
    }
    for part in path.split('/') {
        match part {
            "" => return Err("has an empty part"),
            "." | ".." => return Err("has a part `.` or `..`"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths() {
        for path in ["a", "a/b.rs", "a b/c", "...", ".git/x", "a..b", "\u{fffd}"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
        for path in ["", "/a", "../a", "a/../b", "./a", "a/.", "a//b", "a/", "a\0b"] {
            assert!(check(path).is_err(), "{path}");
        }
    }
}
