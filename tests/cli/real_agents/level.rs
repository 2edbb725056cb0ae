//! Level L1 with a real agent: it runs as another user, with a home of that user's own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use serde_json::json;

use super::stage::{makes, shell, stage};
use super::{Agent, with_both};
use crate::agent_user::other_user;
use crate::followed::follow;

with_both! { another_user_does_the_work }

/// Catches an agent that was made another user and cannot work any more, and one that works as its owner.
fn another_user_does_the_work(agent: Agent) {
    let Some((name, number)) = other_user() else { return };
    let mut script = [makes("one"), makes("two"), makes("three")].concat();
    script[0] = shell("echo one >> src/steps; id -u > src/who");
    let Some(stage) = stage(agent, "", &json!(script)) else { return };
    let workspace = &stage.workspace;
    fs::create_dir(workspace.outside("claude")).expect("makes");
    fs::set_permissions(workspace.outside(""), Permissions::from_mode(0o755)).expect("is ours");
    // Its work, and what is its own: settings, a place for its notes.
    for lent in ["here/src", "here/src/steps", "codex", "codex/config.toml", "claude"] {
        chown(workspace.outside(lent), Some(number), None).expect("is root");
    }
    let mut command = stage.run(&["--agent-user", name]);
    command.env("CLAUDE_CONFIG_DIR", workspace.outside("claude"));
    let over = follow(&mut command).over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!(over.report["assurance"], "L1");
    assert_eq!(fs::read_to_string(workspace.path("src/who")).expect("it wrote it"), format!("{number}\n"));
    assert_eq!(fs::metadata(workspace.path("src/who")).expect("is there").uid(), number);
    assert_eq!(stage.left_behind(), Vec::<String>::new());
}
