//! The part of a draft that compares screens: the expected ones of the base with those that a tool makes.
//!
//! Where nobody but a person knows how they are made, the same text stands as a comment.

use crate::draft::{EDIT_COMMAND, at_snapshot, inline};
use crate::findings::{Findings, Making, Needs, Screens};
use crate::text::{Text, list, quoted};

/// Time in which all screens are made, the build included.
const TIMEOUT: &str = "15m";

/// Adds the two sources and their criterion, or says how to write them; nothing where there are no screens.
pub(crate) fn sources_and_criterion(text: &mut Text, findings: &Findings) {
    match &findings.screens {
        Some(Screens { expected, made: Some(making), .. }) => compared(text, expected, making),
        Some(Screens { expected, made: None, .. }) => explained(text, expected),
        None => {}
    }
}

fn compared(text: &mut Text, expected: &[String], making: &Making) {
    let keys = [("files", list(expected)), ("at", quoted("base"))];
    let comment = "The screens as they were, read on the tree of before. Where they come from another machine, fonts may\n\
                   differ: `evident baseline write looks --from work --accept NAME...` takes those of this one.";
    text.table(comment, "evidence.screens-before", &keys);
    let mut keys =
        vec![("run", format!("{}{EDIT_COMMAND}", list(&making.run))), ("timeout", quoted(TIMEOUT))];
    if let Some(environment) = environment(making) {
        keys.push(("env", environment));
    }
    if !making.exit.is_empty() {
        keys.push(("exit", making.exit.to_owned()));
    }
    if !making.collect.is_empty() {
        keys.push(("collect", list(&making.collect)));
    }
    keys.extend(at_snapshot(&making.needs));
    let comment = format!("The screens as they are now, made by the host.\n{}", making.remarks);
    text.table(&comment, "evidence.screens", &keys);
    let select = making.select.as_ref().map(|select| format!("/{select}")).unwrap_or_default();
    let slots = format!(
        "{{ expected = {}, actual = {} }}",
        quoted("screens-before"),
        quoted(&format!("screens{select}"))
    );
    let keys = [("checker", quoted("screenshot")), ("evidence", slots)];
    let comment = "Every screen looks as before, noise of rendering apart. What moves by itself, such as a clock, is left out\n\
                   with `config = { ignore = [\"home: 10, 10, 80, 20\"] }`.";
    text.table(comment, "criteria.looks", &keys);
}

fn environment(making: &Making) -> Option<String> {
    let mut parts = Vec::new();
    if !making.needs.pass.is_empty() {
        parts.push(format!("pass = {}", inline(&making.needs.pass)));
    }
    if !making.set.is_empty() {
        let set: Vec<String> =
            making.set.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        parts.push(format!("set = {{ {} }}", set.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("{{ {} }}", parts.join(", ")))
}

/// The same as a comment, with a word for the command.
fn explained(text: &mut Text, expected: &[String]) {
    let making = Making {
        remarks: "COMMAND writes every screen into {out}, under the name of the expected one.".into(),
        run: vec!["COMMAND".into(), "{out}".into()],
        set: Vec::new(),
        exit: "",
        collect: Vec::new(),
        select: Some("**/*.png".into()),
        needs: Needs::default(),
    };
    let mut example = Text::default();
    compared(&mut example, expected, &making);
    text.0.push('\n');
    text.comment(
        "There are screens, and nothing says how all of them are made, so that none is compared yet. Put the command in\n\
         place of COMMAND and take the comment signs away. Where only a person makes them, `files = [\"FOLDER/*.png\"]`\n\
         instead of `run` reads what lies there; then it is asserted that they look as before, not proven.",
    );
    text.comment(&example.0);
}
