//! Which files mean which screens.

use evident_draft::{Findings, Template, draft};

use crate::made::{Files, findings};

const NODE: (&str, &str) = ("package.json", r#"{"scripts": {"test": "node --test"}}"#);

const PLAYWRIGHT: (&str, &str) = ("playwright.config.js", "");

fn found(files: Files<'_>) -> (String, Findings) {
    let found = findings(&[&[NODE][..], files].concat());
    (draft(&found, Some(Template::Migration)), found)
}

fn notes(found: &Findings) -> String {
    found.notes().iter().map(|note| format!("{}: {}\n", note.file, note.says)).collect()
}

/// Catches a criterion about screens that nobody made, or that no tree of before can have.
#[test]
fn without_expected_screens_nothing_is_proposed() {
    let cases: &[(Files<'_>, &str)] = &[
        (&[], ""),
        (&[PLAYWRIGHT], "playwright.config.js: no folder `*-snapshots`"),
        (&[PLAYWRIGHT, ("a.spec.js-snapshots/notes.txt", "")], "no folder `*-snapshots`"),
        (&[PLAYWRIGHT, ("a b-snapshots/home.png", "")], "no folder `*-snapshots`"),
        (&[PLAYWRIGHT, ("{out}-snapshots/home.png", "")], "no folder `*-snapshots`"),
        (&[("cypress.config.ts", "")], "cypress.config.ts: no PNG files"),
        (
            &[
                ("cypress.config.ts", ""),
                ("cypress/screenshots/home.png", ""),
                (".evident-ignore", "cypress/screenshots/\n"),
            ],
            "cypress.config.ts: no PNG files",
        ),
        (&[("backstop.json", "{}")], "backstop.json: no PNG files"),
        (
            &[("backstop.json", r#"{"paths": {"bitmaps_reference": "../up"}}"#), ("up/home.png", "")],
            "backstop.json: no PNG files",
        ),
        (&[("pictures/home.png", "")], ""),
    ];
    for (files, note) in cases {
        let (text, found) = found(files);
        assert!(!text.contains("screenshot"), "{files:?}: {text}");
        assert!(notes(&found).contains(note), "{files:?}: {}", notes(&found));
    }
}

/// Catches a command that gives only the screens that differ, or pictures that are not screens.
#[test]
fn a_command_is_proposed_where_it_is_known() {
    let reference = ("backstop_data/bitmaps_reference/shop_home.png", "");
    let backstop = |config| [("backstop.json", config), reference];
    let cases: &[(Files<'_>, &[&str])] = &[
        (
            &[PLAYWRIGHT, ("a.spec.js-snapshots/home.png", "")],
            &[
                "    \"playwright.screens.config.js\",\n]  # edit this command",
                r#"files = ["a.spec.js-snapshots/*.png"]"#,
                r#"    "/a.spec.js-snapshots/","#,
            ],
        ),
        (
            &[("cypress.config.js", ""), ("cypress/screenshots/a.cy.js/home.png", "")],
            &[r#"files = ["cypress/screenshots/a.cy.js/*.png"]"#, "screenshotsFolder={out}"],
        ),
        (
            &backstop(r#"{"id": "shop"}"#),
            &[r#"actual = "screens/backstop_data/bitmaps_test/*/shop_*.png""#, "exit    = [0, 1]"],
        ),
        (&backstop("{}"), &["# run     = [\"COMMAND\", \"{out}\"]"]),
        (
            &backstop(r#"{"id": "shop", "fileNameTemplate": "{scenarioLabel}"}"#),
            &["# run     = [\"COMMAND\", \"{out}\"]"],
        ),
        (&backstop(r#"{"id": "*"}"#), &["# run     = [\"COMMAND\", \"{out}\"]"]),
        (
            &[("cypress.config.js", ""), ("cypress/snapshots/home.snap.png", "")],
            &["# run     = [\"COMMAND\", \"{out}\"]"],
        ),
        (&[("visual/home.png", "")], &["# files = [\"visual/*.png\"]"]),
    ];
    for (files, expected) in cases {
        let (text, _) = found(files);
        for part in *expected {
            assert!(text.contains(part), "{files:?}: no {part} in\n{text}");
        }
    }
}

/// Catches what a run of a tool leaves behind as a change of the tree, and screens that another template compares.
#[test]
fn what_tools_write_is_ignored() {
    let (_, found) = found(&[
        ("backstop.json", r#"{"id": "shop"}"#),
        ("backstop_data/bitmaps_reference/shop_home.png", ""),
    ]);
    let lines: Vec<&str> = found.advice().iter().map(|advice| advice.line).collect();
    assert!(lines.contains(&"backstop_data/bitmaps_test/"), "{lines:?}");
    assert!(!draft(&found, None).contains("screenshot"));
}
