//! Text of somebody else inside of Markdown: on one line, and it means nothing there.
//!
//! A backslash is not enough. What renders Markdown turns addresses into links by itself, and GitHub and
//! GitLab make links of names, numbers and digests in the rendered text, where no backslash is left. In a code
//! span nothing is made of anything, so whatever is not plain words stands in one.
//!
//! Sources: GitHub Flavored Markdown 0.29, 4.10 (tables), 6.3 (code spans) and 6.9 (autolinks); "Autolinked
//! references and URLs" of GitHub; "GitLab-specific references" of GitLab.

/// Hexadecimal digits that GitHub takes for the beginning of a commit.
const COMMIT_DIGITS_LEAST: usize = 7;

/// Text in a line, as plain words where it is nothing else, as code otherwise. It fits a cell of a table.
pub(crate) fn inline(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.is_empty() || is_plain(&text) { text } else { code(&text) }
}

/// Text whose own code spans stay what they are, where all between them is plain words. It fits a cell of a table.
pub(crate) fn prose(text: &str) -> String {
    let text = text.replace('\n', " ");
    let parts: Vec<&str> = text.split('`').collect();
    // A span holds something, and every one has an end.
    let is_span = |at: usize| at % 2 == 1;
    let are_spans = parts.len() % 2 == 1
        && !parts.iter().enumerate().any(|(at, part)| is_span(at) && part.trim().is_empty());
    let is_words = |part: &str| {
        let words = part.trim_matches([' ', ',', ';', ':', '.', '(', ')']);
        words.is_empty() || is_plain(words)
    };
    if parts.len() < 3 || !are_spans || !parts.iter().step_by(2).all(|part| is_words(part)) {
        return inline(&text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(at, part)| if is_span(at) { code(part) } else { (*part).to_owned() })
        .collect()
}

/// Text as code. It fits a cell of a table.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if is_edge(text.chars().next()) || is_edge(text.chars().next_back()) { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", without_borders(&text))
}

/// True where a code span would take it for its own fence or padding, or where there would be no code.
fn is_edge(character: Option<char>) -> bool {
    matches!(character, None | Some('`' | ' '))
}

/// The length of the longest run of backticks.
pub(crate) fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// A bar would end the cell. Behind a backslash that is not itself escaped, another one would be the escaped
/// character, and the bar a border.
fn without_borders(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' if ends_with_escape(&safe) => safe.push('|'),
            '|' => safe.push_str("\\|"),
            other => safe.push(other),
        }
    }
    safe
}

/// True where the last backslash of the text escapes what follows: where their number is odd.
fn ends_with_escape(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

/// True for words and numbers that no renderer makes anything of.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    if !first.is_some_and(char::is_alphanumeric) || text.ends_with(' ') || text.contains("  ") {
        return false;
    }
    let mut rest = text.chars().peekable();
    let mut begins_with_digits = true;
    let mut before = ' ';
    while let Some(character) = rest.next() {
        let is_end = rest.peek().is_none_or(|next| *next == ' ');
        let is_fraction = before.is_ascii_digit() && rest.peek().is_some_and(char::is_ascii_digit);
        let fits = match character {
            // Behind digits at the beginning these make a list.
            '.' | ')' if begins_with_digits && is_end => false,
            '.' => is_end || is_fraction,
            ':' => is_end,
            ' ' | ',' | ';' | '(' | ')' | '\'' | '"' | '/' | '-' => true,
            word => word.is_alphanumeric(),
        };
        if !fits {
            return false;
        }
        begins_with_digits &= character.is_ascii_digit();
        before = character;
    }
    text.split([' ', ',', ';', '(', ')', '\'', '"', '/', '.', ':']).all(|word| !is_reference(word))
}

/// True for what is taken for a commit, or for an entry in a tracker: `GH-12`, `TICKET-7`.
fn is_reference(word: &str) -> bool {
    let is_commit =
        |part: &str| part.len() >= COMMIT_DIGITS_LEAST && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = word.split('-');
    let is_entry = parts.next().is_some_and(|part| part.contains(char::is_alphabetic))
        && parts.any(|part| part.starts_with(|digit: char| digit.is_ascii_digit()));
    is_entry || word.split('-').any(is_commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        for plain in [
            "2 of 31 tests failed",
            "met: 2 of 2 clauses pass, 1 only asserted",
            "inconclusive, no-evidence",
            "p95 is above its bound (over by half)",
            "Zürich isn't far.",
            "123456",
            "0.5 s of 1.25 s.",
        ] {
            assert_eq!(inline(plain), plain);
        }
    }

    #[test]
    fn all_else_is_code() {
        for text in [
            "see https://evil.example",
            "www.evil.example",
            "evil.example/x",
            "a@evil.example",
            "@owner",
            "fixes #12",
            "GH-12",
            "TICKET-7 is done",
            "merged as 1a2b3c4",
            "0123456789abcdef0123456789abcdef01234567",
            "![picture](x)",
            "<img src=x>",
            "a&lt;b",
            "$1 of $2",
            ":shipit:",
            "!12 and ~label and %3",
            "1. a list",
            "12) a list",
            "- a list",
            "=== a heading",
            "a  hard break",
            "*bold* _it_ ~~x~~",
            "mailto:a",
        ] {
            assert_eq!(inline(text), format!("`{text}`"));
        }
    }

    #[test]
    fn code_inside_of_words_stays_code() {
        for (text, expected) in [
            ("0.01, or `1 %` of it", "0.01, or `1 %` of it"),
            ("`a` and `b`", "`a` and `b`"),
            ("one of `a | b`", "one of `a \\| b`"),
            // Something between the spans, or before them, is more than words.
            ("see <b> and `c`", "`` see <b> and `c` ``"),
            ("`a`@owner", "`` `a`@owner ``"),
            ("an `odd` number ` of them", "``an `odd` number ` of them``"),
            ("nothing `` inside", "```nothing `` inside```"),
            ("- `a` is not a list", "``- `a` is not a list``"),
        ] {
            assert_eq!(prose(text), expected);
        }
    }

    #[test]
    fn no_text_ends_its_code_or_its_cell() {
        for (text, expected) in [
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("``x", "``` ``x ```"),
            ("x``", "``` x`` ```"),
            ("", ""),
            (" x", "`  x `"),
            ("a|b", "`a\\|b`"),
            ("a\\|b", "`a\\\u{7c}b`"),
            ("a||b", "`a\\|\\|b`"),
            ("a\\\\|b", "`a\\\\\\|b`"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(inline(text), expected, "{text:?}");
        }
    }
}
