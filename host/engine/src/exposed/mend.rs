//! What another user can change, and the one command that mends all of it.

use std::path::{Path, PathBuf};

/// Entries that are found at the most: beyond them the command is for whole folders anyway.
const FOUND_MAX: usize = 1000;

/// Entries that a command names one by one.
const NAMED_MAX: usize = 8;

/// What makes an entry its owner's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    /// No other user may write.
    Mode,
    /// It has no access list.
    List,
    /// It is another user's.
    Owner { user: u32, is_link: bool },
}

/// What is wrong with one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exposed {
    pub(super) path: PathBuf,
    pub(super) what: String,
    pub(super) mend: Mend,
    /// The folder of the host that it lies in; absent for such a folder, and for one around it.
    pub(super) below: Option<PathBuf>,
}

/// Everything that is wrong.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Exposed>);

impl Mend {
    /// The command, without paths; a recursive one follows no link.
    fn command(self, is_recursive: bool) -> String {
        match (self, is_recursive) {
            (Self::Mode, false) => "chmod go-w".into(),
            (Self::Mode, true) => "chmod -R go-w".into(),
            (Self::List, false) => "setfacl -b".into(),
            (Self::List, true) => "setfacl -RPb".into(),
            (Self::Owner { user, is_link: false }, false) => format!("chown {user}"),
            (Self::Owner { user, is_link: true }, false) => format!("chown -h {user}"),
            (Self::Owner { user, .. }, true) => format!("chown -hR {user}"),
        }
    }
}

impl Found {
    /// Adds an entry, once: the ways to two folders have a part in common.
    pub(super) fn extend(&mut self, exposed: Option<Exposed>) {
        self.0.extend(exposed.filter(|it| !self.0.contains(it)));
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= FOUND_MAX
    }

    /// One line: what is wrong with the first entry, how many there are, and the command that mends all of them.
    pub(super) fn told(&self) -> Option<String> {
        let first = self.0.first()?;
        let (path, what) = (first.path.display(), &first.what);
        Some(match self.0.len() - 1 {
            0 => format!("`{path}` {what}: `{}` mends it", self.command()),
            more => format!("`{path}` {what}, and {more} more like it: `{}` mends all of it", self.command()),
        })
    }

    fn command(&self) -> String {
        let mut commands: Vec<String> = Vec::new();
        for (at, exposed) in self.0.iter().enumerate() {
            let is_same = |other: &&Exposed| (other.mend, &other.below) == (exposed.mend, &exposed.below);
            if !self.0[..at].iter().any(|other| is_same(&other)) {
                let paths: Vec<&Path> =
                    self.0.iter().filter(is_same).map(|other| other.path.as_path()).collect();
                commands.push(match &exposed.below {
                    Some(folder) if paths.len() > NAMED_MAX => {
                        format!("{} {}", exposed.mend.command(true), quoted(folder))
                    }
                    _ => {
                        let paths: Vec<String> = paths.into_iter().map(quoted).collect();
                        format!("{} {}", exposed.mend.command(false), paths.join(" "))
                    }
                });
            }
        }
        commands.join(" && ")
    }

    #[cfg(test)]
    pub(super) fn into_paths(self) -> Vec<PathBuf> {
        self.0.into_iter().map(|exposed| exposed.path).collect()
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@,:".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(entries: &[(&str, Mend, Option<&str>)]) -> Found {
        let mut found = Found::default();
        for (path, mend, below) in entries {
            let below = below.map(PathBuf::from);
            found.extend(Some(Exposed { path: path.into(), what: "is".into(), mend: *mend, below }));
        }
        found
    }

    #[test]
    fn the_command_that_mends_is_one_for_a_shell() {
        assert_eq!(found(&[]).told(), None);
        let one = found(&[("/a b/it's", Mend::Mode, None)]);
        assert_eq!(one.told().as_deref(), Some(r"`/a b/it's` is: `chmod go-w '/a b/it'\''s'` mends it"));
    }

    /// Catches an owner who is told of one file after the other.
    #[test]
    fn one_command_mends_all_of_it() {
        let owner = Mend::Owner { user: 7, is_link: false };
        let way = [("/s", Mend::Mode, None), ("/c", Mend::Mode, None), ("/s", Mend::Mode, None)];
        let below = [("/s/a", owner, Some("/s")), ("/s/b", owner, Some("/s"))];
        let some = found(&[&way[..], &below[..]].concat());
        assert_eq!(
            some.told().as_deref(),
            Some("`/s` is, and 3 more like it: `chmod go-w /s /c && chown 7 /s/a /s/b` mends all of it")
        );
        let names: Vec<String> = (0..=NAMED_MAX).map(|number| format!("/s/{number}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), Mend::Mode, Some("/s"))).collect();
        assert_eq!(
            found(&[&[("/", Mend::Mode, None)], &many[..]].concat()).command(),
            "chmod go-w / && chmod -R go-w /s"
        );
    }
}
