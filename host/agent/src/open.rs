//! From what a person typed to a driver: which kind of agent, and how it is set up.

use std::fmt;
use std::path::PathBuf;

use evident_core::agent::{Failure, FailureClass};

use crate::claude::{self, Claude};
use crate::codex::{self, Codex};
use crate::command::{Command, JsonlMapping};
use crate::driver::{Driver, Setup};
use crate::scripted::Scripted;

/// What can be typed, for messages.
const KNOWN: &str =
    "`codex`, `claude`, `script:PATH`, `command` and `command:MAPPING`, the last two with a command line";

/// A kind of agent and what it needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentSpec {
    /// Codex, over its app-server.
    Codex,
    /// Claude Code, over its control protocol.
    Claude,
    /// Turns from a file.
    Script(PathBuf),
    /// Any command.
    Command {
        /// The command line, with places; see [`Command::new`].
        argv: Vec<String>,
        /// How its output is read; see [`JsonlMapping::find`]. Absent where it is plain text.
        mapping: Option<String>,
    },
}

impl AgentSpec {
    /// Reads `codex`, `claude`, `script:PATH`, `command` or `command:MAPPING`; the last two take `argv` as their command line.
    ///
    /// # Errors
    /// [`FailureClass::Setup`], one line that names what can be typed.
    pub fn parse(text: &str, argv: &[String]) -> Result<Self, Failure> {
        let wrong = |message: String| Err(Failure::new(FailureClass::Setup, message));
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        let spec = match (kind, rest) {
            ("codex", None) => Self::Codex,
            ("claude", None) => Self::Claude,
            ("script", Some(path)) if !path.is_empty() => Self::Script(path.into()),
            ("command", Some("")) => return wrong(format!("`{text}` names no mapping; agents are {KNOWN}")),
            ("command", _) if argv.is_empty() => {
                return wrong(format!(
                    "`{text}` needs a command line, as in `{text} -- my-agent {{prompt}}`"
                ));
            }
            ("command", mapping) => {
                return Ok(Self::Command { argv: argv.to_vec(), mapping: mapping.map(str::to_owned) });
            }
            _ => return wrong(format!("there is no agent `{text}`; agents are {KNOWN}")),
        };
        match argv {
            [] => Ok(spec),
            _ => wrong(format!("agent `{text}` takes no command line")),
        }
    }
}

impl AgentSpec {
    /// Its kind, as the log of a goal names it: a conversation belongs to one kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::Claude => "claude",
            Self::Script(_) => "script",
            Self::Command { .. } => "command",
        }
    }
}

impl fmt::Display for AgentSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codex | Self::Claude => formatter.write_str(self.kind()),
            Self::Script(path) => write!(formatter, "script:{}", path.display()),
            Self::Command { mapping: None, .. } => formatter.write_str("command"),
            Self::Command { mapping: Some(mapping), .. } => write!(formatter, "command:{mapping}"),
        }
    }
}

/// The driver of a kind of agent. No agent is started yet.
///
/// # Errors
/// When what the kind needs is not there or not as it should be.
pub fn open(spec: &AgentSpec, setup: &Setup) -> Result<Box<dyn Driver>, Failure> {
    match spec {
        AgentSpec::Codex => Ok(Box::new(Codex::new(setup.clone(), codex::Settings::default()))),
        AgentSpec::Claude => Ok(Box::new(Claude::new(claude::Settings::new("claude"), setup.clone()))),
        AgentSpec::Script(path) => Ok(Box::new(Scripted::open(path, setup)?)),
        AgentSpec::Command { argv, mapping } => {
            let mapping = mapping.as_deref().map(JsonlMapping::find).transpose()?;
            Ok(Box::new(Command::new(argv.clone(), mapping, setup.clone())?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, argv: &[&str]) -> Result<AgentSpec, String> {
        let argv: Vec<_> = argv.iter().map(|&argument| argument.to_owned()).collect();
        AgentSpec::parse(text, &argv).map_err(|failure| failure.message)
    }

    #[test]
    fn what_is_typed_is_read_and_shown_again() {
        let command = |mapping: Option<&str>| AgentSpec::Command {
            argv: vec!["a".into(), "{prompt}".into()],
            mapping: mapping.map(Into::into),
        };
        let argv: &[&str] = &["a", "{prompt}"];
        let cases = [
            ("codex", &[][..], AgentSpec::Codex),
            ("claude", &[][..], AgentSpec::Claude),
            ("script:a:b.toml", &[][..], AgentSpec::Script("a:b.toml".into())),
            ("command", argv, command(None)),
            ("command:opencode", argv, command(Some("opencode"))),
        ];
        for (text, argv, spec) in cases {
            assert_eq!(parse(text, argv), Ok(spec.clone()));
            assert_eq!(spec.to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_an_agent_is_refused_with_what_can() {
        for (text, wanted) in
            [("codx", "there is no agent `codx`; agents are"), ("script", "there is no agent")]
        {
            assert!(parse(text, &[]).is_err_and(|message| message.starts_with(wanted)), "{text}");
        }
        let needs = "`command` needs a command line, as in `command -- my-agent {prompt}`";
        assert_eq!(parse("command", &[]), Err(needs.into()));
        assert!(parse("command:", &["a"]).is_err_and(|message| message.contains("names no mapping")));
        assert_eq!(parse("script:x", &["a"]), Err("agent `script:x` takes no command line".into()));
    }
}
