//! How far codex is let: its own sandbox and when it asks, for what the contract says.
//!
//! It starts nothing. What codex's sandbox is worth is in `docs/agents.md`.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Setup;

/// Codex's own goals. Its agent could set itself one, and codex would begin turns that nobody asked for.
const GOALS: &str = "features.goals";

/// Names the permissions that this host gives, beside those of the user's own config.
const PROFILE: &str = "evident";

/// How codex confines what it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Confinement {
    /// It asks before every command and change, and runs what is allowed without a sandbox; so does it what the
    /// user's own rules allow, without asking.
    ///
    /// A sandbox that lets it write nothing is not a second line here. Codex would run what was allowed in it first,
    /// and outside of it only where it sees at once that the sandbox refused something: a command that takes longer
    /// than some 150 ms stays inside, and fails though it was allowed.
    Asks,
    /// It never asks, and writes in the workspace and in folders for temporary files.
    Workspace,
    /// It never asks, and of the workspace it writes only these folders.
    Folders(Vec<String>),
}

impl Confinement {
    /// What fits a setup. The folders must be there: codex leaves out of its sandbox what is not.
    pub(super) fn of(setup: &Setup) -> Self {
        if setup.asks {
            return Self::Asks;
        }
        let folders: Option<Vec<String>> = setup.write.iter().map(|pattern| folder(pattern)).collect();
        match folders {
            Some(folders)
                if !folders.is_empty()
                    && folders.iter().all(|folder| is_folder(&setup.workspace, folder)) =>
            {
                Self::Folders(folders)
            }
            _ => Self::Workspace,
        }
    }

    /// True if what codex writes is held to the boundary `write` by its sandbox.
    pub(super) fn confines(&self, write: &[String]) -> bool {
        match self {
            Self::Asks => false,
            Self::Workspace => write.is_empty(),
            Self::Folders(_) => true,
        }
    }

    /// The folders of the workspace that codex's sandbox lets it write; the empty name is the workspace.
    pub(super) fn folders(&self) -> Vec<String> {
        match self {
            Self::Asks => Vec::new(),
            Self::Workspace => vec![String::new()],
            Self::Folders(folders) => folders.clone(),
        }
    }

    /// True if codex asks.
    pub(super) fn asks(&self) -> bool {
        *self == Self::Asks
    }

    /// What `thread/start` and `thread/resume` are told. `network` is what the user's own config says of
    /// the network, which a profile would otherwise take away.
    pub(super) fn thread(&self, workspace: &Path, temporary: &Path, network: bool) -> Map<String, Value> {
        let mut config = Map::new();
        config.insert(GOALS.into(), json!(false));
        let mut told = Map::new();
        match self {
            Self::Asks => {
                told.insert("approvalPolicy".into(), json!("untrusted"));
                told.insert("sandbox".into(), json!("danger-full-access"));
            }
            Self::Workspace => {
                told.insert("approvalPolicy".into(), json!("never"));
                told.insert("sandbox".into(), json!("workspace-write"));
            }
            Self::Folders(folders) => {
                told.insert("approvalPolicy".into(), json!("never"));
                config.insert("default_permissions".into(), json!(PROFILE));
                let profile = profile(folders, workspace, temporary, network);
                config.insert("permissions".into(), json!({ PROFILE: profile }));
            }
        }
        told.insert("config".into(), Value::Object(config));
        // Somebody else's reviewer would answer in the host's place.
        told.insert("approvalsReviewer".into(), json!("user"));
        told.insert("cwd".into(), json!(workspace));
        told
    }

    /// The arguments of `codex exec`, which never asks. None where it would have to.
    pub(super) fn arguments(&self, workspace: &Path, temporary: &Path) -> Option<Vec<String>> {
        let mut arguments = vec!["-c".to_string(), format!("{GOALS}=false")];
        match self {
            Self::Asks => return None,
            Self::Workspace => arguments.extend(["--sandbox".into(), "workspace-write".into()]),
            Self::Folders(folders) => {
                let profile = profile(folders, workspace, temporary, false);
                let toml = toml::Value::try_from(&profile).expect("the profile has no null");
                arguments.extend(["-c".into(), format!("default_permissions=\"{PROFILE}\"")]);
                arguments.extend(["-c".into(), format!("permissions.{PROFILE}={}", inline(&toml))]);
            }
        }
        Some(arguments)
    }
}

/// The folder that a pattern allows, and nothing but it: `src/**`, `/src/`, `/src`, `a/b/`. None for every
/// other pattern: files, wildcards, and names that match at any depth.
fn folder(pattern: &str) -> Option<String> {
    let rooted = pattern.strip_prefix('/');
    let path = rooted.unwrap_or(pattern);
    let all = path.strip_suffix("/**");
    let path = all.unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let anchored = rooted.is_some() || all.is_some() || path.contains('/');
    let plain = !path.is_empty() && !path.contains(['*', '?', '[', '\\', '!', '#']);
    let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if anchored && plain && inside { Some(path.to_string()) } else { None }
}

/// True for a folder itself: what a link leads to is not what the pattern means.
fn is_folder(workspace: &Path, folder: &str) -> bool {
    workspace.join(folder).symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// The permissions: read everything, write the folders, and temporary files unless the workspace lies there.
fn profile(folders: &[String], workspace: &Path, temporary: &Path, network: bool) -> Value {
    let mut files = Map::new();
    files.insert(":root".into(), json!("read"));
    for (name, folder) in [(":slash_tmp", Path::new("/tmp")), (":tmpdir", temporary)] {
        if !workspace.starts_with(folder) {
            files.insert(name.into(), json!("write"));
        }
    }
    let roots: Map<String, Value> = folders.iter().map(|folder| (folder.clone(), json!("write"))).collect();
    files.insert(":project_roots".into(), Value::Object(roots));
    json!({ "filesystem": files, "network": { "enabled": network } })
}

/// A value as TOML on one line.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| format!("{} = {}", toml::Value::from(key.as_str()), inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(workspace: &Path, asks: bool, write: &[&str]) -> Setup {
        let write = write.iter().map(|pattern| (*pattern).to_string()).collect();
        Setup { workspace: workspace.to_path_buf(), session: None, asks, write, user: None }
    }

    #[test]
    fn only_whole_folders_can_be_confined_to() {
        for (pattern, expected) in
            [("src/**", "src"), ("/src/", "src"), ("/src", "src"), ("a/b/", "a/b"), ("a/b", "a/b")]
        {
            assert_eq!(folder(pattern).as_deref(), Some(expected), "{pattern}");
        }
        for pattern in
            ["src", "src/", "*.rs", "src/*.rs", "**", "/", "", "../x/**", "a//b/", "!/src/", "a/./b"]
        {
            assert_eq!(folder(pattern), None, "{pattern}");
        }
    }

    /// Claiming a sandbox that lets more through than the boundary would be a lie.
    #[test]
    fn what_is_claimed_is_what_holds() {
        let workspace = tempfile::tempdir().unwrap();
        std::fs::create_dir(workspace.path().join("src")).unwrap();
        std::fs::write(workspace.path().join("file"), "").unwrap();
        let claims = |asks: bool, write: &[&str]| {
            let setup = setup(workspace.path(), asks, write);
            let confinement = Confinement::of(&setup);
            (confinement.confines(&setup.write), confinement)
        };
        assert_eq!(claims(false, &[]), (true, Confinement::Workspace));
        assert_eq!(claims(false, &["src/**"]), (true, Confinement::Folders(vec!["src".into()])));
        assert_eq!(claims(false, &["src/**", "*.md"]), (false, Confinement::Workspace));
        assert_eq!(claims(false, &["/file"]), (false, Confinement::Workspace));
        assert_eq!(claims(false, &["absent/**"]), (false, Confinement::Workspace));
        assert_eq!(claims(true, &["src/**"]), (false, Confinement::Asks));
    }

    #[test]
    fn codex_is_told_in_its_words() {
        let (workspace, temporary) = (Path::new("/home/me/work"), Path::new("/var/tmp"));
        let asks = json!({"approvalPolicy": "untrusted", "sandbox": "danger-full-access", "approvalsReviewer": "user", "config": {"features.goals": false}, "cwd": "/home/me/work"});
        assert_eq!(Value::Object(Confinement::Asks.thread(workspace, temporary, true)), asks);
        let folders = Confinement::Folders(vec!["src".into()]);
        let told = Value::Object(folders.thread(workspace, temporary, true));
        let files = json!({":root": "read", ":slash_tmp": "write", ":tmpdir": "write", ":project_roots": {"src": "write"}});
        assert_eq!(
            told["config"]["permissions"]["evident"],
            json!({"filesystem": files, "network": {"enabled": true}})
        );
        let beside = Value::Object(folders.thread(Path::new("/tmp/work"), temporary, false));
        assert_eq!(beside.pointer("/config/permissions/evident/filesystem/:slash_tmp"), None);
        assert_eq!(Confinement::Asks.arguments(workspace, temporary), None);
        let arguments = folders.arguments(workspace, temporary).unwrap();
        assert_eq!(arguments[..4], ["-c", "features.goals=false", "-c", "default_permissions=\"evident\""]);
        let told: toml::Table = toml::from_str(&arguments[5]).unwrap();
        assert_eq!(
            told["permissions"]["evident"]["filesystem"][":project_roots"]["src"].as_str(),
            Some("write")
        );
    }
}
