//! Which acts of an agent need a person, and what happens where nobody is there.
//!
//! A command is read as a shell would cut it: every part of a list or pipe, and every quoted text that could
//! be a command itself, is held against the pattern. What a program does when it runs cannot be read from
//! its command: this is a question to a person, not a sandbox.

use crate::agent::{Act, Capabilities};
use crate::contract::terms::{Approval, ApprovalWhen, Headless};

/// Programs that run the command in their arguments: what they are given is read as a command too.
const WRAPPERS: [&str; 13] = [
    "command", "doas", "env", "exec", "nice", "nohup", "setsid", "stdbuf", "sudo", "time", "timeout",
    "watch", "xargs",
];

/// Arguments of a wrapper at which a command may begin: options and their values stand before it.
const WRAPPED_MAX: usize = 16;

/// How deep quoted commands are read in quoted commands.
const NESTING_MAX: usize = 4;

/// What is done about an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// It needs nobody.
    Free,
    /// A person decides.
    Person(&'a Approval),
    /// It is refused: nobody is there.
    Deny(&'a Approval),
    /// It is refused and blocks the goal: nobody is there.
    Stop(&'a Approval),
}

/// Whether a contract with these approvals can run on a driver: one that neither asks nor confines its agent
/// would make them words.
///
/// # Errors
/// Why not, in one line.
pub fn admits(approvals: &[Approval], can: Capabilities) -> Result<(), String> {
    if approvals.is_empty() || can.asks || can.confines {
        return Ok(());
    }
    Err("the contract has `[[approve]]`, and this agent neither asks before it acts nor runs in a sandbox of its own".into())
}

/// Judges an act by the first approval that it needs; where nobody is there, one that stops goes before one
/// that denies. `matched` are the path patterns of the contract that a written path matches.
#[must_use]
pub fn judge<'a>(approvals: &'a [Approval], act: &Act, matched: &[String], attended: bool) -> Ruling<'a> {
    let needed = || approvals.iter().filter(|approval| needs(&approval.when, act, matched));
    let stops = needed().find(|approval| approval.headless == Headless::Stop);
    match (needed().next(), stops) {
        (None, _) => Ruling::Free,
        (Some(first), _) if attended => Ruling::Person(first),
        (Some(_), Some(stops)) => Ruling::Stop(stops),
        (Some(first), None) => Ruling::Deny(first),
    }
}

fn needs(when: &ApprovalWhen, act: &Act, matched: &[String]) -> bool {
    match (when, act) {
        (ApprovalWhen::Command(pattern), Act::Command(command)) => {
            let pattern: Vec<&str> = pattern.split_whitespace().collect();
            commands(command, 0).iter().any(|words| words_match(&pattern, words))
        }
        (ApprovalWhen::Path(pattern), Act::Write(_)) => matched.contains(pattern),
        (ApprovalWhen::Tool(pattern), Act::Tool { name, .. }) => text_matches(pattern, name),
        _ => false,
    }
}

/// The words of every command in a text.
fn commands(text: &str, depth: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for words in cut(text) {
        for word in words.iter().filter(|word| depth < NESTING_MAX && word.contains(char::is_whitespace)) {
            found.extend(commands(word, depth + 1));
        }
        let is_assignment = |word: &&String| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
        };
        let start = words.iter().take_while(is_assignment).count();
        let words = named(&words[start..]);
        if words.first().is_some_and(|program| WRAPPERS.contains(&program.as_str())) {
            found.extend((1..words.len().min(WRAPPED_MAX)).map(|at| named(&words[at..])));
        }
        found.push(words);
    }
    found.retain(|words| !words.is_empty());
    found
}

/// The words of a command, its program without the folder that it is in.
fn named(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(program) = words.first_mut() {
        *program = program.rsplit('/').next().unwrap_or_default().to_owned();
    }
    words
}

/// Cuts a text into commands and these into words, without quotes.
fn cut(text: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(character),
            (_, '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\n' | ';' | '&' | '|' | '(' | ')' | '{' | '}' | '`') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, blank) if blank.is_whitespace() => words.extend(word.take()),
            (None, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    commands
}

/// `**` stands for any words, also none; in every other word `*` stands for any text.
fn words_match(pattern: &[&str], words: &[String]) -> bool {
    match pattern.split_first() {
        None => words.is_empty(),
        Some((&"**", rest)) => (0..=words.len()).any(|skipped| words_match(rest, &words[skipped..])),
        Some((first, rest)) => words
            .split_first()
            .is_some_and(|(word, words)| text_matches(first, word) && words_match(rest, words)),
    }
}

/// `*` stands for any text.
fn text_matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(when: ApprovalWhen, headless: Headless) -> Approval {
        Approval { when, why: "why".into(), headless }
    }

    fn pushes(command: &str) -> bool {
        let approvals = [approval(ApprovalWhen::Command("git push **".into()), Headless::Deny)];
        judge(&approvals, &Act::Command(command.into()), &[], true) != Ruling::Free
    }

    /// Catches the ways to write a command that needs a person so that it looks like another one.
    #[test]
    fn a_command_is_found_however_it_is_written() {
        for command in [
            "git push",
            "git   push origin main",
            "cargo test && git push",
            "true; git push -f | cat",
            "/usr/bin/git push",
            "'git' \"push\" origin",
            "GIT_DIR=x git push",
            "bash -lc 'cd x && git push'",
            "sh -c \"bash -c 'git push'\"",
            "echo $(git push)",
            "echo `git push`",
            "(git push)",
            "g\\it push",
            "env -i A=b git push",
            "sudo -u me /usr/bin/git push",
            "timeout 5 git push",
            "ls | xargs git push",
        ] {
            assert!(pushes(command), "{command}");
        }
        for command in ["git status", "git pushy", "echo git-push", "git", "", "ls 'my git' push"] {
            assert!(!pushes(command), "{command}");
        }
    }

    #[test]
    fn where_nobody_is_there_stop_goes_before_deny() {
        let tool = |headless| approval(ApprovalWhen::Tool("Web*".into()), headless);
        let approvals = [tool(Headless::Deny), tool(Headless::Stop)];
        let act = Act::Tool { name: "WebFetch".into(), input: String::new() };
        assert_eq!(judge(&approvals, &act, &[], true), Ruling::Person(&approvals[0]));
        assert_eq!(judge(&approvals, &act, &[], false), Ruling::Stop(&approvals[1]));
        assert_eq!(judge(&approvals[..1], &act, &[], false), Ruling::Deny(&approvals[0]));
        let path = [approval(ApprovalWhen::Path("/ci/**".into()), Headless::Deny)];
        let write = Act::Write(vec!["ci/run".into()]);
        assert_eq!(judge(&path, &write, &["/ci/**".into()], true), Ruling::Person(&path[0]));
        assert_eq!(judge(&path, &write, &[], true), Ruling::Free);
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ab", false),
            ("*", "", true),
            ("a*b*c", "axbxc", true),
            ("ab", "abc", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(text_matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
