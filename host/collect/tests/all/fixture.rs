//! A workspace in a temporary folder, and short ways to write sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use evident_blobs::Blobs;
use evident_collect::Collector;
use evident_core::contract::{At, Files, Placed, Recipe, Run, Source};
use evident_core::evidence::{Evidence, Timestamp};
use tempfile::TempDir;

/// Far longer than anything here takes: reached only when something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Fixture {
    _folder: TempDir,
    pub(crate) workspace: PathBuf,
    pub(crate) outside: PathBuf,
    pub(crate) scratch: PathBuf,
    pub(crate) blobs: Blobs,
    pub(crate) collector: Collector,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("is there");
        let (workspace, outside, scratch) = (root.join("work"), root.join("outside"), root.join("scratch"));
        fs::create_dir(&workspace).expect("makes");
        fs::create_dir(&outside).expect("makes");
        let blobs = Blobs::open(root.join("blobs")).expect("opens");
        let collector = Collector::new(&workspace, &scratch, blobs.clone(), None).expect("opens");
        Self { _folder: folder, workspace, outside, scratch, blobs, collector }
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.workspace.join(name);
        fs::create_dir_all(path.parent().expect("has one")).expect("makes");
        fs::write(&path, text).expect("writes");
        path
    }

    pub(crate) async fn collect(&self, source: &Source) -> Evidence {
        self.collect_after(source, None).await
    }

    pub(crate) async fn collect_after(&self, source: &Source, after: Option<Timestamp>) -> Evidence {
        self.collector.collect(source, after).await.expect("the host works")
    }

    pub(crate) async fn sh(&self, script: &str) -> Evidence {
        self.collect(&run_source(sh(script))).await
    }

    pub(crate) fn text(&self, evidence: &Evidence, name: &str) -> String {
        let artifact = evidence.artifacts.iter().find(|artifact| artifact.name == name);
        let artifact = artifact.unwrap_or_else(|| panic!("no {name} in {evidence:?}"));
        let (file, _) = self.blobs.read(artifact.digest).expect("is there");
        self.blobs.verify(&file, artifact.digest).expect("is sound");
        fs::read_to_string(self.blobs.path(artifact.digest)).expect("is there")
    }

    /// Nothing that a collection makes for itself may stay.
    pub(crate) fn assert_tidy(&self) {
        assert_eq!(fs::read_dir(&self.scratch).expect("lists").count(), 0, "something stays in scratch");
    }
}

pub(crate) fn placed(text: &str) -> Placed<String> {
    Placed { value: text.to_owned(), span: 0..0 }
}

pub(crate) fn argv(argv: &[&str]) -> Run {
    Run {
        argv: argv.iter().map(|argument| (*argument).to_owned()).collect(),
        timeout: LONG,
        exit: vec![0],
        cwd: ".".to_owned(),
        env_pass: Vec::new(),
        env_set: BTreeMap::new(),
        collect: Vec::new(),
        prepare: None,
        fresh: None,
    }
}

pub(crate) fn sh(script: &str) -> Run {
    argv(&["sh", "-c", script])
}

/// `$0` in the script is the `{out}` folder.
pub(crate) fn sh_out(script: &str) -> Run {
    argv(&["sh", "-c", script, "{out}"])
}

pub(crate) fn files(paths: &[&str]) -> Files {
    let paths = paths.iter().map(|path| placed(path)).collect();
    Files { paths, max_age: None, after: None, sha256: None }
}

pub(crate) fn run_source(run: Run) -> Source {
    source(Recipe::Run(run))
}

pub(crate) fn file_source(files: Files) -> Source {
    source(Recipe::Files(files))
}

fn source(recipe: Recipe) -> Source {
    Source {
        name: placed("s"),
        recipe,
        at: At::Work,
        repeat: 1,
        interleave: None,
        needs: Vec::new(),
        concurrent: false,
        artifact_bytes_max: 1 << 20,
    }
}

pub(crate) fn names(evidence: &Evidence) -> Vec<&str> {
    evidence.artifacts.iter().map(|artifact| artifact.name.as_str()).collect()
}

/// The evidence falls short for `reason`, and the detail names `what`.
#[track_caller]
pub(crate) fn assert_short(evidence: &Evidence, reason: &str, what: &str) {
    let shortfall = evidence.shortfall.as_ref().unwrap_or_else(|| panic!("no shortfall: {evidence:?}"));
    assert_eq!(shortfall.reason.to_string(), reason, "{}", shortfall.detail);
    assert!(shortfall.detail.contains(what), "`{what}` is not in: {}", shortfall.detail);
}

#[track_caller]
pub(crate) fn assert_sound(evidence: &Evidence) {
    assert_eq!(evidence.shortfall, None);
}

/// True while the process runs; one that is dead and not buried does not.
pub(crate) fn is_alive(process: &str) -> bool {
    // Linux: the state stands behind the name, which is in parentheses. Elsewhere `ps` tells it.
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
        return stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'));
    }
    let status = Command::new("ps").args(["-o", "stat=", "-p", process.trim()]).output().expect("ps runs");
    let status = String::from_utf8_lossy(&status.stdout);
    !status.trim().is_empty() && !status.trim().starts_with('Z')
}

/// Waits until the file has a whole line, and gives it.
pub(crate) async fn line_of(path: &Path) -> String {
    tokio::time::timeout(LONG, async {
        loop {
            match fs::read_to_string(path) {
                Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    })
    .await
    .expect("the file is written")
}

pub(crate) fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}
