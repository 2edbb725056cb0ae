//! The environment of an agent: the person's own, less what would tell it that it runs inside another agent.
//!
//! An agent needs HOME, PATH, proxies and keys, and nobody can list all of them; so this names what is left
//! out, unlike the environment of a command that makes evidence.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::user::User;

/// Set to `1` for every agent and what it starts, so that a command of the owner can refuse a caller that
/// descends from a driver.
pub const DRIVER_MARK: &str = "EVIDENT_DRIVER";

/// What agents set for the commands that they run. One that finds them keeps no transcript to resume from,
/// refuses to start, talks to the outer one, or believes to be in its sandbox.
const NESTED: &[&str] = &[
    "CLAUDECODE",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_EXECPATH",
    "CLAUDE_CODE_MESSAGING_SOCKET",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SSE_PORT",
    "CODEX_CI",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "CODEX_THREAD_ID",
    "COPILOT_CLI",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "OPENCODE",
    "OPENCODE_PID",
    "OPENCODE_PROCESS_ROLE",
    "OPENCODE_RUN_ID",
    "QWEN_CODE",
];

/// Folders of the person who started the host, which are wrong, or closed, for another user.
const OF_THE_PERSON: &[&str] = &[
    "MAIL",
    "SUDO_COMMAND",
    "SUDO_GID",
    "SUDO_UID",
    "SUDO_USER",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// What an agent gets: `inherited`, less the names above, with the user's own, `set`, and the mark.
pub(super) fn environment(
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
    user: Option<&User>,
    set: &[(OsString, OsString)],
) -> Vec<(OsString, OsString)> {
    let is_out = |name: &OsStr| {
        let names = |list: &[&str]| list.iter().any(|out| out.as_bytes() == name.as_bytes());
        names(NESTED) || (user.is_some() && names(OF_THE_PERSON))
    };
    let mut all: Vec<_> = inherited.into_iter().filter(|(name, _)| !is_out(name)).collect();
    let mut put = |name: &OsStr, value: &OsStr| {
        all.retain(|(other, _)| other != name);
        all.push((name.to_owned(), value.to_owned()));
    };
    if let Some(user) = user {
        put("HOME".as_ref(), user.home.as_os_str());
        put("USER".as_ref(), user.name.as_ref());
        put("LOGNAME".as_ref(), user.name.as_ref());
    }
    for (name, value) in set {
        put(name, value);
    }
    put(DRIVER_MARK.as_ref(), "1".as_ref());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn the_persons_environment_goes_in_less_what_names_an_outer_agent() {
        let inherited =
            [("PATH", "/bin"), ("CLAUDECODE", "1"), ("OPENAI_API_KEY", "k"), ("EVIDENT_DRIVER", "0")];
        let got = environment(pairs(&inherited), None, &pairs(&[("PATH", "/opt")]));
        assert_eq!(got, pairs(&[("OPENAI_API_KEY", "k"), ("PATH", "/opt"), ("EVIDENT_DRIVER", "1")]));
    }

    #[test]
    fn another_user_gets_its_own_home_and_none_of_the_persons_folders() {
        let user = User { name: "agent".into(), uid: 7, gid: 8, home: "/home/agent".into() };
        let inherited = [("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/home/ann/.config"), ("LANG", "C")];
        let got = environment(pairs(&inherited), Some(&user), &[]);
        let wanted = [
            ("LANG", "C"),
            ("HOME", "/home/agent"),
            ("USER", "agent"),
            ("LOGNAME", "agent"),
            ("EVIDENT_DRIVER", "1"),
        ];
        assert_eq!(got, pairs(&wanted));
    }
}
