//! The config of this checker: what may change.
//!
//! Every key is a rule, and without a rule there is nothing to judge. A rule that is there holds for every
//! changed file that it covers; none excuses another.

use evident_checker::Config;
use evident_patterns::Pattern;

/// Upper bound of counts in the config: more than any comparison holds.
const COUNT_MAX: u64 = 1_000_000_000;

/// What every change is by the words of `kinds_denied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Removed,
    Moved,
    Mode,
    Symlink,
    Submodule,
    Binary,
    Special,
}

impl Denied {
    pub(crate) const WORDS: &[(&str, Self)] = &[
        ("removed", Self::Removed),
        ("moved", Self::Moved),
        ("mode", Self::Mode),
        ("symlink", Self::Symlink),
        ("submodule", Self::Submodule),
        ("binary", Self::Binary),
        ("special", Self::Special),
    ];
}

/// How the public API may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Unchanged,
    NoRemovals,
}

/// The config after reading. A rule that is not there is nothing.
#[derive(Debug, Default)]
pub struct Settings {
    /// Only these paths may change; none at all where the list is empty.
    pub(crate) allow: Option<Vec<Pattern>>,
    pub(crate) deny: Vec<Pattern>,
    pub(crate) files_max: Option<u64>,
    pub(crate) lines_max: Option<u64>,
    /// What no added line may contain.
    pub(crate) added: Vec<String>,
    /// Where; every file if nothing.
    pub(crate) added_paths: Option<Vec<Pattern>>,
    pub(crate) kinds_denied: Vec<Denied>,
    pub(crate) api: Option<Api>,
}

/// Declares and reads every key.
pub(crate) fn configure(config: &mut Config) -> Settings {
    let allow = patterns(config, "allow", "only paths that match one of these may change");
    let deny =
        patterns(config, "deny", "paths that match one of these must not change, whatever `allow` says");
    let settings = Settings {
        allow: config.has("allow").then_some(allow),
        deny,
        files_max: config.integer("max_files", "how many files may change", 0..=COUNT_MAX),
        lines_max: config.integer(
            "max_lines",
            "how many lines may be added and removed together",
            0..=COUNT_MAX,
        ),
        added: config.texts("added", "texts that no added line may contain, for example `#[ignore]`"),
        added_paths: {
            let paths = patterns(config, "added_paths", "the files that `added` is about");
            config.has("added_paths").then_some(paths)
        },
        kinds_denied: kinds(config),
        api: config.choice(
            "api",
            "how the items of slot `api` may differ from those of `api-before`; `any` does not judge",
            &[("any", None), ("unchanged", Some(Api::Unchanged)), ("no-removals", Some(Api::NoRemovals))],
            "any",
        ),
    };
    for (key, unit) in [("max_files", "files"), ("max_lines", "lines")] {
        config.unit(key, unit);
        config.absent(key, "no bound");
    }
    config.absent("allow", "every path");
    config.absent("added_paths", "every file");
    tell_nonsense(config, &settings);
    settings
}

/// Reads a list of patterns and tells what is wrong with each.
fn patterns(config: &mut Config, key: &str, title: &str) -> Vec<Pattern> {
    let mut read = Vec::new();
    for (at, text) in config.texts(key, title).iter().enumerate() {
        match Pattern::parse(text) {
            Ok(pattern) => read.push(pattern),
            Err(error) => {
                let message = format!("pattern {} (`{text}`) {}", at + 1, error.problem);
                config.problem(key, message, Some(error.hint));
            }
        }
    }
    read
}

fn kinds(config: &mut Config) -> Vec<Denied> {
    let mut denied = Vec::new();
    let words: Vec<&str> = Denied::WORDS.iter().map(|(word, _)| *word).collect();
    let title = format!("changes of these kinds are not allowed: {}", words.join(", "));
    for word in config.texts("kinds_denied", &title) {
        match Denied::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, kind)) => denied.push(*kind),
            None => {
                let hint = format!("known kinds: {}", words.join(", "));
                config.problem("kinds_denied", format!("unknown kind `{word}`"), Some(hint));
            }
        }
    }
    denied
}

/// What each key alone does not show.
fn tell_nonsense(config: &mut Config, settings: &Settings) {
    let lists = [("deny", settings.deny.is_empty()), ("added", settings.added.is_empty())];
    let is_rule = |key: &str| config.has(key) && !lists.iter().any(|(list, empty)| *list == key && *empty);
    let rules = ["allow", "deny", "max_files", "max_lines", "added"];
    let judges =
        rules.iter().any(|key| is_rule(key)) || !settings.kinds_denied.is_empty() || settings.api.is_some();
    if !judges {
        let has_list = ["deny", "added", "kinds_denied"].iter().any(|key| config.has(key));
        let message =
            if has_list { "a list without entries is not a rule" } else { "expected at least one rule" };
        let hint = "write for example `allow = [\"src/**\"]`, or `deny = [\"tests/**\"]`";
        config.problem("", message, Some(hint.into()));
    }
    // The lines of a binary file are told without zero bytes.
    if settings.added.iter().any(|text| text.trim().is_empty() || text.contains(['\n', '\0'])) {
        let hint = Some("write a part of one line, for example `#[ignore]`".into());
        config.problem("added", "a text is empty, has several lines, or has a zero byte", hint);
    }
    if config.has("added_paths") && settings.added.is_empty() {
        let hint = Some("add `added`, or leave `added_paths` out".into());
        config.problem("added_paths", "it says where, but no `added` says what", hint);
    }
    if settings.added_paths.as_ref().is_some_and(Vec::is_empty) {
        let hint = Some("leave it out to search every file".into());
        config.problem("added_paths", "the list has no pattern, so no file would be searched", hint);
    }
}

#[cfg(test)]
mod tests {
    use evident_checker::testing::validate;

    use crate::Changes;

    /// Catches a config that looks like a gate and gates nothing.
    #[test]
    fn problems_are_told_at_their_key() {
        for (config, pointers) in [
            (r#"{"allow":["src/**"]}"#, &[][..]),
            (r#"{"allow":[]}"#, &[]),
            (r#"{"deny":["/tests"]}"#, &[]),
            (r#"{"max_files":0}"#, &[]),
            (r#"{"max_lines":10}"#, &[]),
            (r##"{"added":["#[ignore]"],"added_paths":["*.rs"]}"##, &[]),
            (r#"{"kinds_denied":["removed","moved","mode","symlink","submodule","binary","special"]}"#, &[]),
            (r#"{"api":"unchanged"}"#, &[]),
            (r"{}", &[""]),
            (r#"{"deny":[]}"#, &[""]),
            (r#"{"added":[]}"#, &[""]),
            (r#"{"kinds_denied":[]}"#, &[""]),
            (r#"{"api":"any"}"#, &[""]),
            (r#"{"allow":["!a"]}"#, &["/allow"]),
            (r#"{"allow":["../a",""]}"#, &["/allow", "/allow"]),
            (r#"{"allow":["a"],"deny":["a\\"]}"#, &["/deny"]),
            (r#"{"allow":"a"}"#, &["/allow"]),
            (r#"{"max_files":-1}"#, &["/max_files"]),
            (r#"{"added":[""]}"#, &["/added"]),
            (r#"{"added":["a\nb"]}"#, &["/added"]),
            (r#"{"added":["a\u0000b"]}"#, &["/added"]),
            (r#"{"added":["a"],"added_paths":[]}"#, &["/added_paths"]),
            (r#"{"allow":["a"],"added_paths":["b"]}"#, &["/added_paths"]),
            (r#"{"max_files":1,"kinds_denied":["deleted"]}"#, &["/kinds_denied"]),
            (r#"{"max_files":1,"api":"same"}"#, &["/api"]),
            (r#"{"allow":["a"],"alow":["b"]}"#, &["/alow"]),
        ] {
            let problems = validate::<Changes>(config);
            let found: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
            assert_eq!(found, pointers, "{config}: {problems:?}");
            let unhinted =
                problems.iter().find(|problem| problem.hint.is_none() && problem.message.contains("pattern"));
            assert_eq!(unhinted, None, "{config}");
        }
    }
}
