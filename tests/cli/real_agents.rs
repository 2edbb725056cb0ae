//! The loop with the real Codex and Claude Code, against a scripted model on loopback.
//!
//! They run where `EVIDENT_AGENTS` names a folder with `node_modules/.bin/codex` or `.../claude`, and say that
//! they are skipped elsewhere. Nothing here reaches a network, a login, or a home of a person.

mod level;
mod owner;
mod stage;
mod troubles;
mod work;

use stage::Agent;

/// Both agents tell the same story; whatever differs stands in the test.
macro_rules! with_both {
    ($($(#[$doc:meta])* $name:ident)*) => {
        mod codex { $($(#[$doc])* #[test] fn $name() { super::$name(super::Agent::Codex); })* }
        mod claude { $($(#[$doc])* #[test] fn $name() { super::$name(super::Agent::Claude); })* }
    };
}
use with_both;
