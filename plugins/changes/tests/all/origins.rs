//! Who made the evidence: the form of the host's comparison counts from the host alone.

use std::cell::Cell;
use std::rc::Rc;

use evident_changes::Changes;
use evident_checker::testing::check;
use evident_checker::{Artifact, Evidence, Exit, Origin, OriginKind, Reason, Status};

use super::{ANYTHING, Buffer, document, info, made, of_command, of_host, row};

const PATCH: &str = "diff --git a/a b/a\nold mode 100644\nnew mode 100755\n";

fn status(text: &str, origin: Origin) -> (Status, String) {
    let mut evidence = Evidence::new();
    evidence.bind("changes", [made(text.as_bytes(), origin)]);
    let outcome = check::<Changes>(ANYTHING, &evidence).0.expect("no fault");
    (outcome.status, outcome.summary)
}

/// A command can print the form with every digest and figure right; a file can hold it.
#[test]
fn nobody_stands_in_for_the_host() {
    let text = document(&[row("a", "added", "")]);
    assert_eq!(status(&text, of_host()).0, Status::Pass);
    let origins = [
        of_command(),
        Origin { exit: None, ..of_command() },
        Origin { argv: Vec::new(), ..of_command() },
        Origin { argv: Vec::new(), exit: Some(Exit::Signal(9)), ..of_command() },
        Origin { argv: vec![String::new()], ..of_host() },
        Origin { kind: OriginKind::Found, ..of_host() },
    ];
    for origin in origins {
        for text in [&text, &text.replace("\"version\":1", "\"version\":2"), &format!(" {text}")] {
            let (status, summary) = status(text, origin.clone());
            assert_eq!(status, Status::Inconclusive(Reason::Unsupported), "{origin:?}: {summary}");
            let expected = "it is in the form of the host's comparison, and the host did not make it: a command \
                            or a file cannot stand in for the host's comparison; use a source with \
                            `changes = \"start\"`";
            assert_eq!(summary, expected);
        }
    }
}

#[test]
fn a_patch_may_come_from_a_command() {
    assert_eq!(status(PATCH, of_command()).0, Status::Pass);
}

/// An answer that asks for the origin is not used again, so only this form asks.
#[test]
fn only_the_form_of_the_host_asks_for_the_origin() {
    for (text, asks) in
        [(document(&[]), true), (PATCH.into(), false), (r#"{"format":"x","version":1}"#.into(), false)]
    {
        let asked = Rc::new(Cell::new(false));
        let seen = Rc::clone(&asked);
        let origin = move || {
            seen.set(true);
            of_host()
        };
        let facts = info(text.as_bytes());
        let mut evidence = Evidence::new();
        let bytes = Box::new(Buffer(text.clone().into_bytes()));
        evidence.bind("changes", [Artifact::lazy(move || facts, origin, bytes)]);
        check::<Changes>(ANYTHING, &evidence).0.expect("no fault");
        assert_eq!(asked.get(), asks, "{text}");
    }
}
