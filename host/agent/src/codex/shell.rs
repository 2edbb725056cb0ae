//! The script in the command line that codex shows: it runs everything as `/bin/bash -lc 'SCRIPT'`, and what
//! a person approves, and a pattern matches, is the script.
//!
//! Where it is not sure it leaves the line as it is.

/// Shells that take a script after `-lc` or `-c`.
const SHELLS: &[&str] = &["bash", "sh", "zsh", "dash"];

/// The script of `SHELL -lc WORD`, else the whole line.
pub(super) fn script(line: &str) -> String {
    inner(line).unwrap_or_else(|| line.to_string())
}

fn inner(line: &str) -> Option<String> {
    let (shell, rest) = line.split_once(' ')?;
    let name = shell.rsplit('/').next()?;
    let (flag, rest) = rest.split_once(' ')?;
    if SHELLS.contains(&name) && matches!(flag, "-lc" | "-c") { word(rest) } else { None }
}

/// One word as a shell reads it, if the text is exactly one. What a shell would expand is not one: there are
/// two readings then.
fn word(text: &str) -> Option<String> {
    let mut word = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => loop {
                match characters.next()? {
                    '\'' => break,
                    plain => word.push(plain),
                }
            },
            '"' => loop {
                match characters.next()? {
                    '"' => break,
                    '\\' => match characters.next()? {
                        escaped @ ('\\' | '"' | '$' | '`') => word.push(escaped),
                        _ => return None,
                    },
                    '$' | '`' => return None,
                    plain => word.push(plain),
                }
            },
            '\\' => word.push(characters.next()?),
            plain if plain.is_ascii_alphanumeric() || "-_./:=,+@%^".contains(plain) => word.push(plain),
            _ => return None,
        }
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_unpacked() {
        assert_eq!(
            script("/bin/bash -lc 'echo hi > made.txt && cat made.txt'"),
            "echo hi > made.txt && cat made.txt"
        );
        assert_eq!(script("/bin/bash -lc pwd"), "pwd");
        assert_eq!(script("bash -c \"echo it's\""), "echo it's");
        assert_eq!(script(r#"/bin/bash -lc 'a'"'"'b'"#), "a'b");
        assert_eq!(script(r#"/bin/zsh -lc "echo \$HOME""#), "echo $HOME");
        assert_eq!(script("/bin/bash -lc 'line one\nline two'"), "line one\nline two");
    }

    /// A reading that hides a second command would get it approved.
    #[test]
    fn what_is_not_one_word_stays_as_it_is() {
        for line in [
            "/bin/bash -lc 'a' 'b'",
            "/bin/bash -lc a; rm -rf b",
            "/bin/bash -lc \"echo $(rm x)\"",
            "/bin/bash -lc 'open",
            "bash",
            "rm -lc x",
            "/bin/bash -x 'a'",
            "",
        ] {
            assert_eq!(script(line), line);
        }
    }
}
