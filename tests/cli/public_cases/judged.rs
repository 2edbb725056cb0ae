//! Cases that one `evident check` answers: files for a checker, a tree before and after an edit, a contract as it
//! stands. All of a kind share a home, so that a checker is compiled once; each has a workspace of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::Answer;
use super::case::Case;
use crate::workspace::{Workspace, run, verdict};

const HEAD: &str =
    "version = 1\n\n[goal]\nname = \"case\"\nobjective = \"The evidence is judged rightly.\"\n";

/// What lets a case about trees be a contract: a criterion that holds.
const HOLDS: &str = "\n[evidence.suite]\nrun = [\"printf\", \"<testsuite><testcase name='a'/></testsuite>\"]\n\
                     \n[criteria.holds]\nchecker = \"test-report\"\nevidence = \"suite\"\n";

pub(super) fn checkers(cases: &[Case]) -> Vec<Answer> {
    let home = Workspace::empty();
    let answer = |case: &Case| {
        let folder = made(&home, case);
        let mut contract = HEAD.to_owned();
        let mut slots = Vec::new();
        for (slot, files) in &case.files {
            for file in files {
                fs::copy(case.folder.join(file), folder.join(file)).expect("copies");
            }
            contract += &source(case, slot, files, &folder);
            slots.push(format!("{slot} = \"{slot}\""));
        }
        contract += &format!(
            "\n[criteria.correct]\nchecker = \"{}\"\nevidence = {{ {} }}\nconfig = {}\n",
            case.checker,
            slots.join(", "),
            case.config()
        );
        fs::write(folder.join("goal.toml"), contract).expect("writes");
        checked(&home, case)
    };
    cases.iter().map(answer).collect()
}

/// A file is pinned where the slot is trusted, and printed by a command everywhere else.
fn source(case: &Case, slot: &str, files: &[String], folder: &Path) -> String {
    let [file] = files else { panic!("{}: slot `{slot}` takes one file here", case.name) };
    if slot == "baseline" {
        let digest = evident_engine::Blobs::digest(&fs::read(folder.join(file)).expect("was copied")).hex();
        return format!("\n[evidence.{slot}]\nfiles = [\"{file}\"]\nsha256 = \"{digest}\"\n");
    }
    let accepted = case.accept_exit.as_ref().map_or(String::new(), |codes| format!("exit = {codes:?}\n"));
    format!("\n[evidence.{slot}]\nrun = [\"sh\", \"-c\", \"cat {file}; exit {}\"]\n{accepted}", case.exit)
}

pub(super) fn trees(cases: &[Case]) -> Vec<Answer> {
    let home = Workspace::empty();
    let answer = |case: &Case| {
        let folder = made(&home, case);
        let mut boundary = format!("\n[boundary]\nwrite = {:?}\n", case.write);
        if !case.protect.is_empty() {
            boundary += &format!("protect = {:?}\n", case.protect);
        }
        fs::write(folder.join("goal.toml"), format!("{HEAD}{HOLDS}{boundary}")).expect("writes");
        repository(&folder);
        scripted(&home, case, "start.sh", &folder);
        let before = checked_clause(&home, case, "boundary");
        if before.outcome != "pass" {
            let outcome = format!("{} before any edit", before.outcome);
            return Answer { outcome, ..before };
        }
        scripted(&home, case, "edit.sh", &folder);
        checked_clause(&home, case, "boundary")
    };
    cases.iter().map(answer).collect()
}

pub(super) fn contracts(cases: &[Case]) -> Vec<Answer> {
    let home = Workspace::empty();
    let answer = |case: &Case| {
        let folder = made(&home, case);
        repository(&folder);
        copy(&case.folder.join("ws"), &folder);
        fs::copy(case.folder.join("goal.toml"), folder.join("goal.toml")).expect("copies");
        if case.folder.join("start.sh").exists() {
            scripted(&home, case, "start.sh", &folder);
        }
        checked(&home, case)
    };
    cases.iter().map(answer).collect()
}

/// A repository without a commit: a case whose history matters makes it.
pub(super) fn repository(folder: &Path) {
    let init = Command::new("git").args(["init", "--quiet"]).current_dir(folder).status();
    assert!(init.expect("git is installed").success());
}

/// The workspace of a case. What a script puts beside it stays with the case.
fn made(home: &Workspace, case: &Case) -> PathBuf {
    let folder = home.path(&case.name).join("ws");
    fs::create_dir_all(&folder).expect("makes");
    folder
}

/// Runs a script of the case, with git as somebody who may add a repository of this machine.
fn scripted(home: &Workspace, case: &Case, name: &str, folder: &Path) {
    let mut command = Command::new("sh");
    command.arg(case.folder.join(name)).current_dir(folder).env("HOME", home.outside("home"));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_COUNT", "2");
    command.env("GIT_CONFIG_KEY_0", "protocol.file.allow").env("GIT_CONFIG_VALUE_0", "always");
    command.env("GIT_CONFIG_KEY_1", "init.defaultBranch").env("GIT_CONFIG_VALUE_1", "main");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.org");
    }
    let output = command.output().expect("a shell is there");
    assert!(output.status.success(), "{}: {name}: {}", case.name, String::from_utf8_lossy(&output.stderr));
}

fn checked(home: &Workspace, case: &Case) -> Answer {
    checked_clause(home, case, &case.clause)
}

fn checked_clause(home: &Workspace, case: &Case, clause: &str) -> Answer {
    let contract = format!("{}/ws/goal.toml", case.name);
    let started = Instant::now();
    let run = run(&mut home.command(["check", "--format", "json", &contract]));
    let outcome = match serde_json::from_str::<Value>(&run.stdout) {
        // A reason is a word for inconclusive.
        Ok(assessment) if assessment["clauses"].is_array() => match verdict(&assessment, clause).as_str() {
            decided @ ("pass" | "fail") => decided.to_owned(),
            _ => "inconclusive".into(),
        },
        _ if run.exit == 2 => "refused".into(),
        _ => format!("exit code {}", run.exit),
    };
    let said = format!("{}{}", run.stdout, run.stderr);
    Answer { outcome, said, turns: 0, seconds: started.elapsed().as_secs() }
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("makes");
    for entry in fs::read_dir(from).expect("is there") {
        let entry = entry.expect("is there");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { fs::copy(from, to).map(drop).expect("copies") }
    }
}
