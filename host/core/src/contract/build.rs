//! Makes the types of a contract out of the table that the walk read.
//!
//! What the walk reported already is passed over; rules between keys are checked here.

mod terms;

use std::time::Duration;

use super::config::ConfigValue;
use super::prepare::Prepare;
use super::walk::{Table, Value};
use super::{
    At, BOUNDARY, Bindings, Boundary, CLAUSES_MAX, CheckerEntry, Clause, ClauseKind, Contract, Files,
    LimitEntries, Placed, REPEAT_MAX, Recipe, Run, SOURCES_MAX, Selector, Since, Source, Wasi,
};
use crate::defence::Defence;
use crate::digest::Digest;
use crate::problem::{Problem, Rule, Span, listed};

/// Time that a command gets where the contract names none.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(15 * 60);

/// Bytes of one artifact where the contract names none.
const ARTIFACT_BYTES_DEFAULT: u64 = 1 << 30;

/// Bytes of one artifact that a contract can allow.
const ARTIFACT_BYTES_MAX: u64 = 64 << 30;

/// The keys that say how a source collects.
const RECIPES: &[&str] = &["run", "files", "changes"];

/// Keys that belong to some recipes only.
const OWN_KEYS: &[(&str, &[&str])] = &[
    ("timeout", &["run"]),
    ("exit", &["run"]),
    ("cwd", &["run"]),
    ("env", &["run"]),
    ("collect", &["run"]),
    ("repeat", &["run"]),
    ("interleave", &["run"]),
    ("prepare", &["run"]),
    ("prepare_from", &["run"]),
    ("fresh", &["run"]),
    ("at", &["run", "files"]),
    ("max_age", &["files"]),
    ("after", &["files"]),
    ("sha256", &["files"]),
];

/// Builds what can be built and reports what is wrong between keys.
pub(super) fn build(root: &Table, problems: &mut Vec<Problem>) -> Contract {
    let goal = root.table("goal");
    let text =
        |name: &str| goal.and_then(|goal| goal.text(name)).map(|text| text.value.clone()).unwrap_or_default();
    let mut builder = Builder { problems };
    // One more than lint accepts, so that it sees that there are too many; nobody walks over the rest.
    let sources = root.named("evidence").filter_map(|(name, table)| builder.source(name, table));
    let mut sources: Vec<Source> = sources.take(SOURCES_MAX + 1).collect();
    let mut clauses: Vec<Clause> = Vec::new();
    for (kind, key) in [(ClauseKind::Criterion, "criteria"), (ClauseKind::Constraint, "constraints")] {
        let rest = CLAUSES_MAX + 1 - clauses.len();
        clauses.extend(root.named(key).take(rest).map(|(name, table)| builder.clause(kind, name, table)));
    }
    let checkers = root.named("checkers").filter_map(|(name, table)| builder.checker(name, table)).collect();
    let boundary = root.table("boundary");
    if let Some((source, clause)) = boundary.and_then(implied).filter(|_| Defence::Boundary.stands()) {
        builder.reserved(&sources, &clauses);
        sources.push(source);
        clauses.push(clause);
    }
    let (terms, term_places) = builder.terms(root, &clauses);
    Contract {
        name: text("name"),
        objective: text("objective"),
        base: goal.and_then(|goal| goal.text("base")).cloned(),
        boundary: boundary.map_or_else(Boundary::default, |table| Boundary {
            write: table.texts("write"),
            protect: table.texts("protect"),
            inputs: table.texts("inputs"),
        }),
        sources,
        clauses,
        checkers,
        terms,
        term_places,
    }
}

/// The source and the constraint that a boundary implies; one that names only inputs implies none.
fn implied(boundary: &Table) -> Option<(Source, Clause)> {
    let config = ConfigValue::of_lists(
        boundary.span.clone(),
        &[("allow", &boundary.texts("write")), ("deny", &boundary.texts("protect"))],
    );
    if config.json.as_object().is_none_or(serde_json::Map::is_empty) {
        return None;
    }
    let name = Placed { value: BOUNDARY.to_owned(), span: boundary.span.clone() };
    let source = Source {
        name: name.clone(),
        recipe: Recipe::Changes(Since::Start),
        at: At::Work,
        repeat: 1,
        interleave: None,
        needs: Vec::new(),
        concurrent: false,
        artifact_bytes_max: ARTIFACT_BYTES_DEFAULT,
    };
    let selector = Selector { source: BOUNDARY.to_owned(), pattern: None };
    let clause = Clause {
        kind: ClauseKind::Constraint,
        checker: Placed { value: "changes".to_owned(), span: boundary.span.clone() },
        evidence: Bindings::Lone(Placed { value: selector, span: boundary.span.clone() }),
        config,
        name,
    };
    Some((source, clause))
}

struct Builder<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Builder<'_> {
    fn report(&mut self, rule: Rule, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(rule, span, message));
    }

    /// A boundary takes its name among sources and clauses for itself.
    fn reserved(&mut self, sources: &[Source], clauses: &[Clause]) {
        let names =
            sources.iter().map(|source| &source.name).chain(clauses.iter().map(|clause| &clause.name));
        for name in names.filter(|name| name.value == BOUNDARY) {
            let message =
                format!("`{BOUNDARY}` is the name of what `[boundary]` implies; name this one otherwise");
            self.report(Rule::BadName, name.span.clone(), message);
        }
    }

    fn source(&mut self, name: &Placed<String>, table: &Table) -> Option<Source> {
        let own = self.only_one(&format!("`evidence.{}`", name.value), &name.span, table, RECIPES)?;
        for (key, owners) in OWN_KEYS.iter().filter(|(key, owners)| table.has(key) && !owners.contains(&own))
        {
            let message = format!("`{key}` belongs to a source with {}", listed(owners.iter().copied()));
            self.report(Rule::KeyConflict, table.key_span(key), message);
        }
        let recipe = match own {
            "run" => Recipe::Run(self.run(table)),
            "files" => Recipe::Files(self.files(table)),
            _ => Recipe::Changes(match table.text("changes") {
                Some(word) if word.value == Since::Base.word() => Since::Base,
                _ => Since::Start,
            }),
        };
        Some(Source {
            name: name.clone(),
            recipe,
            at: match table.text("at").map(|word| word.value.as_str()) {
                Some("base") => At::Base,
                Some("snapshot") => At::Snapshot,
                _ => At::Work,
            },
            repeat: self.repeat(table),
            interleave: table.text("interleave").cloned(),
            needs: table.texts("needs"),
            concurrent: matches!(table.get("concurrent"), Some(Value::Boolean(true))),
            artifact_bytes_max: self.artifact_bytes(table),
        })
    }

    /// The one of these keys that the table of `whose` has; `place` is where one is missed.
    fn only_one(
        &mut self,
        whose: &str,
        place: &Span,
        table: &Table,
        keys: &[&'static str],
    ) -> Option<&'static str> {
        let mut present = keys.iter().copied().filter(|key| table.has(key));
        let (first, second) = (present.next(), present.next());
        if let (Some(first), Some(second)) = (first, second) {
            let message = format!("{whose} has both `{first}` and `{second}`");
            self.report(Rule::KeyConflict, table.key_span(second), message);
            return None;
        }
        if first.is_none() {
            let message = format!("{whose} has none of {}", listed(keys.iter().copied()));
            self.report(Rule::MissingKey, place.clone(), message);
        }
        first
    }

    fn repeat(&mut self, table: &Table) -> u32 {
        let Some(Value::Count(repeat)) = table.get("repeat") else { return 1 };
        let count = u32::try_from(repeat.value).ok().filter(|count| (1..=REPEAT_MAX).contains(count));
        count.unwrap_or_else(|| {
            let message = format!("a source is collected 1 to {REPEAT_MAX} times");
            self.report(Rule::BadValue, repeat.span.clone(), message);
            1
        })
    }

    fn artifact_bytes(&mut self, table: &Table) -> u64 {
        match table.get("max_bytes") {
            Some(Value::Size(size)) if size.value > ARTIFACT_BYTES_MAX => {
                self.report(Rule::BadValue, size.span.clone(), "an artifact has at most 64 GiB");
                ARTIFACT_BYTES_MAX
            }
            Some(Value::Size(size)) => size.value,
            _ => ARTIFACT_BYTES_DEFAULT,
        }
    }

    fn run(&mut self, table: &Table) -> Run {
        let environment = table.table("env");
        let collect = table.texts("collect");
        self.globs(&collect);
        let cwd = table.text("cwd");
        if let Some(folder) = cwd {
            self.inside(folder);
        }
        Run {
            argv: table.texts("run").into_iter().map(|argument| argument.value).collect(),
            timeout: table.duration("timeout").map_or(TIMEOUT_DEFAULT, |timeout| timeout.value),
            exit: match table.get("exit") {
                Some(Value::ExitCodes(codes)) => codes.clone(),
                _ => vec![0],
            },
            cwd: cwd.map_or_else(|| ".".into(), |cwd| cwd.value.clone()),
            env_pass: environment
                .map(|table| table.texts("pass").into_iter().map(|name| name.value).collect())
                .unwrap_or_default(),
            env_set: match environment.and_then(|table| table.get("set")) {
                Some(Value::TextMap(map)) => map.clone(),
                _ => Default::default(),
            },
            collect,
            prepare: self.prepared(table),
            fresh: match table.get("fresh") {
                Some(Value::Boolean(fresh)) => Some(*fresh),
                _ => None,
            },
        }
    }

    /// What fills a private copy. The workspace is never filled: what is there, the worker may have put there.
    fn prepared(&mut self, table: &Table) -> Option<Prepare> {
        let is_private = matches!(table.text("at"), Some(at) if at.value != "work");
        for key in ["prepare", "fresh"].into_iter().filter(|key| table.has(key) && !is_private) {
            let message = format!("`{key}` belongs to a source with `at = \"snapshot\"` or `\"base\"`");
            let problem = Problem::new(Rule::KeyConflict, table.key_span(key), message);
            self.problems.push(problem.hint("only a private copy holds nothing but what the host put there"));
        }
        let from = table.texts("prepare_from");
        self.globless(&from);
        let argv: Vec<String> = table.texts("prepare").into_iter().map(|word| word.value).collect();
        if argv.is_empty() {
            if table.has("prepare_from") && !table.has("prepare") {
                let message = "`prepare_from` belongs to a source with `prepare`";
                self.report(Rule::KeyConflict, table.key_span("prepare_from"), message);
            }
            return None;
        }
        Some(Prepare { argv, from, span: table.key_span("prepare") })
    }

    /// Refuses each text that leaves the workspace or means several files.
    fn globless(&mut self, texts: &[Placed<String>]) {
        for text in texts {
            self.inside(text);
            if text.value.contains(['*', '?', '[', '{']) {
                self.report(Rule::BadValue, text.span.clone(), "name one file, without a glob");
            }
        }
    }

    fn files(&mut self, table: &Table) -> Files {
        let paths = table.texts("files");
        self.globs(&paths);
        let sha256 = self.digest(table);
        let one_file = paths.len() == 1 && !paths[0].value.contains(['*', '?', '[', '{']);
        if table.has("sha256") && !one_file {
            let message = "`sha256` pins one file; name exactly one, without a glob";
            self.report(Rule::KeyConflict, table.key_span("files"), message);
        }
        Files {
            paths,
            max_age: table.duration("max_age").map(|age| age.value),
            after: table.text("after").cloned(),
            sha256,
        }
    }

    /// Refuses a path that leaves the workspace. Links that leave it are found when it is opened.
    fn inside(&mut self, path: &Placed<String>) {
        let leaves = path.value.starts_with('/') || path.value.split('/').any(|part| part == "..");
        if leaves {
            let message = format!("`{}` leaves the workspace", path.value);
            let hint = "paths are relative to the folder of the contract and stay inside it";
            self.problems.push(Problem::new(Rule::BadValue, path.span.clone(), message).hint(hint));
        }
    }

    /// Refuses each text that leaves the workspace or is not a glob.
    fn globs(&mut self, texts: &[Placed<String>]) {
        for text in texts {
            self.inside(text);
            if globset::Glob::new(&text.value).is_err() {
                self.report(Rule::BadValue, text.span.clone(), format!("`{}` is not a glob", text.value));
            }
        }
    }

    fn clause(&mut self, kind: ClauseKind, name: &Placed<String>, table: &Table) -> Clause {
        let absent = || Placed { value: String::new(), span: table.span.clone() };
        let evidence = match table.get("evidence") {
            Some(Value::Text(text)) => self.selector(text).map_or(Bindings::Unread, Bindings::Lone),
            Some(Value::Slots(slots)) => Bindings::Slots(
                slots
                    .iter()
                    .map(|(slot, texts)| {
                        (slot.clone(), texts.iter().filter_map(|text| self.selector(text)).collect())
                    })
                    .collect(),
            ),
            _ => Bindings::Unread,
        };
        Clause {
            kind,
            name: name.clone(),
            checker: table.text("checker").cloned().unwrap_or_else(absent),
            evidence,
            config: match table.get("config") {
                Some(Value::Config(config)) => config.clone(),
                _ => ConfigValue::empty(name.span.clone()),
            },
        }
    }

    fn selector(&mut self, text: &Placed<String>) -> Option<Placed<Selector>> {
        let (source, pattern) = match text.value.split_once('/') {
            Some((source, pattern)) => (source, Some(pattern)),
            None => (text.value.as_str(), None),
        };
        if let Some(pattern) = pattern
            && (pattern.is_empty() || globset::Glob::new(pattern).is_err())
        {
            self.report(
                Rule::BadValue,
                text.span.clone(),
                format!("`{pattern}` is neither a name nor a glob"),
            );
            return None;
        }
        let value = Selector { source: source.into(), pattern: pattern.map(str::to_owned) };
        Some(Placed { value, span: text.span.clone() })
    }

    fn digest(&mut self, table: &Table) -> Option<Digest> {
        let text = table.text("sha256")?;
        let digest = text.value.parse();
        digest.map_err(|error| self.report(Rule::BadValue, text.span.clone(), format!("{error}"))).ok()
    }

    fn checker(&mut self, name: &Placed<String>, table: &Table) -> Option<CheckerEntry> {
        let path = table.text("path")?;
        self.inside(path);
        let limits = table.table("limits");
        Some(CheckerEntry {
            name: name.clone(),
            path: path.clone(),
            sha256: self.digest(table),
            wasi: match table.text("wasi") {
                Some(word) if word.value == "inert" => Wasi::Inert,
                _ => Wasi::None,
            },
            limits: limits.map(limit_entries).unwrap_or_default(),
        })
    }
}

/// The limits of a table with the keys `fuel`, `memory` and `wall`.
pub(crate) fn limit_entries(table: &Table) -> LimitEntries {
    LimitEntries {
        fuel: table.count("fuel").cloned(),
        memory: match table.get("memory") {
            Some(Value::Size(memory)) => Some(memory.clone()),
            _ => None,
        },
        wall: table.duration("wall").cloned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::contract;

    fn messages(text: &str) -> Vec<String> {
        contract::read(text).problems.into_iter().map(|problem| problem.message).collect()
    }

    /// Catches a path that is refused for what only a glob means.
    #[test]
    fn only_globs_are_read_as_globs() {
        let text = |cwd: &str, collect: &str, files: &str, path: &str| {
            format!(
                "version = 1\n[goal]\nname = \"n\"\nobjective = \"o\"\n\
                 [evidence.a]\nrun = [\"true\"]\ncwd = \"{cwd}\"\ncollect = [\"{collect}\"]\n\
                 [evidence.b]\nfiles = [\"{files}\"]\n[checkers.c]\npath = \"{path}\"\n"
            )
        };
        assert_eq!(messages(&text("a[b", "*.xml", "*.json", "a[b.wasm")), [""; 0]);
        assert_eq!(
            messages(&text(".", "a[b", "c[d", "c.wasm")),
            ["`a[b` is not a glob", "`c[d` is not a glob"]
        );
        let outside = messages(&text("/etc", "../x", "/y", "x/../../z"));
        let expected =
            ["/etc", "../x", "/y", "x/../../z"].map(|path| format!("`{path}` leaves the workspace"));
        assert_eq!(outside, expected);
    }
}
