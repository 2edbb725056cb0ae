//! The glue between [`Checker`] and the WIT world: conversions and nothing else.
//!
//! Only [`export!`](crate::export) uses this module; it exists in WebAssembly builds alone.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    reason = "wit-bindgen writes the calls over the component ABI"
)]

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Once;

use crate::judge::judge;
use crate::{Artifact, Checker, Config, Evidence, Finding, ReadAt};

pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "checker-component",
        pub_export_macro: true,
        export_macro_name: "export_checker",
    });
}

use bindings::evident::checker::{evidence as host, sink as host_sink, types};
use bindings::exports::evident::checker::checker as guest;

/// What [`export!`](crate::export) hands to the bindings.
pub struct Exported<C>(PhantomData<C>);

impl<C: Checker> guest::Guest for Exported<C> {
    fn describe() -> guest::Descriptor {
        say_panics();
        let description = C::describe();
        guest::Descriptor {
            id: description.id,
            version: description.version,
            title: description.title,
            config_schema: crate::description::config_schema::<C>().to_string(),
            slots: description.slots.into_iter().map(slot).collect(),
        }
    }

    fn validate(config: String) -> Vec<guest::Problem> {
        say_panics();
        let (_, problems) = Config::read(&config, C::configure);
        problems.into_iter().map(problem).collect()
    }

    fn check(config: String) -> Result<types::Outcome, String> {
        say_panics();
        let mut evidence = Evidence::new();
        for slot in C::describe().slots {
            let count = host::count(&slot.name);
            evidence.bind(&slot.name, (0..count).map(|index| artifact(&slot.name, index)));
        }
        judge::<C>(&config, &evidence, &mut HostSink).map(outcome)
    }
}

/// Sends the text of a panic to the log: the trap itself only says `unreachable`.
fn say_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            host_sink::log(host_sink::Level::Error, &panic.to_string());
        }));
    });
}

/// Where an artifact is bound. It is opened anew for each question, so that a slot may hold more
/// artifacts than a check may hold handles.
#[derive(Clone)]
struct Place {
    slot: Rc<str>,
    index: u32,
}

impl Place {
    fn open(&self) -> host::Artifact {
        host::open(&self.slot, self.index).expect("the host has counted it")
    }
}

impl ReadAt for Place {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, crate::ReadError> {
        self.open().read_at(offset, length).map_err(|error| match error {
            host::ReadError::OverBudget => crate::ReadError::OverBudget,
            host::ReadError::Unreadable => crate::ReadError::Unreadable,
        })
    }
}

fn artifact(slot: &str, index: u32) -> Artifact {
    let place = Place { slot: slot.into(), index };
    let (named, made) = (place.clone(), place.clone());
    Artifact::lazy(move || info(named.open().info()), move || origin(made.open().origin()), Box::new(place))
}

fn info(info: host::Info) -> crate::Info {
    crate::Info { name: info.name, media_type: info.media_type, size: info.size, digest: info.digest }
}

fn origin(origin: host::Origin) -> crate::Origin {
    crate::Origin {
        source: origin.source,
        kind: match origin.kind {
            host::OriginKind::Produced => crate::OriginKind::Produced,
            host::OriginKind::Found => crate::OriginKind::Found,
        },
        argv: origin.argv,
        exit: origin.exit.map(|exit| match exit {
            host::Exit::Code(code) => crate::Exit::Code(code),
            host::Exit::Signal(signal) => crate::Exit::Signal(signal),
        }),
        started_ms: origin.started_ms,
        ended_ms: origin.ended_ms,
    }
}

fn slot(slot: crate::Slot) -> guest::Slot {
    guest::Slot {
        name: slot.name,
        title: slot.title,
        required: slot.required,
        many: slot.many,
        trusted: slot.trusted,
        read: match slot.read {
            crate::Read::All => guest::Read::All,
            crate::Read::Some => guest::Read::Some,
        },
        media_types: slot.media_types,
    }
}

fn problem(problem: crate::Problem) -> guest::Problem {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    guest::Problem {
        pointer: problem.pointer,
        range: problem.range.map(|range| guest::ByteRange { start: byte(range.start), end: byte(range.end) }),
        message: problem.message,
        hint: problem.hint,
    }
}

fn outcome(outcome: crate::Outcome) -> types::Outcome {
    types::Outcome {
        status: match outcome.status {
            crate::Status::Pass => types::Status::Pass,
            crate::Status::Fail => types::Status::Fail,
            crate::Status::Inconclusive(reason) => types::Status::Inconclusive(match reason {
                crate::Reason::Malformed => types::Reason::Malformed,
                crate::Reason::NotExamined => types::Reason::NotExamined,
                crate::Reason::Contradiction => types::Reason::Contradiction,
                crate::Reason::Limit => types::Reason::Limit,
                crate::Reason::InsufficientData(needed) => types::Reason::InsufficientData(needed),
                crate::Reason::Unsupported => types::Reason::Unsupported,
                crate::Reason::Stale => types::Reason::Stale,
                crate::Reason::Config => types::Reason::Config,
            }),
        },
        summary: outcome.summary,
        examined: types::Examined { count: outcome.examined, unit: outcome.examined_unit },
        metrics: outcome.metrics.into_iter().map(metric).collect(),
    }
}

fn metric(metric: crate::Metric) -> types::Metric {
    types::Metric {
        name: metric.name,
        value: metric.value,
        unit: metric.unit,
        limit: metric.limit,
        direction: match metric.direction {
            crate::Direction::Lower => types::Direction::LowerIsBetter,
            crate::Direction::Higher => types::Direction::HigherIsBetter,
            crate::Direction::None => types::Direction::Neither,
        },
        noise: metric.noise,
    }
}

struct HostSink;

impl crate::Sink for HostSink {
    fn emit(&mut self, finding: Finding) -> bool {
        host_sink::emit(&types::Finding {
            rule: finding.rule,
            severity: match finding.severity {
                crate::Severity::Note => types::Severity::Note,
                crate::Severity::Warning => types::Severity::Warning,
                crate::Severity::Error => types::Severity::Error,
            },
            message: finding.message,
            location: finding.location.map(|location| types::Location {
                artifact: location.artifact,
                path: location.path,
                line: location.line,
            }),
            fingerprint: finding.fingerprint,
        })
    }

    fn attach(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), crate::AttachmentError> {
        /// Stays below the host's bound on what one call may carry.
        const CHUNK_BYTES: usize = 1024 * 1024;
        let convert = |error| match error {
            host_sink::AttachmentError::TooMany => crate::AttachmentError::TooMany,
            host_sink::AttachmentError::TooLarge => crate::AttachmentError::TooLarge,
            host_sink::AttachmentError::Unwritable => crate::AttachmentError::Unwritable,
        };
        let attachment = host_sink::attach(name, media_type).map_err(convert)?;
        bytes.chunks(CHUNK_BYTES).try_for_each(|chunk| attachment.write(chunk)).map_err(convert)
    }

    fn progress(&mut self, done: u64, total: Option<u64>) {
        host_sink::progress(done, total);
    }

    fn log(&mut self, level: crate::Level, message: &str) {
        let level = match level {
            crate::Level::Debug => host_sink::Level::Debug,
            crate::Level::Info => host_sink::Level::Info,
            crate::Level::Warning => host_sink::Level::Warning,
            crate::Level::Error => host_sink::Level::Error,
        };
        host_sink::log(level, message);
    }
}
