//! A page about a checker in Markdown: `docs/checkers/` holds those of the built-in ones.
//!
//! The text is the checker's own: it cannot open a tag, a link or a cell of a table.

use std::fmt::Write as _;

use evident_core::descriptor::Descriptor;

use super::described::{Key, example, inconclusive, keys, takes};
use crate::format::{code, inline, longest_run, prose};

pub(super) fn page(descriptor: &Descriptor) -> String {
    let schema = &descriptor.config_schema;
    let id = &descriptor.id;
    let mut text = format!(
        "# {}\n\n{}. Version {}.\n",
        inline(id),
        inline(&descriptor.title),
        inline(&descriptor.version)
    );
    write!(text, "\nThis page is the output of `evident checker inspect {id} --format markdown`.\n")
        .expect("a string");
    let example = example(schema);
    if !example.is_empty() {
        let fence = "`".repeat(longest_run(&example).max(2) + 1);
        write!(text, "\n## A worked criterion\n\n{fence}toml\n{}\n{fence}\n", example.trim_end())
            .expect("a string");
    }
    text += "\n## Slots\n\n| slot | what it holds | what it takes |\n|---|---|---|\n";
    for slot in &descriptor.slots {
        let kinds = slot.media_types.join(", ");
        let takes = takes(slot) + if kinds.is_empty() { "" } else { ": " } + &kinds;
        writeln!(text, "| {} | {} | {} |", code(&slot.name), prose(&slot.title), inline(&takes))
            .expect("a string");
    }
    text += "\n## Config\n\n";
    text += &config(&keys(schema));
    text += "\n## When it is inconclusive\n\n| reason | what leads to it |\n|---|---|\n";
    for (reason, when) in inconclusive(schema) {
        writeln!(text, "| {} | {} |", code(&reason), prose(&when)).expect("a string");
    }
    text
}

fn config(keys: &[Key]) -> String {
    if keys.is_empty() {
        return "It takes none.\n".to_owned();
    }
    let mut text =
        "| key | type | unit | if it is absent | what it sets |\n|---|---|---|---|---|\n".to_owned();
    for key in keys {
        let [unit, default, title] = [&key.unit, &key.default, &key.title].map(|cell| prose(cell));
        writeln!(text, "| {} | {} | {unit} | {default} | {title} |", code(&key.name), inline(&key.kind))
            .expect("a string");
    }
    text
}
