//! Members of workspaces: what they need lies above, and no copy of their own folder has it.

use evident_draft::{draft, look};

use crate::made::{Files, repository};

const PACKAGE: &str = "[package]\nname = \"shop\"\n";

/// Catches a member of a workspace whose contract would never pass, or that is said to have no lock file: both lie
/// at the top.
#[test]
fn a_member_runs_in_place_and_names_the_top() {
    let workspaces: &[(Files, &str)] = &[
        (
            &[
                ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
                ("Cargo.lock", ""),
                ("a/Cargo.toml", PACKAGE),
            ],
            "Cargo.toml",
        ),
        (
            &[
                ("package.json", "{\"workspaces\": [\"*\"]}"),
                ("package-lock.json", ""),
                ("a/package.json", r#"{"scripts": {"test": "node --test"}, "dependencies": {"b": "*"}}"#),
            ],
            "package.json",
        ),
        (
            &[
                ("pnpm-workspace.yaml", ""),
                (
                    "a/package.json",
                    r#"{"scripts": {"test": "vitest"}, "dependencies": {"b": "workspace:*"}}"#,
                ),
                ("a/pnpm-lock.yaml", ""),
            ],
            "package.json",
        ),
    ];
    for (files, manifest) in workspaces {
        let top = repository(files);
        let found = look(&top.path().join("a"), &|_| false).expect("is a package");
        let text = draft(&found, None);
        let first: Vec<_> = found.first().iter().map(|first| first.command).collect();
        assert_eq!((text.contains("at = \"snapshot\""), first), (false, vec![]), "{text}");
        assert!(!text.contains("Cargo.lock\"]") && !text.contains("inputs"), "{text}");
        let top = top.path().canonicalize().expect("is there");
        let note = format!("is a member of the workspace in {}: run `evident init` there", top.display());
        let notes = found.notes();
        assert!(notes.iter().any(|one| one.file == *manifest && one.says.starts_with(&note)), "{notes:?}");
    }
}

/// Catches a project beside a workspace that is taken for one of its members: what it needs is its own.
#[test]
fn a_package_with_its_own_lock_file_is_no_member() {
    let files = &[
        ("package.json", "{\"workspaces\": [\"packages/*\"]}"),
        ("a/package.json", r#"{"scripts": {"test": "node --test"}, "dependencies": {"b": "1"}}"#),
        ("a/package-lock.json", ""),
    ];
    let top = repository(files);
    let found = look(&top.path().join("a"), &|_| false).expect("is a package");
    assert_eq!(found.notes(), []);
    assert!(draft(&found, None).contains("prepare = [\"npm\", \"ci\""));
}
