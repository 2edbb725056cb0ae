//! Screenshots of Playwright, Cypress and BackstopJS, or in a folder of their own.
//!
//! What a tool calls expected is expected here. A command is proposed only where it is known to give every
//! screen, not those alone that differ.

use super::{node, owned};
use crate::findings::{Git, Making, Screens};
use crate::folder::Folder;
use crate::ignored::{Leftover, is_ignored_folder};
use crate::look::Found;
use crate::text::is_plain;

const PLAYWRIGHT: &[&str] = &[
    "playwright.config.ts",
    "playwright.config.js",
    "playwright.config.mts",
    "playwright.config.mjs",
    "playwright.config.cts",
    "playwright.config.cjs",
];

const CYPRESS: &[&str] =
    &["cypress.config.ts", "cypress.config.js", "cypress.config.mjs", "cypress.config.cjs"];

const BACKSTOP: &str = "backstop.json";

/// Where BackstopJS puts its files unless its config says otherwise.
const REFERENCE: &str = "backstop_data/bitmaps_reference";
const TEST: &str = "backstop_data/bitmaps_test";

/// Names of folders that people keep screenshots in.
const FOLDERS: &[&str] = &["screenshots", "__screenshots__", "screens", "visual-baseline", "visual"];

/// Folders that are named one by one.
const FOLDERS_MAX: usize = 8;

/// Adds the screenshots of the first tool that has any.
pub(crate) fn recognise(folder: &Folder, found: &mut Found) {
    let tools = [playwright, cypress, backstop, plain];
    found.screens = tools.into_iter().find_map(|tool| tool(folder, found));
}

/// Its own comparison hides the screens that are as they were: a config of its own makes it write all of them.
fn playwright(folder: &Folder, found: &mut Found) -> Option<Screens> {
    let config = *PLAYWRIGHT.iter().find(|name| folder.has_file(name))?;
    let folders = with_pictures(folder, found.git, |name| name.ends_with("-snapshots"));
    if folders.is_empty() {
        folder.note(config, "no folder `*-snapshots` with PNG files: no screen is expected yet");
        return None;
    }
    found.because(config, "screens are made by Playwright");
    let made = node::started(folder).map(|(mut run, needs)| {
        found.leftovers.push(Leftover { line: "test-results/", why: "Playwright writes there" });
        let own = config.replacen("playwright", "playwright.screens", 1);
        run.extend(owned(&["playwright", "test", "--reporter=line", "--config", &own]));
        Making {
            remarks: format!(
                "Playwright keeps no screen that is as before. With a config of its own it writes every screen into {{out}},\n\
                 under the name of the expected one. Write `{own}` before you start, and take it\n\
                 into the start with `evident accept-change {own}`:\n\
                 import base from \"./{config}\";\n\
                 const name = \"{{testFilePath}}-snapshots/{{arg}}{{-projectName}}{{-snapshotSuffix}}{{ext}}\";\n\
                 export default {{ ...base, updateSnapshots: \"all\", snapshotPathTemplate: process.env.SCREENS + \"/\" + name }};"
            ),
            run,
            set: vec![("SCREENS", "{out}")],
            exit: "",
            collect: Vec::new(),
            select: Some("**/*.png".into()),
            needs,
        }
    });
    let mut protect = owned(&["playwright.config.*", "playwright.screens.config.*"]);
    protect.extend(folders.iter().map(|folder| format!("/{folder}/")));
    Some(Screens { expected: globs(&folders), made, protect })
}

/// What `cy.screenshot` writes goes where an option says. Plugins that compare remove what they compared.
fn cypress(folder: &Folder, found: &mut Found) -> Option<Screens> {
    let config = *CYPRESS.iter().find(|name| folder.has_file(name))?;
    let compared = with_pictures(folder, found.git, |name| name.starts_with("cypress/snapshots"));
    let written = with_pictures(folder, found.git, |name| name.starts_with("cypress/screenshots"));
    let is_compared = !compared.is_empty();
    let folders = if is_compared { compared } else { written };
    if folders.is_empty() {
        folder.note(config, "no PNG files below `cypress/screenshots`: no screen is expected yet");
        return None;
    }
    found.because(config, "screens are made by Cypress");
    if is_compared {
        folder.note(
            config,
            "a plugin compares its screens and keeps none that is as before: call `cy.screenshot`",
        );
    }
    let made = node::started(folder).filter(|_| !is_compared).map(|(mut run, needs)| {
        let options = "screenshotsFolder={out},screenshotOnRunFailure=false,video=false";
        run.extend(owned(&["cypress", "run", "--config", options]));
        Making {
            remarks: "What `cy.screenshot` writes, each in a folder of its spec.".into(),
            run,
            set: Vec::new(),
            exit: "",
            collect: Vec::new(),
            select: Some("**/*.png".into()),
            needs,
        }
    });
    let mut protect = owned(&["cypress.config.*"]);
    protect.extend(folders.iter().map(|folder| format!("/{folder}/")));
    Some(Screens { expected: globs(&folders), made, protect })
}

/// It leaves every screen in a folder of the moment, and beside it pictures of what differs.
fn backstop(folder: &Folder, found: &mut Found) -> Option<Screens> {
    let config = folder.has_file(BACKSTOP).then(|| folder.json(BACKSTOP))??;
    let path = |key: &str, usual: &str| {
        let path = config["paths"][key].as_str().unwrap_or(usual);
        path.trim_start_matches("./").trim_end_matches('/').to_owned()
    };
    let (reference, test) = (path("bitmaps_reference", REFERENCE), path("bitmaps_test", TEST));
    if !is_plain(&reference) || with_pictures(folder, found.git, |name| name == reference).is_empty() {
        folder.note(BACKSTOP, "no PNG files in `bitmaps_reference`: no screen is expected yet");
        return None;
    }
    found.because(BACKSTOP, "screens are made by BackstopJS");
    let id =
        config["id"].as_str().filter(|id| is_plain(id) && !id.contains('/') && !id.starts_with("failed"));
    // Beside the screens lie pictures of what differs: only by their names can the two be told apart.
    let id = id.filter(|_| test == TEST && config["fileNameTemplate"].is_null());
    if id.is_none() {
        let why = "says no plain `id`, or other names of files: say yourself which files are screens";
        folder.note(BACKSTOP, why);
    }
    let made = node::started(folder).zip(id).map(|((mut run, needs), id)| {
        found.leftovers.extend([
            Leftover { line: "backstop_data/bitmaps_test/", why: "BackstopJS writes there" },
            Leftover { line: "backstop_data/html_report/", why: "BackstopJS writes there" },
        ]);
        run.extend(owned(&["backstop", "test"]));
        Making {
            remarks: "It ends with 1 where its own comparison fails, which says nothing here.".into(),
            run,
            set: Vec::new(),
            exit: "[0, 1]",
            collect: vec![format!("{TEST}/*/*.png")],
            select: Some(format!("{TEST}/*/{id}_*.png")),
            needs,
        }
    });
    let protect = vec![format!("/{BACKSTOP}"), format!("/{reference}/")];
    Some(Screens { expected: globs(&[reference]), made, protect })
}

/// A folder that is named for it.
fn plain(folder: &Folder, found: &mut Found) -> Option<Screens> {
    let is_named = |path: &str| FOLDERS.contains(&path.rsplit('/').next().unwrap_or(path));
    let folders = with_pictures(folder, found.git, is_named);
    let first = folders.first()?.clone();
    found.because(&first, "screens lie there");
    let protect = folders.iter().map(|folder| format!("/{folder}/")).collect();
    Some(Screens { expected: globs(&folders), made: None, protect })
}

/// Folders with plain names that hold PNG files and that git does not ignore, in order: what it ignores is on no
/// tree of before.
fn with_pictures(folder: &Folder, git: Option<Git>, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    for path in folder.files().filter(|path| path.ends_with(".png")) {
        let Some((above, _)) = path.rsplit_once('/') else { continue };
        let is_new = is_plain(above) && is_meant(above) && !folders.iter().any(|known| known == above);
        if is_new && !parents(above).any(|parent| is_ignored_folder(folder, git, parent)) {
            folders.push(above.to_owned());
        }
    }
    folders.truncate(FOLDERS_MAX);
    folders
}

/// A folder and those that it lies in.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

fn globs(folders: &[String]) -> Vec<String> {
    folders.iter().map(|folder| format!("{folder}/*.png")).collect()
}
