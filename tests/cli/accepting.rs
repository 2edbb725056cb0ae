//! `evident baseline write` for screens: the owner takes screens as the expected ones, and nobody else does.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::pictures::{about, blank, home, moved};
use crate::workspace::{Run, Workspace, run};

const HEAD: &str = "version = 1\n[goal]\nname = \"screens\"\nobjective = \"Every screen looks as before.\"\n";

/// Expected screens of the start, and a tool that makes the actual ones.
const SOURCES: &str = "[evidence.before]\nfiles = [\"screens/*.png\"]\nat = \"base\"\n\
     [evidence.now]\nrun = [\"sh\", \"-c\", \"cp pages/* {out}\"]\nat = \"snapshot\"\n";

const LOOKS: &str =
    "[criteria.looks]\nchecker = \"screenshot\"\nevidence = { expected = \"before\", actual = \"now\" }\n";

const ACCEPT: [&str; 6] = ["baseline", "write", "looks", "--from", "work", "--accept"];

/// Two pages, each with its expected screen.
fn shop() -> Workspace {
    let workspace = Workspace::new(&format!("{HEAD}{SOURCES}{LOOKS}"));
    for folder in ["pages", "screens"] {
        workspace.write(&format!("{folder}/home.png"), home());
        workspace.write(&format!("{folder}/about.png"), about());
    }
    workspace
}

/// The same once a check has recorded the start, and the home page looks otherwise since.
fn changed() -> Workspace {
    let workspace = shop();
    assert_eq!(workspace.check().0.exit, 0);
    workspace.write("pages/home.png", moved());
    assert_eq!(workspace.check().0.exit, 1);
    workspace
}

fn accept(workspace: &Workspace, names: &[&str]) -> Run {
    workspace.run(ACCEPT.iter().chain(names))
}

fn bytes(workspace: &Workspace, name: &str) -> Vec<u8> {
    fs::read(workspace.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn committed(workspace: &Workspace) {
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=start"],
    ] {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(workspace.folder()).env("HOME", workspace.outside("home"));
        assert!(git.status().expect("git is installed").success(), "{arguments:?}");
    }
}

/// Catches an acceptance that writes other screens too, other bytes, or that counts before the owner moved the start.
#[test]
fn what_the_owner_accepts_is_expected_from_then_on() {
    let workspace = changed();
    workspace.golden("baseline-screens", &[&ACCEPT[..], &["home"]].concat());
    let changed = workspace.path("screens/home.png");
    assert_eq!(
        (bytes(&workspace, "screens/home.png"), bytes(&workspace, "screens/about.png")),
        (moved(), about())
    );
    assert_eq!(workspace.check().0.exit, 1, "the contract reads the start, whatever lies in the workspace");
    fs::write(&changed, home()).expect("is ours");
    let accepted = accept(&workspace, &["home"]);
    let command = accepted.stdout.lines().find_map(|line| line.trim().strip_prefix("evident "));
    let command = command.unwrap_or_else(|| panic!("no command to copy: {accepted:#?}"));
    assert_eq!(command, "accept-change /screens/home.png");
    assert_eq!(workspace.run(command.split(' ')).exit, 0);
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    let again = accept(&workspace, &["home", "about"]);
    assert!(again.stdout.contains("screens/about.png  as it was"), "{again:#?}");
}

/// Catches a name that is guessed, and a part that is written where another part is refused.
#[test]
fn a_name_that_no_screen_has() {
    let workspace = changed();
    workspace.golden("baseline-screens-unknown", &[&ACCEPT[..], &["home", "cart"]].concat());
    let near = accept(&workspace, &["hme"]);
    assert!(near.stderr.contains("did you mean `home`?"), "{near:#?}");
    assert_eq!(bytes(&workspace, "screens/home.png"), home());
}

/// Catches an agent that makes its own work the expected one.
#[test]
fn an_agent_accepts_nothing() {
    let workspace = changed();
    let mut command = workspace.command(ACCEPT.iter().chain(&["home"]));
    let refused = run(command.env("EVIDENT_DRIVER", "1"));
    assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""), "{refused:#?}");
    assert!(refused.stderr.contains("it comes from a process that a driver started"), "{refused:#?}");
    assert_eq!(bytes(&workspace, "screens/home.png"), home());
}

/// Catches a screen that is accepted because of its name alone: a page of text, half a picture, one that shows nothing.
#[test]
fn what_is_not_a_picture_of_anything_is_not_accepted() {
    let workspace = changed();
    let whole = moved();
    for (broken, why) in [
        (b"<html>502</html>".to_vec(), "home.png"),
        (whole[..whole.len() / 2].to_vec(), "home.png"),
        (blank(), "one colour"),
    ] {
        workspace.write("pages/home.png", broken);
        let refused = accept(&workspace, &["about", "home"]);
        assert_eq!((refused.exit, refused.stdout.as_str()), (3, ""), "{refused:#?}");
        assert!(refused.stderr.starts_with("no screen was written: "), "{refused:#?}");
        assert!(refused.stderr.contains(why), "{refused:#?}");
        assert_eq!(bytes(&workspace, "screens/home.png"), home());
    }
    // A broken one that is not named keeps no other back.
    assert_eq!(accept(&workspace, &["about"]).exit, 0);
    let allowed = format!("{HEAD}{SOURCES}{LOOKS}config = {{ blank = \"allow\" }}\n");
    workspace.write("goal.toml", allowed);
    assert_eq!(accept(&workspace, &["home"]).exit, 0);
    assert_eq!(bytes(&workspace, "screens/home.png"), blank());
}

/// Catches screens of the work where those of the base were asked for.
#[test]
fn all_screens_of_the_base() {
    let workspace = shop();
    workspace.write("goal.toml", format!("{HEAD}base = \"HEAD\"\n{SOURCES}{LOOKS}"));
    for name in ["home", "about"] {
        workspace.remove(&format!("screens/{name}.png"));
    }
    committed(&workspace);
    workspace.write("pages/home.png", moved());
    let written = workspace.run(["baseline", "write", "looks"]);
    assert_eq!(written.exit, 0, "{written:#?}");
    assert!(written.stdout.starts_with("wrote 2 screens, collected on the base:\n"), "{written:#?}");
    assert!(written.stdout.contains("put that commit into `[goal] base`"), "{written:#?}");
    assert_eq!(
        (bytes(&workspace, "screens/home.png"), bytes(&workspace, "screens/about.png")),
        (home(), about())
    );
}

/// Catches a first day on which nothing can be written, and a second one on which what is there is replaced unasked.
#[test]
fn without_a_base_only_what_is_new() {
    let workspace = shop();
    workspace.remove("screens/home.png");
    workspace.remove("screens/about.png");
    let first = workspace.run(["baseline", "write", "looks"]);
    assert_eq!(first.exit, 0, "{first:#?}");
    assert!(first.stdout.starts_with("wrote 2 screens, collected on"), "{first:#?}");
    workspace.write("pages/home.png", moved());
    workspace.write("pages/cart.png", about());
    let second = workspace.run(["baseline", "write", "looks"]);
    assert!(second.stdout.contains("  screens/cart.png  new\n"), "{second:#?}");
    assert!(second.stdout.contains("`about` and `home` are there already"), "{second:#?}");
    assert_eq!(
        (bytes(&workspace, "screens/home.png"), bytes(&workspace, "screens/cart.png")),
        (home(), about())
    );
}

/// Catches a folder that is guessed for a new screen.
#[test]
fn a_new_screen_has_a_folder_or_none() {
    let workspace = changed();
    let sources = SOURCES.replace("[\"screens/*.png\"]", "[\"screens/*.png\", \"more/*.png\"]");
    workspace.write("goal.toml", format!("{HEAD}{sources}{LOOKS}"));
    workspace.write("more/faq.png", about());
    assert_eq!(workspace.run(["accept-change", "/more/", "/goal.toml"]).exit, 0);
    workspace.write("pages/cart.png", moved());
    let refused = accept(&workspace, &["cart"]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""), "{refused:#?}");
    assert!(refused.stderr.contains("`--output`; the contract reads `more` and `screens`"), "{refused:#?}");
    let placed = accept(&workspace, &["cart", "--output", "more"]);
    assert_eq!(placed.exit, 0, "{placed:#?}");
    assert_eq!(bytes(&workspace, "more/cart.png"), moved());
}

/// Catches a link of the agent's through which the owner writes elsewhere.
#[test]
fn no_link_leads_the_owner_out_of_the_workspace() {
    let workspace = changed();
    let outside = workspace.outside("elsewhere");
    fs::create_dir(&outside).expect("makes");
    fs::write(outside.join("key"), "mine").expect("writes");
    workspace.remove("screens/home.png");
    symlink(outside.join("key"), workspace.path("screens/home.png")).expect("links");
    assert_eq!(accept(&workspace, &["home"]).exit, 0);
    assert_eq!(fs::read(outside.join("key")).expect("is there"), b"mine");
    assert!(!workspace.path("screens/home.png").is_symlink());
    fs::rename(workspace.path("screens"), workspace.path("screens-before")).expect("is ours");
    symlink(&outside, workspace.path("screens")).expect("links");
    let refused = accept(&workspace, &["home"]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""), "{refused:#?}");
    assert!(refused.stderr.contains("leads out of its folder"), "{refused:#?}");
    assert!(!outside.join("home.png").exists());
}

/// Catches a pin that stands in the contract as if nothing had happened.
#[test]
fn a_pinned_screen_has_a_new_digest() {
    let workspace = Workspace::empty();
    let pin = evident_engine::Blobs::digest(&home()).hex();
    let pinned = format!("[evidence.before]\nfiles = [\"home.png\"]\nsha256 = \"{pin}\"\n");
    let now = "[evidence.now]\nrun = [\"sh\", \"-c\", \"cp pages/home.png {out}\"]\n";
    workspace.write("goal.toml", format!("{HEAD}{pinned}{now}{LOOKS}"));
    workspace.write("home.png", home());
    workspace.write("pages/home.png", moved());
    let accepted = accept(&workspace, &["home"]);
    let digest = evident_engine::Blobs::digest(&moved()).hex();
    assert!(accepted.stdout.contains(&format!("home.png: sha256 = \"{digest}\"")), "{accepted:#?}");
    let text = fs::read_to_string(workspace.path("goal.toml")).expect("is there").replace(&pin, &digest);
    workspace.write("goal.toml", text);
    assert_eq!(workspace.check().0.exit, 0);
}

/// Options that belong to other clauses, or to nothing.
#[test]
fn options_that_make_no_sense_are_told() {
    let workspace = changed();
    let report = "[evidence.suite]\nrun = [\"cat\", \"report.xml\"]\n\
                  [criteria.correct]\nchecker = \"test-report\"\nevidence = \"suite\"\n";
    workspace.write("goal.toml", format!("{HEAD}{SOURCES}{LOOKS}{report}"));
    for (arguments, why) in [
        (&["correct", "--from", "work", "--accept", "home"][..], "`correct` has no screens to accept"),
        (&["looks", "--accept", "home"], "`--accept` takes screens of the work"),
        (&["looks", "--from", "work"], "--accept"),
    ] {
        let refused = workspace.run(["baseline", "write"].iter().chain(arguments));
        assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""), "{refused:#?}");
        assert!(refused.stderr.contains(why), "{refused:#?}");
    }
}
