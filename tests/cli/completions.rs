//! `evident completions`: a script for each shell, which its shell can read.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::workspace::Workspace;

/// Each shell and a word that its script must have.
const SHELLS: &[(&str, &str)] = &[
    ("bash", "complete -F _evident"),
    ("elvish", "edit:completion:arg-completer[evident]"),
    ("fish", "complete -c evident"),
    ("powershell", "Register-ArgumentCompleter"),
    ("zsh", "#compdef evident"),
];

#[test]
fn every_shell_has_a_script() {
    let workspace = Workspace::empty();
    for (shell, word) in SHELLS {
        let run = workspace.run(["completions", shell]);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{shell}");
        assert!(run.stdout.contains(word), "{shell}: {}", run.stdout);
        for command in ["check", "lint", "explain", "checker", "schema"] {
            assert!(run.stdout.contains(command), "{shell} does not know `{command}`");
        }
    }
}

/// A script that its shell refuses helps nobody. bash is the one that is everywhere.
#[test]
fn bash_reads_its_script() {
    let script = Workspace::empty().run(["completions", "bash"]).stdout;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().expect("bash is installed");
    bash.stdin.take().expect("is piped").write_all(script.as_bytes()).expect("bash reads");
    assert!(bash.wait().expect("ends").success());
}

#[test]
fn an_unknown_shell() {
    Workspace::empty().golden("completions-unknown", &["completions", "tcsh"]);
}
