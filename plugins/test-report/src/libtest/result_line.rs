//! The last line of a block: `test result: ok. 3 passed; 0 failed; ...`.
//!
//! Its counts are compared with the cases, never taken for them.

/// The counts of a result line.
pub(super) struct ResultLine {
    pub(super) ok: bool,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    pub(super) measured: u64,
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.08s`.
pub(super) fn result(line: &str) -> Option<ResultLine> {
    let (word, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let ok = match word {
        "ok" => true,
        "FAILED" => false,
        _ => return None,
    };
    let mut parts = counts.split("; ");
    let mut count = |name: &str| {
        let (number, word) = parts.next()?.split_once(' ')?;
        if word == name { number.parse::<u64>().ok() } else { None }
    };
    Some(ResultLine {
        ok,
        passed: count("passed")?,
        failed: count("failed")?,
        ignored: count("ignored")?,
        measured: count("measured")?,
    })
}
