//! Finds the useful part of a failure's text: the line a person would quote, and the place it names.
//!
//! It only reads what the report says; a place is never looked up in the workspace.

/// The line that says what went wrong. Empty only if the text is.
pub(crate) fn headline(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    // Rust: the message is below `panicked at`.
    let mut after_panic = lines().skip_while(|line| !line.contains(" panicked at "));
    if let Some(panic) = after_panic.next() {
        return match after_panic.next() {
            Some(message) if !message.starts_with("note: ") && !message.starts_with("stack backtrace") => {
                message.into()
            }
            _ => panic.into(),
        };
    }
    // pytest: lines of the error itself begin with `E`.
    if let Some(error) =
        lines().find_map(|line| line.strip_prefix("E ").map(str::trim)).filter(|line| !line.is_empty())
    {
        return error.into();
    }
    lines().next().unwrap_or_default().into()
}

/// File and line of a Rust panic: `panicked at tests/basic.rs:19:5:`.
pub(crate) fn place_of_panic(text: &str) -> Option<(String, Option<u32>)> {
    let at = text.find(" panicked at ")? + " panicked at ".len();
    let place = text[at..].lines().next()?.trim_end_matches(':');
    // Before Rust 1.73 the message came first: `panicked at 'message', src/lib.rs:1:2`.
    let place = place.rsplit_once(", ").map_or(place, |(_, place)| place);
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, path) = (parts.next()?, parts.next()?, parts.next()?);
    Some((path.into(), Some(line.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_person_would() {
        let rust = "before\nthread 'a' panicked at tests/basic.rs:19:5:\nassertion failed: x\nnote: run with";
        assert_eq!(headline(rust), "assertion failed: x");
        assert_eq!(place_of_panic(rust), Some(("tests/basic.rs".into(), Some(19))));
        let old = "thread 'a' panicked at 'no, never', src/lib.rs:1:2";
        assert_eq!(headline(old), old);
        assert_eq!(place_of_panic(old), Some(("src/lib.rs".into(), Some(1))));
        assert_eq!(headline("def test():\n>   assert 1 == 2\nE   assert 1 == 2\n"), "assert 1 == 2");
        assert_eq!(headline("\n\n  Error: x\n  at y"), "Error: x");
        assert_eq!(headline(""), "");
        assert_eq!(place_of_panic("thread panicked at the disco"), None);
    }
}
