//! Makes the terms of a contract: budget, policy, approvals, wakes, and what the failure of a clause does.
//!
//! Whether a source that a wake names is there, and whether the rules of the policy fit each other, is
//! judged by lint.

use crate::contract::terms::{
    APPROVALS_MAX, ASK_MAX, Approval, ApprovalWhen, AssessWhen, Budget, ClauseTerms, Headless, Iteration,
    NamedWake, OnFail, PROSE_BYTES_MAX, TermPlaces, Terms, WAKE_EVERY_DEFAULT, WAKE_EVERY_MIN, WAKES_MAX,
    Wake, WakeOn, WhenUnknown,
};
use crate::contract::values::show_duration;
use crate::contract::walk::{Table, Value};
use crate::contract::{Clause, ClauseKind, Placed};
use crate::problem::{Problem, Rule, Span};

use super::Builder;

/// The keys that say which acts need a person.
const ACTS: &[&str] = &["command", "path", "tool"];

/// The keys that say what is waited for, beside which `every` says how often to look.
const CONDITIONS: &[&str] = &["at", "files", "pid_file", "source"];

/// The same, and `every` where it is alone.
const CONDITIONS_OR_EVERY: &[&str] = &["at", "every", "files", "pid_file", "source"];

impl Builder<'_> {
    /// The terms of the whole contract, whose clauses are there already.
    pub(super) fn terms(&mut self, root: &Table, clauses: &[Clause]) -> (Terms, TermPlaces) {
        let mut places = TermPlaces::default();
        let goal = root.table("goal");
        let terms = Terms {
            budget: root.table("budget").map(budget).unwrap_or_default(),
            policy: root.table("policy").map(|table| self.policy(table, &mut places)).unwrap_or_default(),
            ask: root.table("stop").map(|table| self.ask(table)).unwrap_or_default(),
            approve: self.approvals(root, &mut places),
            wakes: self.wakes(root, &mut places),
            hold: matches!(goal.and_then(|goal| goal.get("hold")), Some(Value::Boolean(true))),
            assess: match goal.and_then(|goal| word(goal, "assess")) {
                Some("request") => AssessWhen::Request,
                _ => AssessWhen::Turn,
            },
            clauses: clauses.iter().map(|clause| clause_terms(root, clause)).collect(),
            write: patterns(root, "write"),
            protect: patterns(root, "protect"),
        };
        (terms, places)
    }

    fn policy(&mut self, table: &Table, places: &mut TermPlaces) -> Iteration {
        let default = Iteration::default();
        let rule = |name: &str, default: u32, place: &mut Option<Span>| match table.get(name) {
            Some(Value::Whole(turns)) => {
                *place = Some(turns.span.clone());
                turns.value
            }
            _ => default,
        };
        Iteration {
            idle_turns: rule("idle_turns", default.idle_turns, &mut places.idle_turns),
            stall_turns: rule("stall_turns", default.stall_turns, &mut places.stall_turns),
            blocked_turns: rule("blocked_turns", default.blocked_turns, &mut places.blocked_turns),
            note: table.text("note").map(|note| self.prose(note)),
        }
    }

    fn ask(&mut self, table: &Table) -> Vec<String> {
        let texts = table.texts("ask");
        self.bounded(texts.get(ASK_MAX).map(|text| &text.span), ASK_MAX, "texts in `ask`");
        texts.iter().take(ASK_MAX).map(|text| self.prose(text)).collect()
    }

    fn approvals(&mut self, root: &Table, places: &mut TermPlaces) -> Vec<Approval> {
        let tables = root.tables("approve");
        let beyond = tables.get(APPROVALS_MAX).map(|table| &table.span);
        self.bounded(beyond, APPROVALS_MAX, "tables `[[approve]]`");
        tables.iter().take(APPROVALS_MAX).filter_map(|table| self.approval(table, places)).collect()
    }

    fn approval(&mut self, table: &Table, places: &mut TermPlaces) -> Option<Approval> {
        let why = table.text("why").map(|why| self.prose(why));
        let when = table.table("when")?;
        let act = self.only_one("`when`", &when.span, when, ACTS)?;
        let pattern = when.text(act)?;
        let text = self.prose(pattern);
        let when = match act {
            "command" => ApprovalWhen::Command(text),
            "tool" => ApprovalWhen::Tool(text),
            _ => {
                places.approve_paths.push(pattern.clone());
                ApprovalWhen::Path(text)
            }
        };
        let headless = match word(table, "headless") {
            Some("stop") => Headless::Stop,
            _ => Headless::Deny,
        };
        Some(Approval { when, why: why?, headless })
    }

    fn wakes(&mut self, root: &Table, places: &mut TermPlaces) -> Vec<NamedWake> {
        let beyond = root.named("wake").nth(WAKES_MAX).map(|(name, _)| &name.span);
        self.bounded(beyond, WAKES_MAX, "wakes");
        let mut wakes = Vec::new();
        for (name, table) in root.named("wake").take(WAKES_MAX) {
            places.wakes.push(name.clone());
            let wake = self.wake(name, table, places);
            wakes.extend(wake.map(|wake| NamedWake { name: name.value.clone(), wake }));
        }
        wakes
    }

    fn wake(&mut self, name: &Placed<String>, table: &Table, places: &mut TermPlaces) -> Option<Wake> {
        let is_named = CONDITIONS.iter().any(|key| table.has(key));
        let keys = if is_named { CONDITIONS } else { CONDITIONS_OR_EVERY };
        let key = self.only_one(&format!("`wake.{}`", name.value), &name.span, table, keys)?;
        self.wake_times(key, table);
        let on = match key {
            "at" => match table.get("at")? {
                Value::Moment(moment) => WakeOn::At(moment.value),
                _ => return None,
            },
            "files" => {
                let files = table.texts("files");
                self.globs(&files);
                WakeOn::Files(files.into_iter().map(|glob| glob.value).collect())
            }
            "pid_file" => {
                let path = table.text("pid_file")?;
                self.inside(path);
                WakeOn::PidFile(path.value.clone())
            }
            "source" => {
                let source = table.text("source")?;
                places.wake_sources.push(source.clone());
                WakeOn::Source(source.value.clone())
            }
            _ => WakeOn::Every,
        };
        let default = u64::try_from(WAKE_EVERY_DEFAULT.as_millis()).expect("a minute");
        Some(Wake {
            on,
            every_ms: milliseconds(table, "every").unwrap_or(default),
            until_ms: milliseconds(table, "until"),
        })
    }

    /// Refuses times under which a wake would look too often or never.
    fn wake_times(&mut self, key: &str, table: &Table) {
        let every = table.duration("every");
        if key == "at" && table.has("every") {
            let message = "`every` says how often to look, `at` names the moment";
            self.report(Rule::KeyConflict, table.key_span("every"), message);
        }
        if let Some(every) = every.filter(|every| every.value < WAKE_EVERY_MIN) {
            let message = format!("a wake looks at most every {}", show_duration(WAKE_EVERY_MIN));
            self.report(Rule::BadValue, every.span.clone(), message);
        }
        let between = every.map_or(WAKE_EVERY_DEFAULT, |every| every.value);
        let until = table.duration("until").filter(|until| key != "at" && until.value < between);
        // A duration that could not be read is a problem of its own.
        if let Some(until) = until.filter(|_| every.is_some() || !table.has("every")) {
            let message = format!("`until` ends the wait before it looks, every {}", show_duration(between));
            let problem = Problem::new(Rule::KeyConflict, until.span.clone(), message);
            self.problems.push(problem.hint("name a longer `until`, or a shorter `every`"));
        }
    }

    fn prose(&mut self, text: &Placed<String>) -> String {
        if text.value.trim().is_empty() {
            self.report(Rule::BadValue, text.span.clone(), "the text is empty");
        }
        if text.value.len() > PROSE_BYTES_MAX {
            let message = format!("the text has {} bytes, at most {PROSE_BYTES_MAX} fit", text.value.len());
            self.report(Rule::BadValue, text.span.clone(), message);
        }
        text.value.clone()
    }

    /// Reports the first of `what` that is one too many.
    fn bounded(&mut self, beyond: Option<&Span>, most: usize, what: &str) {
        if let Some(span) = beyond {
            let message = format!("the contract has more than {most} {what}");
            let problem = Problem::new(Rule::BadValue, span.clone(), message);
            self.problems.push(problem.hint("everything from here on is not read"));
        }
    }
}

fn budget(table: &Table) -> Budget {
    let count = |name: &str| table.count(name).map(|count| count.value);
    Budget {
        turns: count("turns"),
        tool_calls: count("tool_calls"),
        tokens: count("tokens"),
        wall_ms: milliseconds(table, "wall"),
        turn_wall_ms: milliseconds(table, "turn_wall"),
        cost_microusd: match table.get("cost_usd") {
            Some(Value::Money(money)) => Some(money.value),
            _ => None,
        },
        unknown: match word(table, "unknown") {
            Some("stop") => WhenUnknown::Stop,
            _ => WhenUnknown::Warn,
        },
    }
}

/// The implied constraint of a boundary has no table, so that its failure heads the next prompt.
/// Patterns of the boundary, as they are written.
fn patterns(root: &Table, name: &str) -> Vec<String> {
    let texts = root.table("boundary").map(|boundary| boundary.texts(name));
    texts.unwrap_or_default().into_iter().map(|pattern| pattern.value).collect()
}

fn clause_terms(root: &Table, clause: &Clause) -> ClauseTerms {
    let named = root.table("constraints").filter(|_| clause.kind == ClauseKind::Constraint);
    let table = named.and_then(|named| named.table(&clause.name.value));
    let on_fail = match table.and_then(|table| word(table, "on_fail")) {
        Some("stop") => OnFail::Stop,
        _ => OnFail::Continue,
    };
    ClauseTerms { name: clause.name.value.clone(), kind: clause.kind, on_fail }
}

fn word<'t>(table: &'t Table, name: &str) -> Option<&'t str> {
    table.text(name).map(|word| word.value.as_str())
}

fn milliseconds(table: &Table, name: &str) -> Option<u64> {
    let duration = table.duration(name)?.value;
    Some(u64::try_from(duration.as_millis()).expect("a duration of a contract is at most a year"))
}

#[cfg(test)]
mod tests;
