//! Lies about screens, each end to end through the binary: what an agent could do to a picture, to what it is compared
//! with, or to what of it counts.

use std::fs;

use crate::pictures::{HEIGHT, INK, WIDTH, about, home, moved, picture, pixel, screen};
use crate::workspace::{Workspace, clause, verdict};

const HEAD: &str = "version = 1\n[goal]\nname = \"screens\"\nobjective = \"Every screen looks as before.\"\n";

const BEFORE: &str = "[evidence.before]\nfiles = [\"screens/*.png\"]\nat = \"base\"\n";

const NOW: &str = "[evidence.now]\nrun = [\"sh\", \"-c\", \"cp pages/*.png {out}\"]\nat = \"snapshot\"\n";

fn looks(config: &str) -> String {
    format!(
        "[criteria.looks]\nchecker = \"screenshot\"\n\
         evidence = {{ expected = \"before\", actual = \"now\" }}\nconfig = {{ {config} }}\n"
    )
}

/// A page whose screen is as expected, once the start is recorded.
fn shop(contract: &str) -> Workspace {
    let workspace = Workspace::new(contract);
    workspace.write("screens/home.png", home());
    workspace.write("pages/home.png", home());
    assert_eq!(workspace.check().0.exit, 0);
    workspace
}

fn judged(config: &str, actual: &[u8]) -> String {
    let workspace = shop(&format!("{HEAD}{BEFORE}{NOW}{}", looks(config)));
    workspace.write("pages/home.png", actual);
    verdict(&workspace.check().1, "looks")
}

fn rules(workspace: &Workspace) -> Vec<String> {
    let assessment = workspace.check().1;
    let findings = clause(&assessment, "looks")["outcome"]["findings"].as_array().expect("a list").clone();
    findings.iter().map(|finding| finding["rule"].as_str().expect("a text").to_owned()).collect()
}

/// The lie: the expected screen is made to look like the broken page.
#[test]
fn an_expected_screen_that_the_agent_overwrites() {
    let workspace = shop(&format!("{HEAD}{BEFORE}{NOW}{}", looks("")));
    workspace.write("pages/home.png", moved());
    workspace.write("screens/home.png", moved());
    assert_eq!(verdict(&workspace.check().1, "looks"), "fail", "it is read as it was at the start");
    workspace.remove("screens/home.png");
    assert_eq!(verdict(&workspace.check().1, "looks"), "fail");
    let pin = evident_engine::Blobs::digest(&home());
    let pinned = BEFORE.replace("at = \"base\"", &format!("sha256 = \"{}\"", pin.hex())).replace('*', "home");
    let workspace = shop(&format!("{HEAD}{pinned}{NOW}{}", looks("")));
    workspace.write("pages/home.png", moved());
    workspace.write("screens/home.png", moved());
    assert_eq!(verdict(&workspace.check().1, "looks"), "stale");
    let open = BEFORE.replace("at = \"base\"\n", "");
    let workspace = Workspace::new(&format!("{HEAD}{open}{NOW}{}", looks("")));
    let refused = workspace.run(["lint"]);
    assert_eq!(refused.exit, 2, "nothing keeps the agent from these: {refused:#?}");
    assert!(refused.stderr.contains("`expected`"), "{refused:#?}");
}

/// The lie: a mask, or areas of the config, under which nothing is left to compare.
#[test]
fn a_mask_over_everything() {
    assert_eq!(judged("ignore = [\"0, 84, 100%, 36\"]", &moved()), "pass", "what is left is as before");
    let masked = format!(
        "{HEAD}{BEFORE}{NOW}[evidence.mask]\nfiles = [\"masks/*.png\"]\nat = \"base\"\n{}",
        looks("")
    )
    .replace("actual = \"now\"", "actual = \"now\", mask = \"mask\"");
    let workspace = Workspace::new(&masked);
    workspace.write("screens/home.png", home());
    workspace.write("pages/home.png", moved());
    workspace.write("masks/home.png", picture(WIDTH, HEIGHT, |_, _| INK));
    assert_eq!(verdict(&workspace.check().1, "looks"), "not-examined");
    let workspace =
        Workspace::new(&format!("{HEAD}{BEFORE}{NOW}{}", looks("ignore = [\"0, 0, 100%, 100%\"]")));
    workspace.write("screens/home.png", home());
    workspace.write("pages/home.png", moved());
    assert_eq!(verdict(&workspace.check().1, "looks"), "not-examined");
    // More than a half is told, and a mask of the agent's is not read.
    assert_eq!(
        rules(&shop(&format!("{HEAD}{BEFORE}{NOW}{}", looks("ignore = [\"0, 0, 60%, 100%\"]")))),
        ["mostly-masked"]
    );
    let open = masked.replace("files = [\"masks/*.png\"]\nat = \"base\"", "files = [\"masks/*.png\"]");
    assert_eq!(Workspace::new(&open).run(["lint"]).exit, 2);
}

/// The lie: the actual screens are copies of the expected ones. Files that lie there prove nothing; only what a command
/// of the contract made does.
#[test]
fn an_actual_screen_that_is_copied_from_the_expected_one() {
    let found = "[evidence.now]\nfiles = [\"pages/*.png\"]\n";
    for (now, asserted) in [(found, true), (NOW, false)] {
        let workspace = shop(&format!("{HEAD}{BEFORE}{now}{}", looks("")));
        let (run, assessment) = workspace.check();
        assert_eq!(
            (run.exit, &clause(&assessment, "looks")["asserted"]),
            (0, &asserted.into()),
            "{assessment:#}"
        );
    }
}

/// The lie: a smaller picture, of which less can differ, under a limit that seems to allow it.
#[test]
fn a_screen_of_another_size() {
    let smaller = picture(WIDTH, HEIGHT - 1, |x, y| pixel([16, 90, 40, 16], [30, 110, 60], x, y));
    assert_eq!(judged("", &smaller), "fail");
    assert_eq!(judged("max_ratio = 1.0", &smaller), "fail");
    assert_eq!(judged("layout = \"compare\"", &smaller), "fail", "a row is missing");
}

/// The lie: the screens are right, and under the wrong names; or one of them was not made.
#[test]
fn a_screen_under_the_name_of_another() {
    let workspace = shop(&format!("{HEAD}{BEFORE}{NOW}{}", looks("")));
    workspace.write("screens/about.png", about());
    workspace.write("pages/about.png", about());
    assert_eq!(workspace.run(["accept-change", "/screens/"]).exit, 0);
    assert_eq!(verdict(&workspace.check().1, "looks"), "pass");
    workspace.write("pages/about.png", home());
    workspace.write("pages/home.png", about());
    assert_eq!(verdict(&workspace.check().1, "looks"), "fail");
    workspace.write("pages/home.png", home());
    workspace.remove("pages/about.png");
    assert_eq!(verdict(&workspace.check().1, "looks"), "fail");
    assert_eq!(rules(&workspace), ["missing-screen"]);
}

/// The lie: pages that failed to load, or pictures of one pixel, are all the same.
#[test]
fn screens_that_show_nothing() {
    for empty in [picture(1, 1, |_, _| INK), picture(WIDTH, HEIGHT, |_, _| INK)] {
        let workspace = Workspace::new(&format!("{HEAD}{BEFORE}{NOW}{}", looks("")));
        workspace.write("screens/home.png", &empty);
        workspace.write("pages/home.png", &empty);
        assert_eq!(verdict(&workspace.check().1, "looks"), "not-examined");
        assert_eq!(judged("", &empty), "fail");
    }
}

/// The lie: a change that keeps below the number of pixels that may differ: it is faint, or it is in one place, or it is
/// spread over the page.
#[test]
fn changes_below_the_limit_of_pixels() {
    let button = |x, y| pixel([16, 90, 40, 16], [30, 110, 60], x, y);
    let faint = picture(WIDTH, HEIGHT, |x, y| {
        let is_panel = (100..150).contains(&x) && (85..110).contains(&y);
        if is_panel { button(x, y).map(|channel| channel.saturating_sub(6)) } else { button(x, y) }
    });
    assert_eq!(judged("", &faint), "fail", "no pixel differs for the metric, and a person sees the panel");
    assert_eq!(judged("max_pixels = 200, faint = \"judge\"", &faint), "fail");
    let spread = picture(WIDTH, HEIGHT, |x, y| if x % 16 == 8 && y % 16 == 4 { INK } else { button(x, y) });
    assert_eq!(judged("", &spread), "fail");
    assert_eq!(judged("max_pixels = 200", &spread), "pass", "the owner said how many may differ");
    let place = screen([16, 90, 40, 20], [30, 110, 60]);
    assert_eq!(judged("max_pixels = 200", &place), "pass");
    assert_eq!(
        judged("max_pixels = 200, max_density = 40", &place),
        "fail",
        "in one place they are a change"
    );
    assert_eq!(judged("max_pixels = 200, max_density = 40", &spread), "pass");
}

/// Catches a report that tells of a difference and not where it can be seen.
#[test]
fn the_report_of_a_goal_names_the_pictures() {
    let terms = "[budget]\nturns = 1\n";
    let workspace = shop(&format!("{HEAD}{BEFORE}{NOW}{}{terms}", looks("")));
    workspace.write("pages/home.png", moved());
    let script = workspace.outside("agent.toml");
    fs::write(&script, "version = 1\n[[turn]]\nsay = \"Done.\"\ntimes = 9\n").expect("writes");
    let agent = format!("script:{}", script.display());
    let run = workspace.run(["run", "--headless", "--no-wait", "--format", "jsonl", "--agent", &agent]);
    assert_eq!(run.exit, 4, "{run:#?}");
    workspace.golden("goal-report-pictures", &["goal", "report"]);
    workspace
        .golden("goal-report-pictures-saved", &["goal", "report", "--save", "out", "--format", "markdown"]);
    let shown = workspace.run(["goal", "show"]);
    assert!(shown.stdout.contains("with home-diff.png, home-side-by-side.png"), "{shown:#?}");
    let saved = fs::read(workspace.path("out/home-diff.png")).expect("was saved");
    assert!(saved.starts_with(b"\x89PNG"));
}
