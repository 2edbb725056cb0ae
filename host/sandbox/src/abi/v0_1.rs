//! Version 0.1.0 of the WIT package: bindings, the host's side of them, and conversions.

use evident_core::defence::Defence;
use evident_core::descriptor::{ConfigProblem, Descriptor, ReadRequirement, Slot};
use evident_core::evidence::{Exit, OriginKind};
use evident_core::outcome::{
    Direction, Examined, Finding, Location, Metric, Outcome, Reason, Severity, Status,
};
use evident_core::text;
use wasmtime::component::{Resource, ResourceTableError};

use crate::artifacts::ReadFailure;
use crate::crossing;
use crate::limits::{CONFIG_PROBLEMS_MAX, METRICS_MAX, SCHEMA_BYTES_MAX, SLOTS_MAX};
use crate::sink::Refused;
use crate::state::{Exceeded, State};

mod crossed;

mod bindings {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, reason = "generated from the WIT package")]
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "checker-component",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "evident:checker/evidence.artifact": super::ArtifactHandle,
            "evident:checker/sink.attachment": super::AttachmentHandle,
        },
    });
}

pub(crate) use bindings::{CheckerComponent, CheckerComponentPre};

use bindings::evident::checker::{evidence, sink, types};
use bindings::exports::evident::checker::checker as exported;

/// Names an artifact: slot and place in the slot.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug, Clone, Copy)]
pub struct ArtifactHandle {
    slot: usize,
    index: usize,
}

/// Names an attachment by its number.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug, Clone, Copy)]
pub struct AttachmentHandle(usize);

fn full(error: ResourceTableError) -> wasmtime::Error {
    match error {
        ResourceTableError::Full => Exceeded::Handles.into(),
        other => other.into(),
    }
}

impl types::Host for State {}

impl State {
    /// A call of an import, and the bytes that it takes and gives.
    fn called(&self, bytes: usize) {
        self.crossing.meter.call();
        self.crossing.meter.bytes(bytes);
    }
}

/// Charges what a call from outside took and gave.
fn handed_over(store: &mut wasmtime::Store<State>, bytes: usize) -> wasmtime::Result<()> {
    store.data().called(bytes);
    crossing::pay(store)
}

impl evidence::Host for State {
    fn count(&mut self, slot: String) -> wasmtime::Result<u32> {
        self.called(slot.len());
        let count = self.slots.iter().find(|(name, _)| *name == slot).map_or(0, |(_, bound)| bound.len());
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn open(&mut self, slot: String, index: u32) -> wasmtime::Result<Option<Resource<ArtifactHandle>>> {
        self.called(slot.len());
        let Some(slot) = self.slots.iter().position(|(name, _)| *name == slot) else { return Ok(None) };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if index >= self.slots[slot].1.len() {
            return Ok(None);
        }
        self.handles.push(ArtifactHandle { slot, index }).map(Some).map_err(full)
    }
}

impl evidence::HostArtifact for State {
    fn info(&mut self, handle: Resource<ArtifactHandle>) -> wasmtime::Result<evidence::Info> {
        let ArtifactHandle { slot, index } = *self.handles.get(&handle)?;
        let artifact = &self.slots[slot].1[index].input.artifact;
        let info = evidence::Info {
            name: artifact.name.clone(),
            media_type: artifact.media_type.clone(),
            size: artifact.size,
            digest: artifact.digest.to_string(),
        };
        self.called(info.name.len() + info.media_type.len() + info.digest.len());
        Ok(info)
    }

    fn origin(&mut self, handle: Resource<ArtifactHandle>) -> wasmtime::Result<evidence::Origin> {
        let ArtifactHandle { slot, index } = *self.handles.get(&handle)?;
        self.origin_read = true;
        let origin = &self.slots[slot].1[index].input.origin;
        self.called(origin.source.len() + origin.argv.iter().map(String::len).sum::<usize>());
        Ok(evidence::Origin {
            source: origin.source.clone(),
            kind: match origin.kind {
                OriginKind::Produced => evidence::OriginKind::Produced,
                OriginKind::Found => evidence::OriginKind::Found,
            },
            argv: origin.argv.clone(),
            exit: origin.exit.map(|exit| match exit {
                Exit::Code(code) => evidence::Exit::Code(code),
                Exit::Signal(signal) => evidence::Exit::Signal(signal),
            }),
            started_ms: origin.started.0,
            ended_ms: origin.ended.0,
        })
    }

    fn read_at(
        &mut self,
        handle: Resource<ArtifactHandle>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, evidence::ReadError>> {
        let ArtifactHandle { slot, index } = *self.handles.get(&handle)?;
        let served = &mut self.slots[slot].1[index];
        let read = served.read_at(offset, length).map_err(|failure| match failure {
            ReadFailure::OverBudget => evidence::ReadError::OverBudget,
            ReadFailure::Unreadable(error) => {
                let name = &served.input.artifact.name;
                self.read_failure
                    .get_or_insert(format!("the host could not read its copy of `{name}`: {error}"));
                evidence::ReadError::Unreadable
            }
        });
        self.called(read.as_ref().map_or(0, Vec::len));
        Ok(read)
    }

    fn drop(&mut self, handle: Resource<ArtifactHandle>) -> wasmtime::Result<()> {
        self.called(0);
        self.handles.delete(handle)?;
        Ok(())
    }
}

impl sink::Host for State {
    fn emit(&mut self, finding: types::Finding) -> wasmtime::Result<bool> {
        self.called(crossed::finding(&finding));
        let severity = to_severity(finding.severity);
        Ok(self.sink.emit(severity, || to_finding(&finding)))
    }

    fn attach(
        &mut self,
        name: String,
        media_type: String,
    ) -> wasmtime::Result<Result<Resource<AttachmentHandle>, sink::AttachmentError>> {
        self.called(name.len() + media_type.len());
        match self.sink.attach(&name, &media_type) {
            Ok(number) => Ok(Ok(self.handles.push(AttachmentHandle(number)).map_err(full)?)),
            Err(refused) => Ok(Err(to_attachment_error(refused))),
        }
    }

    fn progress(&mut self, done: u64, total: Option<u64>) -> wasmtime::Result<()> {
        self.called(0);
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
        Ok(())
    }

    fn log(&mut self, level: sink::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            sink::Level::Debug => "debug",
            sink::Level::Info => "info",
            sink::Level::Warning => "warning",
            sink::Level::Error => "error",
        };
        self.called(message.len());
        self.sink.log(level, &message);
        Ok(())
    }
}

impl sink::HostAttachment for State {
    fn write(
        &mut self,
        handle: Resource<AttachmentHandle>,
        chunk: Vec<u8>,
    ) -> wasmtime::Result<Result<(), sink::AttachmentError>> {
        self.called(chunk.len());
        let AttachmentHandle(number) = *self.handles.get(&handle)?;
        Ok(self.sink.write(number, &chunk).map_err(to_attachment_error))
    }

    fn drop(&mut self, handle: Resource<AttachmentHandle>) -> wasmtime::Result<()> {
        self.called(0);
        self.handles.delete(handle)?;
        Ok(())
    }
}

impl CheckerComponent {
    /// Calls `describe` and holds the answer against the bounds of the WIT package.
    pub(crate) async fn describe(
        &self,
        store: &mut wasmtime::Store<State>,
    ) -> wasmtime::Result<Result<Descriptor, String>> {
        let descriptor = self.evident_checker_checker().call_describe(&mut *store).await?;
        handed_over(store, crossed::descriptor(&descriptor))?;
        Ok(to_descriptor(descriptor))
    }

    /// Calls `validate`.
    pub(crate) async fn validate(
        &self,
        store: &mut wasmtime::Store<State>,
        config: &str,
    ) -> wasmtime::Result<Vec<ConfigProblem>> {
        let problems = self.evident_checker_checker().call_validate(&mut *store, config).await?;
        handed_over(store, config.len() + problems.iter().map(crossed::problem).sum::<usize>())?;
        Ok(problems.iter().take(CONFIG_PROBLEMS_MAX).map(to_problem).collect())
    }

    /// Calls `check`. Findings and attachments are in the store; the outcome here has none.
    pub(crate) async fn check(
        &self,
        store: &mut wasmtime::Store<State>,
        config: &str,
    ) -> wasmtime::Result<Result<Outcome, String>> {
        let answer = self.evident_checker_checker().call_check(&mut *store, config).await?;
        handed_over(store, config.len() + answer.as_ref().map_or_else(String::len, crossed::outcome))?;
        Ok(answer.map(|outcome| {
            let (outcome, non_finite) = to_outcome(&outcome);
            store.data_mut().sink.observed.non_finite = non_finite;
            outcome
        }))
    }
}

fn to_attachment_error(refused: Refused) -> sink::AttachmentError {
    match refused {
        Refused::TooMany => sink::AttachmentError::TooMany,
        Refused::TooLarge => sink::AttachmentError::TooLarge,
        Refused::Unwritable => sink::AttachmentError::Unwritable,
    }
}

fn to_finding(finding: &types::Finding) -> Finding {
    let rule = text::name(&finding.rule);
    let message = text::message(&finding.message);
    let location = finding.location.as_ref().map(|location| Location {
        artifact: location.artifact.as_deref().map(text::name),
        path: location.path.as_deref().map(text::name),
        line: location.line,
    });
    let fingerprint = match finding.fingerprint.as_deref() {
        Some(fingerprint) if !fingerprint.is_empty() => text::name(fingerprint),
        _ => {
            let place = location.as_ref().map(ToString::to_string).unwrap_or_default();
            let digest = evident_blobs::Blobs::digest(format!("{rule}\0{place}\0{message}").as_bytes());
            format!("{rule}:{}", digest.short())
        }
    };
    Finding { rule, severity: to_severity(finding.severity), message, location, fingerprint }
}

fn to_severity(severity: types::Severity) -> Severity {
    match severity {
        types::Severity::Note => Severity::Note,
        types::Severity::Warning => Severity::Warning,
        types::Severity::Error => Severity::Error,
    }
}

/// The outcome, and whether it held a number that is not finite.
fn to_outcome(outcome: &types::Outcome) -> (Outcome, bool) {
    let finite = || outcome.metrics.iter().filter(|metric| is_finite(metric));
    // Before the cap: a number above it must not hide.
    let non_finite = finite().count() < outcome.metrics.len();
    let kept = if Defence::OutputCaps.stands() { METRICS_MAX } else { usize::MAX };
    let metrics = finite().take(kept).map(to_metric).collect();
    let outcome = Outcome {
        status: match &outcome.status {
            types::Status::Pass => Status::Pass,
            types::Status::Fail => Status::Fail,
            types::Status::Inconclusive(reason) => Status::Inconclusive(to_reason(reason)),
        },
        summary: text::line(&outcome.summary),
        examined: Examined { count: outcome.examined.count, unit: text::name(&outcome.examined.unit) },
        metrics,
        findings: Vec::new(),
        findings_dropped: 0,
        attachments: Vec::new(),
    };
    (outcome, non_finite)
}

fn to_reason(reason: &types::Reason) -> Reason {
    match reason {
        types::Reason::Malformed => Reason::Malformed,
        types::Reason::NotExamined => Reason::NotExamined,
        types::Reason::Contradiction => Reason::Contradiction,
        types::Reason::Limit => Reason::Limit,
        types::Reason::InsufficientData(needed) => Reason::InsufficientData(*needed),
        types::Reason::Unsupported => Reason::Unsupported,
        types::Reason::Stale => Reason::Stale,
        types::Reason::Config => Reason::Config,
    }
}

fn is_finite(metric: &types::Metric) -> bool {
    [Some(metric.value), metric.limit, metric.noise].into_iter().flatten().all(f64::is_finite)
}

fn to_metric(metric: &types::Metric) -> Metric {
    Metric {
        name: text::name(&metric.name),
        value: metric.value,
        unit: text::name(&metric.unit),
        limit: metric.limit,
        direction: match metric.direction {
            types::Direction::LowerIsBetter => Direction::Lower,
            types::Direction::HigherIsBetter => Direction::Higher,
            types::Direction::Neither => Direction::None,
        },
        noise: metric.noise,
    }
}

fn to_descriptor(descriptor: exported::Descriptor) -> Result<Descriptor, String> {
    if !is_slug(&descriptor.id) {
        return Err(format!(
            "its id `{}` is not made of lower-case letters, digits and hyphens",
            text::name(&descriptor.id)
        ));
    }
    if descriptor.slots.len() > SLOTS_MAX {
        return Err(format!("it has {} slots, at most {SLOTS_MAX} are bound", descriptor.slots.len()));
    }
    if descriptor.config_schema.len() > SCHEMA_BYTES_MAX {
        return Err(format!("its config schema has more than {SCHEMA_BYTES_MAX} bytes"));
    }
    let config_schema = serde_json::from_str(&descriptor.config_schema)
        .map_err(|error| format!("its config schema is not JSON: {error}"))?;
    let slots: Vec<Slot> = descriptor.slots.iter().map(to_slot).collect();
    for (index, slot) in slots.iter().enumerate() {
        let again = slots[..index].iter().any(|other| other.name == slot.name);
        if again || !is_slug(&slot.name) {
            return Err(format!("its slot `{}` is named twice or is not a name", slot.name));
        }
    }
    Ok(Descriptor {
        id: descriptor.id,
        version: text::name(&descriptor.version),
        title: text::line(&descriptor.title),
        config_schema,
        slots,
    })
}

fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(fits)
}

fn to_slot(slot: &exported::Slot) -> Slot {
    Slot {
        name: text::name(&slot.name),
        title: text::line(&slot.title),
        required: slot.required,
        many: slot.many,
        trusted: slot.trusted,
        read: match slot.read {
            exported::Read::All => ReadRequirement::All,
            exported::Read::Some => ReadRequirement::Some,
        },
        media_types: slot
            .media_types
            .iter()
            .take(SLOTS_MAX)
            .map(|media_type| text::name(media_type))
            .collect(),
    }
}

fn to_problem(problem: &exported::Problem) -> ConfigProblem {
    ConfigProblem {
        pointer: text::name(&problem.pointer),
        range: problem
            .range
            .filter(|range| range.start <= range.end)
            .map(|range| usize::try_from(range.start).unwrap_or(0)..usize::try_from(range.end).unwrap_or(0)),
        message: text::line(&problem.message),
        hint: problem.hint.as_deref().map(text::line),
    }
}
