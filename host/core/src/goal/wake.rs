//! Wakes: what a waiting goal waits for, from the contract, from its owner, or from the agent.

use std::time::Duration;

use super::Waiting;
use super::claim::Wait;
use super::continuation::Facts;
use crate::contract::terms::{Terms, WAKE_EVERY_DEFAULT, WAKE_EVERY_MIN, Wake, WakeOn};
use crate::contract::values;

/// The longest wait that an agent can ask for, in milliseconds: a day.
const AGENT_WAIT_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// The longest wait of an agent that says nothing about that, in milliseconds: an hour, after which what it
/// waits for has gone wrong more often than not, and a person can still look at it the same day.
pub const AGENT_WAIT_MS_DEFAULT: u64 = 60 * 60 * 1000;

/// The longest wait that an owner can ask for, in milliseconds: a year, as in a contract.
const OWNER_WAIT_MS_MAX: u64 = 366 * AGENT_WAIT_MS_MAX;

/// The name of the wake that ends `usage-limited`.
pub const USAGE_LIMIT: &str = "usage-limit";

/// The wake of the contract that ends `usage-limited`, where it has one.
#[must_use]
pub fn of_usage_limit(terms: &Terms) -> Option<&Wake> {
    terms.wakes.iter().find(|named| named.name == USAGE_LIMIT).map(|named| &named.wake)
}

/// Milliseconds until the next look at what is waited for.
#[must_use]
pub fn next_look_ms(wake: &Wake, facts: &Facts) -> u64 {
    match &wake.on {
        WakeOn::At(time) => time.0.saturating_sub(facts.wall.0),
        WakeOn::Every | WakeOn::Files(_) | WakeOn::PidFile(_) | WakeOn::Source(_) => {
            wake.every_ms.saturating_sub(facts.look_ms)
        }
    }
}

/// Milliseconds until the wait is too long; nothing where it may last for ever.
#[must_use]
pub fn expires_ms(waiting: &Waiting, facts: &Facts) -> Option<u64> {
    let waited = waiting.waited_ms.saturating_add(facts.look_ms);
    waiting.wake.until_ms.map(|until| until.saturating_sub(waited))
}

/// What an owner wants to wait for: the name of the contract's wake, where it is one, and the wake. What an owner
/// says counts as it is said, up to a year; a wait that it makes up without an `until` lasts a day.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn of_owner(wait: &Wait, terms: &Terms) -> Result<(Option<String>, Wake), String> {
    let (name, wake) = of_wait(wait, terms)?;
    let usual = if name.is_some() { wake.until_ms } else { Some(AGENT_WAIT_MS_MAX) };
    let until_ms = until(wait)?.map(|until| until.min(OWNER_WAIT_MS_MAX)).or(usual);
    Ok((name, Wake { until_ms, ..wake }))
}

/// As [`of_owner`], for an agent: no wait lasts longer than a day, and one that it makes up without an `until` and
/// without a time lasts [`AGENT_WAIT_MS_DEFAULT`].
///
/// # Errors
/// As [`of_owner`].
pub fn of_agent(wait: &Wait, terms: &Terms) -> Result<(Option<String>, Wake), String> {
    let (name, wake) = of_wait(wait, terms)?;
    let until_ms = match (&name, &wake.on) {
        (Some(_), _) => wake.until_ms.unwrap_or(AGENT_WAIT_MS_MAX),
        // These say themselves how long they last.
        (None, WakeOn::At(_) | WakeOn::Every) => until(wait)?.unwrap_or(AGENT_WAIT_MS_MAX),
        (None, WakeOn::Files(_) | WakeOn::PidFile(_) | WakeOn::Source(_)) => {
            until(wait)?.unwrap_or(AGENT_WAIT_MS_DEFAULT)
        }
    };
    let longest = if name.is_some() { u64::MAX } else { AGENT_WAIT_MS_MAX };
    Ok((name, Wake { until_ms: Some(until_ms.min(longest)), ..wake }))
}

fn until(wait: &Wait) -> Result<Option<u64>, String> {
    Ok(wait.until.as_deref().map(values::duration).transpose()?.map(milliseconds))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Reads what is to be waited for, without the longest wait unless the contract says it.
fn of_wait(wait: &Wait, terms: &Terms) -> Result<(Option<String>, Wake), String> {
    if let Some(name) = &wait.wake {
        let named = terms.wakes.iter().find(|named| named.name == *name);
        let named = named.ok_or_else(|| format!("the contract has no wake `{name}`"))?;
        return Ok((Some(name.clone()), named.wake.clone()));
    }
    let every = wait.every.as_deref().map(values::duration).transpose()?;
    let mut kinds = Vec::new();
    if let Some(at) = &wait.at {
        kinds.push(WakeOn::At(values::moment(at)?));
    }
    if !wait.files.is_empty() {
        kinds.push(WakeOn::Files(wait.files.clone()));
    }
    if let Some(path) = &wait.pid_file {
        kinds.push(WakeOn::PidFile(path.clone()));
    }
    if let Some(source) = &wait.source {
        kinds.push(WakeOn::Source(source.clone()));
    }
    if kinds.is_empty() && every.is_some() {
        kinds.push(WakeOn::Every);
    }
    let [on] = <[WakeOn; 1]>::try_from(kinds).map_err(|_| {
        "a wait names one of `wake`, `at`, `files`, `pid_file`, `source` and `every`".to_owned()
    })?;
    inside(&on)?;
    let every_ms = milliseconds(every.unwrap_or(WAKE_EVERY_DEFAULT).max(WAKE_EVERY_MIN));
    Ok((None, Wake { on, every_ms, until_ms: None }))
}

/// Refuses paths that leave the workspace.
fn inside(on: &WakeOn) -> Result<(), String> {
    let paths: &[String] = match on {
        WakeOn::Files(globs) => globs,
        WakeOn::PidFile(path) => std::slice::from_ref(path),
        WakeOn::At(_) | WakeOn::Every | WakeOn::Source(_) => &[],
    };
    let leaves = |path: &&String| path.starts_with('/') || path.split('/').any(|part| part == "..");
    // What a person is shown in a list must not act on the terminal.
    if paths.iter().any(|path| crate::text::name(path) != *path) {
        return Err("a path of a wait is too long or holds characters that nobody can see".into());
    }
    match paths.iter().find(leaves) {
        Some(path) => Err(format!("`{path}` leaves the workspace")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::terms::NamedWake;
    use crate::evidence::Timestamp;

    const MINUTE: u64 = 60_000;
    const DAY: u64 = 24 * 60 * MINUTE;

    fn terms() -> Terms {
        let wake = Wake { on: WakeOn::Source("ci".into()), every_ms: MINUTE, until_ms: None };
        Terms { wakes: vec![NamedWake { name: "ci".into(), wake }], ..Terms::default() }
    }

    fn every(every: &str, until: Option<&str>) -> Wait {
        Wait { every: Some(every.into()), until: until.map(str::to_owned), ..Wait::default() }
    }

    fn files(until: Option<&str>) -> Wait {
        Wait { files: vec!["a".into()], until: until.map(str::to_owned), ..Wait::default() }
    }

    /// Catches a wait of an agent that never ends, and one of an owner that is cut without a word.
    #[test]
    fn an_agent_waits_a_day_and_an_owner_as_long_as_it_says() {
        let named = Wait { wake: Some("ci".into()), ..Wait::default() };
        for (wait, agent, owner) in [
            (named, Some(DAY), None),
            (every("60s", None), Some(DAY), Some(DAY)),
            (every("60s", Some("2h")), Some(120 * MINUTE), Some(120 * MINUTE)),
            (every("60s", Some("72h")), Some(DAY), Some(3 * DAY)),
            (files(None), Some(60 * MINUTE), Some(DAY)),
            (files(Some("6h")), Some(360 * MINUTE), Some(360 * MINUTE)),
            (files(Some("72h")), Some(DAY), Some(3 * DAY)),
            (Wait { pid_file: Some("p".into()), ..Wait::default() }, Some(60 * MINUTE), Some(DAY)),
            (Wait { source: Some("ci".into()), ..Wait::default() }, Some(60 * MINUTE), Some(DAY)),
            (Wait { at: Some("2030-01-01T00:00:00Z".into()), ..Wait::default() }, Some(DAY), Some(DAY)),
        ] {
            assert_eq!(of_agent(&wait, &terms()).expect("is a wait").1.until_ms, agent, "{wait:?}");
            assert_eq!(of_owner(&wait, &terms()).expect("is a wait").1.until_ms, owner, "{wait:?}");
        }
    }

    /// Catches a wait for nothing, for two things, or for what lies outside the workspace.
    #[test]
    fn what_is_no_wait_is_refused() {
        let both = Wait { source: Some("ci".into()), pid_file: Some("a".into()), ..Wait::default() };
        let outside = |path: &str| Wait { files: vec![path.into()], ..Wait::default() };
        let pid_file = Wait { pid_file: Some("a/../../b".into()), ..Wait::default() };
        let unknown = Wait { wake: Some("other".into()), ..Wait::default() };
        let never = Wait { at: Some("tomorrow".into()), ..Wait::default() };
        for wait in [
            Wait::default(),
            both,
            outside("/etc/passwd"),
            outside("../a"),
            outside("a\u{1b}[2J"),
            pid_file,
            unknown,
            never,
        ] {
            assert!(of_agent(&wait, &terms()).is_err(), "{wait:?}");
        }
        assert_eq!(of_agent(&every("1ms", None), &terms()).map(|(_, wake)| wake.every_ms).ok(), Some(1000));
    }

    /// Catches a wait whose end is not looked at because its next look is further away.
    #[test]
    fn a_wait_expires_between_two_looks() {
        let wake = Wake { on: WakeOn::At(Timestamp(DAY)), every_ms: MINUTE, until_ms: Some(5 * MINUTE) };
        let waiting = Waiting { name: None, wake, since_turn: true, waited_ms: 2 * MINUTE, mark: None };
        let facts = |look_ms| Facts { look_ms, ..Facts::default() };
        assert_eq!(next_look_ms(&waiting.wake, &facts(0)), DAY);
        assert_eq!(
            [0, MINUTE, 9 * MINUTE].map(|look_ms| expires_ms(&waiting, &facts(look_ms))),
            [Some(3 * MINUTE), Some(2 * MINUTE), Some(0)]
        );
    }
}
