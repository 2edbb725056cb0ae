//! The help of every command: what a person reads first.

use crate::workspace::Workspace;

#[test]
fn help() {
    Workspace::empty().golden("help", &["--help"]);
}

#[test]
fn version() {
    Workspace::empty().golden("version", &["--version"]);
}

/// Asking wrongly is a usage error, but it is answered with the help.
#[test]
fn no_command() {
    Workspace::empty().golden("no-command", &[] as &[&str]);
}

#[test]
fn help_of_check() {
    Workspace::empty().golden("help-check", &["check", "--help"]);
}

#[test]
fn help_of_lint() {
    Workspace::empty().golden("help-lint", &["lint", "--help"]);
}

#[test]
fn help_of_explain() {
    Workspace::empty().golden("help-explain", &["explain", "--help"]);
}

#[test]
fn help_of_checker() {
    Workspace::empty().golden("help-checker", &["checker", "--help"]);
    Workspace::empty().golden("help-checker-list", &["checker", "list", "--help"]);
    Workspace::empty().golden("help-checker-inspect", &["checker", "inspect", "--help"]);
    Workspace::empty().golden("help-checker-build", &["checker", "build", "--help"]);
}

#[test]
fn help_of_schema() {
    Workspace::empty().golden("help-schema", &["schema", "--help"]);
}

#[test]
fn help_of_completions() {
    Workspace::empty().golden("help-completions", &["completions", "--help"]);
}
