//! The user that an agent runs as, where it is not the host's own.
//!
//! Read from `/etc/passwd` alone: what a directory service knows needs code that this room may not run.

use std::fs;
use std::path::PathBuf;

use evident_core::agent::{Failure, FailureClass};

/// Where the users of this machine stand.
const PASSWD: &str = "/etc/passwd";

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) home: PathBuf,
}

/// The user of that name; [`FailureClass::Setup`] where there is none, or where the host may not become it.
pub(super) fn look_up(name: &str) -> Result<User, Failure> {
    let setup = |message: String| Failure::new(FailureClass::Setup, message);
    let text = fs::read_to_string(PASSWD)
        .map_err(|error| setup(format!("cannot look up user `{name}` in `{PASSWD}`: {error}")))?;
    let user = find(&text, name).ok_or_else(|| setup(format!("there is no user `{name}` in `{PASSWD}`")))?;
    let own = rustix::process::geteuid();
    // The level of another user is told only where there is one.
    if user.uid == own.as_raw() || user.uid == rustix::process::getuid().as_raw() {
        return Err(setup(format!("`{name}` is the user that runs evident, and no other one")));
    }
    if !own.is_root() {
        return Err(setup(format!("only root can run an agent as user `{name}`")));
    }
    Ok(user)
}

/// The line `NAME:PASSWORD:UID:GID:COMMENT:HOME:SHELL` of a name.
fn find(text: &str, name: &str) -> Option<User> {
    let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let user = |fields: Vec<&str>| {
        let [own, _, uid, gid, _, home, ..] = fields.as_slice() else { return None };
        let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
        (*own == name).then(|| User { name: name.into(), uid, gid, home: home.into() })
    };
    fields.filter_map(user).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let text = "root:x:0:0:root:/root:/bin/sh\n+broken\nagent2:x:5:6::/a2:/bin/sh\nagent:x:7:8:a b:/home/a:/bin/sh\n";
        let agent = User { name: "agent".into(), uid: 7, gid: 8, home: "/home/a".into() };
        assert_eq!(find(text, "agent"), Some(agent));
        assert_eq!((find(text, "agen"), find(text, "")), (None, None));
    }

    #[test]
    fn a_missing_user_is_a_matter_of_setup() {
        let failure = look_up("nobody-of-that-name").expect_err("is not there");
        assert_eq!(failure.class, FailureClass::Setup);
        assert_eq!(failure.message, "there is no user `nobody-of-that-name` in `/etc/passwd`");
    }

    /// Catches a level that is told and not there.
    #[test]
    fn the_hosts_own_user_is_no_other_user() {
        let text = fs::read_to_string(PASSWD).expect("can be read");
        let own = rustix::process::geteuid().as_raw().to_string();
        let line = text.lines().find(|line| line.split(':').nth(2) == Some(&own)).expect("we are somebody");
        let name = line.split(':').next().expect("has a name");
        let failure = look_up(name).expect_err("is ourselves");
        assert_eq!(failure.class, FailureClass::Setup);
        assert_eq!(failure.message, format!("`{name}` is the user that runs evident, and no other one"));
    }
}
