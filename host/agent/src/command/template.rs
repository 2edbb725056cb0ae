//! The command line of a turn: a template with places for prompt, workspace and session.

use std::ffi::{OsStr, OsString};

/// Where the prompt goes; without it the prompt goes to standard input.
const PROMPT: &str = "{prompt}";

/// Where the folder goes that the agent works in.
const WORKSPACE: &str = "{workspace}";

/// Where the agent's own name for the conversation goes.
const SESSION: &str = "{session}";

/// A command line with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<String>);

impl Template {
    pub(super) fn new(argv: Vec<String>) -> Self {
        Self(argv)
    }

    /// True if an argument takes the prompt.
    pub(super) fn takes_prompt(&self) -> bool {
        self.has(PROMPT)
    }

    /// True if an argument takes the session.
    pub(super) fn takes_session(&self) -> bool {
        self.has(SESSION)
    }

    fn has(&self, place: &str) -> bool {
        self.0.iter().any(|argument| argument.contains(place))
    }

    /// The command line of a turn. What is put in is not looked through for places again. Without a session
    /// an argument that takes one is left out, and the option before it where it is nothing but the place:
    /// `--resume {session}`.
    pub(super) fn fill(&self, prompt: &str, workspace: &OsStr, session: Option<&str>) -> Vec<OsString> {
        let mut filled: Vec<OsString> = Vec::with_capacity(self.0.len());
        for (at, argument) in self.0.iter().enumerate() {
            if session.is_none() && argument.contains(SESSION) {
                let is_option = at > 1 && self.0[at - 1].starts_with('-') && argument == SESSION;
                filled.truncate(filled.len() - usize::from(is_option));
                continue;
            }
            filled.push(replaced(argument, prompt.as_ref(), workspace, session.unwrap_or_default().as_ref()));
        }
        filled
    }
}

fn replaced(argument: &str, prompt: &OsStr, workspace: &OsStr, session: &OsStr) -> OsString {
    let places = [(PROMPT, prompt), (WORKSPACE, workspace), (SESSION, session)];
    let mut filled = OsString::new();
    let mut rest = argument;
    let first = |text: &str| {
        let found = places.iter().filter_map(|(place, value)| Some((text.find(place)?, *place, *value)));
        found.min_by_key(|(at, _, _)| *at)
    };
    while let Some((at, place, value)) = first(rest) {
        filled.push(&rest[..at]);
        filled.push(value);
        rest = &rest[at + place.len()..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(argv: &[&str], prompt: &str, session: Option<&str>) -> Vec<String> {
        let template = Template::new(argv.iter().map(|&argument| argument.to_owned()).collect());
        let filled = template.fill(prompt, "/w".as_ref(), session);
        filled.into_iter().map(|argument| argument.into_string().expect("is text")).collect()
    }

    #[test]
    fn places_are_filled_once() {
        let argv = ["a", "--dir={workspace}:{workspace}", "{prompt}!", "{other}"];
        assert_eq!(
            fill(&argv, "do {workspace} {prompt}", None),
            ["a", "--dir=/w:/w", "do {workspace} {prompt}!", "{other}"]
        );
    }

    #[test]
    fn without_a_session_nothing_speaks_of_one() {
        let argv = ["a", "--resume", "{session}", "-v", "--session={session}", "{prompt}"];
        assert_eq!(fill(&argv, "p", None), ["a", "-v", "p"]);
        assert_eq!(fill(&argv, "p", Some("s")), ["a", "--resume", "s", "-v", "--session=s", "p"]);
        assert_eq!(fill(&["-odd", "{session}"], "p", None), ["-odd"]);
    }
}
