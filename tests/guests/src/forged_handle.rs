//! Reads through a handle that the host never gave.

use evident_guests::bindings::evident::checker::evidence::Artifact;
use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    // SAFETY: not safe at all; the host must know its handles.
    let artifact = unsafe { Artifact::from_handle(999) };
    evident_guests::pass(artifact.info().name)
}

evident_guests::raw_guest!(evident_guests::descriptor("forged-handle"), check);
